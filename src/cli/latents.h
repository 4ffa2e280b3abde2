/*
 * latents.h - noise from a file, as diffusers' argument `latents`.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

typedef struct lt_latents {
    float *noise;     /* owned [pictures,channels,h,w]; finite */
    int64_t shape[4]; /* each >= 1 */
} lt_latents;

/* Reads the tensor "noise" or "latents" of a .safetensors file, or its only one.  Release *out with
 * lt_latents_done in both cases. */
bool lt_latents_read(const char *path, lt_latents *out, lt_error *err) LT_WARN_UNUSED;
void lt_latents_done(lt_latents *l); /* {0} is fine */
