/*
 * attention.h - where a step of the UNet looked for which word: its cross-attention maps.
 *
 * Every cross-attention gives each position of the picture 77 probabilities, how much of each token
 * it takes in; they add up to 1.  Kept of one step and one picture, of the conditional half: for
 * each resolution of the UNet the mean over heads and over the layers of that resolution.  SD 1.x
 * at 512x512 has 64x64, 32x32, 16x16 and 8x8.
 *
 * Source: Hertz et al. 2022 (Prompt-to-Prompt), section 3; Tang et al. 2022 (DAAM), section 3,
 * which adds up scores where this takes means.  One layer's map is diffusers'
 * Attention.get_attention_scores, averaged over heads.  Plain data with one owner at a time.
 */
#pragma once

#include "image/image.h"
#include "model/unet.h"
#include "pipeline/words.h"

typedef struct lt_attention_size {
    int h, w;
    int layers; /* that the mean is of */
    float *at;  /* [h*w,tokens] */
} lt_attention_size;

typedef struct lt_attention_maps {
    int tokens;                             /* T = 77 */
    int count;                              /* of resolutions, >= 1 */
    lt_attention_size size[LT_UNET_LEVELS]; /* the largest first */
    lt_prompt_words words;                  /* owned: of the prompt; none until lt_attention_of */
    lt_prompt_words pieces;                 /* owned: the same by tokens */
    float *block;                           /* owned: all maps */
    size_t bytes;                           /* of it */
} lt_attention_maps;

/* Zeros, for latents h x w.  LT_ERR_MODEL if this UNet has no cross-attention, LT_ERR_MEMORY. */
bool lt_attention_new(const lt_unet_config *c, int tokens, int h, int w, lt_attention_maps **out,
                      lt_error *err) LT_WARN_UNUSED;
void lt_attention_free(lt_attention_maps *a); /* NULL is fine */
/* Says of which prompt they are, and by which tokens. */
void lt_attention_of(lt_attention_maps *a, const char *prompt, const lt_tokens *tokens);
/* `words` are `pieces` from now on, and back. */
void lt_attention_swap(lt_attention_maps *a);
bool lt_attention_copy(const lt_attention_maps *a, lt_attention_maps **out,
                       lt_error *err) LT_WARN_UNUSED;
/* The mean of n >= 1 of the same prompt and size: of several steps. */
bool lt_attention_mean(const lt_attention_maps *const *all, int n, lt_attention_maps **out,
                       lt_error *err) LT_WARN_UNUSED;
/* The same bit by bit: a sum of n, divided by n. */
void lt_attention_add(lt_attention_maps *sum, const lt_attention_maps *more);
void lt_attention_divide(lt_attention_maps *sum, int by);

/* Filling it: clear, every layer's map [positions,T], end. */
void lt_attention_clear(lt_attention_maps *a);
void lt_attention_layer(lt_attention_maps *a, int64_t positions, const float *map);
void lt_attention_end(lt_attention_maps *a);

/* ---- of a word ---- */

/* `size` is a resolution, 0 to count - 1, or this: the mean of all, each enlarged to the largest by
 * bilinear interpolation (pixel centres aligned, as torch's align_corners=False). */
enum { LT_ATTENTION_ALL = -1 };
void lt_attention_grid(const lt_attention_maps *a, int size, int *h, int *w);

/* How much of a word each position takes in: the sum over its tokens.  out [h*w] of
 * lt_attention_grid. */
void lt_attention_map(const lt_attention_maps *a, int size, const lt_word *word, float *out);
/* Its mean over the picture; all words together have 1. */
double lt_attention_share(const lt_attention_maps *a, int size, const lt_word *word);
/*
 * The word of the prompt that is looked at most at x y (0 to 1 from the left and the top); -1: the
 * prompt has none.  Each word's map is divided by its own mean first: frequent words, such as the
 * first ones, would win everywhere otherwise.
 */
int lt_attention_at(const lt_attention_maps *a, int size, double x, double y);

/* The smallest and the largest value of a word's map, which lt_attention_draw makes dark and
 * bright. */
typedef struct lt_attention_range {
    double min, max;
} lt_attention_range;
lt_attention_range lt_attention_range_of(const lt_attention_maps *a, int size, const lt_word *word);
/* The word's map over a picture: that in grey and dark, under matplotlib's colours "inferno" from
 * the smallest (as good as transparent) to the largest value, enlarged by bilinear interpolation.
 */
bool lt_attention_draw(const lt_attention_maps *a, int size, const lt_word *word,
                       const lt_image *over, lt_image **out, lt_error *err) LT_WARN_UNUSED;
