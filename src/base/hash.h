/*
 * hash.h - 64-bit fingerprints: FNV-1a, by which equal bytes are recognised.  No protection against
 * somebody who wants two things to look alike.  Pure.
 *
 * Source: http://www.isthe.com/chongo/tech/comp/fnv/, with its offset basis 0xcbf29ce484222325 and
 * prime 0x100000001b3.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t lt_hash_bytes(const void *bytes, size_t n);
/* Of the n numbers' IEEE 754 bits, each as four bytes with the lowest first, on every machine. */
uint64_t lt_hash_floats(const float *x, size_t n);
