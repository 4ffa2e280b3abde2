/*
 * recall.h - settings read back: from the texts of a PNG that latentty or another program wrote.
 */
#pragma once

#include "base/buf.h"
#include "image/png.h"
#include "pipeline/params.h"

/*
 * Fills *out (which it initialises; release with lt_params_done in both cases) with the settings of
 * the picture: prompt, negative prompt, seed, guidance scale, steps, size, sampler and, where
 * latentty made it, the model.  Where and in which type it was computed is left alone.  *notes gets
 * a comma-separated list of what the text has and this program cannot follow.  LT_ERR_FORMAT if
 * there are no settings.
 */
bool lt_recall_texts(const lt_png_texts *texts, lt_params *out, lt_buf *notes,
                     lt_error *err) LT_WARN_UNUSED;

/* The same from text as AUTOMATIC1111's web UI writes it, such as a paste; false without notes if
 * it has no line of settings. */
bool lt_recall_parameters(const char *text, lt_params *out, lt_buf *notes);
