/*
 * trace.h - every intermediate of a run in one .safetensors file, to be compared with diffusers.
 *
 * Names, shapes and types are those of tools/oracle/golden.py (B pictures, P prompts, i step in
 * three digits): ids.cond ids.uncond I32 [B,77]; text.cond text.uncond [B,77,D]; text.pooled.cond
 * text.pooled.uncond [B,D] (ours alone); noise, latents.init [B,C,h,w]; sched.timesteps [n],
 * sched.sigmas [n+1]; step.iii.model_input, .eps_uncond, .eps_text, .eps, .latents, .x0, .noise
 * [B,C,h,w]; image.float [B,3,H,W]; image.u8 U8 [B,H,W,3]; vae.enc.input, vae.enc.mean,
 * vae.enc.logvar, vae.roundtrip.float.  All F32 unless said.  Metadata: the settings as JSON and
 * the program's version.
 *
 * Collected in memory, written at once.  One thread.
 */
#pragma once

#include "base/error.h"
#include "image/image.h"
#include "pipeline/film.h"

typedef struct lt_trace lt_trace;
lt_trace *lt_trace_new(void);
void lt_trace_free(lt_trace *t); /* NULL is fine */

/* Copies what is known before the first step. */
bool lt_trace_begin(lt_trace *t, const lt_engine *e, const lt_run *run,
                    lt_error *err) LT_WARN_UNUSED;
/* Copies the step that has just been done. */
bool lt_trace_step(lt_trace *t, const lt_run *run, lt_error *err) LT_WARN_UNUSED;
/* The final pictures: pixels [B,3,H,W] as the VAE gave them, and images [B] made from them. */
bool lt_trace_images(lt_trace *t, int count, const float *pixels, lt_image *const *images,
                     lt_error *err) LT_WARN_UNUSED;
/* What is kept of a run: latents.init, the schedule, and of every step eps_uncond, eps_text,
 * latents and x0. */
bool lt_trace_film(lt_trace *t, const lt_film *f, lt_error *err) LT_WARN_UNUSED;
/* Any other F32 tensor. */
bool lt_trace_add(lt_trace *t, const char *name, lt_shape shape, const float *data,
                  lt_error *err) LT_WARN_UNUSED;
bool lt_trace_meta(lt_trace *t, const char *key, const char *value, lt_error *err) LT_WARN_UNUSED;

bool lt_trace_save(lt_trace *t, const char *path, lt_error *err) LT_WARN_UNUSED;
