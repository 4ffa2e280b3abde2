/*
 * encoding.h - what the text encoder makes of one prompt, as plain data, and numbers of it.
 *
 * Two outputs, as CLIPTextModel of transformers names them: last_hidden_state [T,D], a vector for
 * each position after the final layer norm, and pooler_output [D], which is one of its rows.  The
 * UNet of Stable Diffusion 1.x and 2.x reads last_hidden_state alone (diffusers'
 * StableDiffusionPipeline.encode_prompt), and all of it: there is no mask for the padding.  The
 * pooled output is what CLIP was trained with (Radford et al. 2021, section 2.4): its features at
 * the end token, projected, were matched with those of pictures.
 *
 * No thread; whoever has one may read it.
 */
#pragma once

#include "pipeline/engine.h"

typedef struct lt_encoding {
    char *text;          /* owned */
    lt_tokens tokens;    /* owned */
    int positions;       /* T: 77 */
    int width;           /* D */
    float *hidden;       /* owned [T,D]: last_hidden_state */
    int row;             /* of the pooled output (lt_clip_pooled_row) */
    const float *pooled; /* [D], in hidden */
} lt_encoding;

/* Encodes n bytes of text with the engine's text encoder.  LT_ERR_ARGUMENT as lt_tokenizer_encode,
 * LT_ERR_CANCELLED, LT_ERR_RANGE for numbers that are not finite, LT_ERR_MEMORY. */
bool lt_encoding_make(lt_engine *e, const char *text, size_t n, lt_progress *progress,
                      lt_encoding **out, lt_error *err) LT_WARN_UNUSED;
void lt_encoding_free(lt_encoding *e); /* NULL is fine */

/* Numbers of the vector at a position, 0 to positions - 1.  A cosine is x y / (|x| |y|), 0 where
 * one of them is 0. */
typedef struct lt_encoding_numbers {
    double rms;       /* of its D numbers: its length / sqrt(D) */
    double to_pooled; /* cosine to the pooled vector: 1 at its own row */
    double to_start;  /* cosine to the vector of position 0 */
} lt_encoding_numbers;
lt_encoding_numbers lt_encoding_numbers_at(const lt_encoding *e, int position);

/* The rms of each of `bins` parts of the vector, 1 to D of them, as equal as D allows. */
void lt_encoding_bins(const lt_encoding *e, int position, int bins, double *out);
