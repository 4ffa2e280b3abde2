/*
 * lens_rig.h - for tests of lenses: a run of the demo model whose steps they look at.
 */
#pragma once

#include "studio_rig.h"

#define LENS_SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8 --guidance-scale 7.5"
enum { STEPS = 8, SIDE = 64, GAP = 4, TILE = SIDE + 14 /* with its caption */ };

/* The studio with that run, over, at a step.  NULL: 80x24. */
rig lens_at_step(const terminal_options *options, int step);
void lens_go_to(rig *r, int step);

/* A step as the history has it; release it with lt_store_steps_free(steps, 1).  Step 0 has latents
 * alone. */
lt_store_step *lens_kept(const rig *r, int k);
/* Its latents [n], the caller's. */
float *lens_latents(const rig *r, int k, size_t *n);
