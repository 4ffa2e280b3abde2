/*
 * half.h - conversions between float32 and the 16-bit types, round to nearest even, exact for
 * subnormals, infinities and NaN (which stays NaN).  Pointers may be unaligned; src and dst must
 * not overlap.  Sources: IEEE 754-2008 binary16; bfloat16 is the upper half of binary32.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tensor/tensor.h"

float lt_f16_to_f32(uint16_t h);
uint16_t lt_f32_to_f16(float f);
float lt_bf16_to_f32(uint16_t h);
uint16_t lt_f32_to_bf16(float f);

/* n elements of type `from` (LT_F32, LT_F16 or LT_BF16) to float32. */
void lt_to_f32(float *dst, const void *src, lt_dtype from, size_t n);
/* n float32 elements to type `to`. */
void lt_from_f32(void *dst, lt_dtype to, const float *src, size_t n);
