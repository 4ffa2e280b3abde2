/*
 * recall.h - settings read back: from the texts of a PNG that latentty or another program wrote.
 *
 * Others are AUTOMATIC1111's web UI and what writes like it (`parameters`), ComfyUI (`prompt`: the
 * graph), InvokeAI (`invokeai_metadata`), SwarmUI and Fooocus (JSON in `parameters`).
 */
#pragma once

#include "base/buf.h"
#include "image/png.h"
#include "pipeline/params.h"
#include "pipeline/run.h"
#include "pipeline/trail.h"

/* How a picture came about, beside its settings.  Release with lt_origin_done. */
typedef struct lt_origin {
    bool ours;        /* latentty wrote the file; if not, the rest says nothing */
    char version[32]; /* of latentty; "" if the file does not say */
    int image;        /* which picture of its run it is, from 0 */
    int place, of;    /* it has the place-th noise of a generator that drew for `of` pictures */
    int shown;        /* the step whose picture it is, 0 to those that are taken; -1: the last */
    lt_lens lens;
    int forked; /* the step of another run, with settings that the file does not have, that it
                   went on from; 0: none */
    uint64_t init_hash; /* of the picture that the run began with (init_image.h); 0: not known */
    lt_trail trail;     /* owned, of one picture; without frames if the file has none */
} lt_origin;
void lt_origin_done(lt_origin *o); /* {0} is fine */

/*
 * Fills *out (which it initialises; release with lt_params_done in both cases) with the settings of
 * the picture: prompt, negative prompt, seed, guidance scale, steps, size, sampler and, where
 * latentty made it, the model, file of noise, backend and type; and *origin likewise.  *notes gets
 * a comma-separated list of what the text has and this program cannot follow.  LT_ERR_FORMAT if
 * there are no settings.
 */
bool lt_recall_origin(const lt_png_texts *texts, lt_params *out, lt_origin *origin, lt_buf *notes,
                      lt_error *err) LT_WARN_UNUSED;

/* The same for somebody who wants another picture of these settings: where and in which type it was
 * computed is left alone, and what makes it this very picture becomes a note. */
bool lt_recall_texts(const lt_png_texts *texts, lt_params *out, lt_buf *notes,
                     lt_error *err) LT_WARN_UNUSED;

/* The same from text as `parameters` has it, such as a paste; false without notes if it holds no
 * settings. */
bool lt_recall_parameters(const char *text, lt_params *out, lt_buf *notes);
