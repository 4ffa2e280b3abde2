/*
 * meta.h - the settings of a picture as text, for PNG files and --json.
 */
#pragma once

#include "base/buf.h"
#include "pipeline/run.h"

/* Keys of the PNG text chunks. */
#define LT_META_PARAMETERS "parameters" /* as AUTOMATIC1111's web UI writes and others read */
#define LT_META_JSON       "latentty"   /* ours: everything needed to make the picture again */

/* "prompt\nNegative prompt: ...\nSteps: 30, Sampler: LMS, CFG scale: 7.5, Seed: 42, Size: 128x128,
 * ..." */
void lt_meta_parameters(const lt_engine *e, const lt_params *p, const lt_run *run, int image,
                        lt_buf *out);

/* One JSON object with every setting of the picture; on one line. */
void lt_meta_json(const lt_engine *e, const lt_params *p, const lt_run *run, int image,
                  lt_buf *out);
