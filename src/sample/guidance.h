/*
 * guidance.h - classifier-free guidance (Ho and Salimans 2022), as StableDiffusionPipeline does it.
 */
#pragma once

#include <stddef.h>

/*
 * out[i] = uncond[i] + scale (cond[i] - uncond[i]) in float32, each operation rounded; all [n]. out
 * may be uncond or cond.  scale 1 gives cond only up to rounding: at 1 or below run one half
 * instead.  Thread-safe.
 */
void lt_guidance_apply(const float *uncond, const float *cond, double scale, size_t n, float *out);
