/*
 * mutate.h - changes inputs at random, for builds without libFuzzer; replay.c uses it.
 *
 * Blind: nothing is known of what an input reached.  It finds what lies within a few changes of the
 * corpus; tools/long.sh runs libFuzzer for the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything that is drawn from now on depends on the seed only. */
void mutate_seed(uint64_t seed);
uint32_t mutate_random(uint32_t below); /* 0 .. below - 1; below > 0 */

/* Bytes that pieces are taken from, borrowed until the next call. */
void mutate_donor(const uint8_t *data, size_t size);

/* As libFuzzer's: changes data[size] in place, at most to `room` > 0 bytes; the new size. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
