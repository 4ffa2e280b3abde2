/*
 * trail.h - fingerprints of a run's latents, from the noise to the last step: the first one that
 * differs names the step at which two runs part.
 *
 * A fingerprint is lt_hash_floats of one picture's latents [C,h,w], as the sampler holds them.  A
 * file has them as strings of 16 hexadecimal digits.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Frame 0 is the noise times its initial sigma, frame k the state after step k.  Zero-initialise;
 * release with lt_trail_done. */
typedef struct lt_trail {
    uint64_t *at; /* owned [frames,images] */
    int frames, images;
} lt_trail;

/* The next frame: latents of `images` pictures, the same number every time, of `each` numbers. */
void lt_trail_add(lt_trail *t, const float *latents, int images, size_t each);
/* The next frame of a trail of one picture. */
void lt_trail_append(lt_trail *t, uint64_t hash);
uint64_t lt_trail_at(const lt_trail *t, int frame, int image);
/* The first `frames` frames of another trail, in place of those that there are. */
void lt_trail_copy(lt_trail *t, const lt_trail *from, int frames);
void lt_trail_done(lt_trail *t); /* {0} is fine */
