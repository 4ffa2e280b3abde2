/*
 * params.h - the settings of a run as plain data; params.def is the list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/vae_tiles.h"

enum {
    LT_PARAMS_MAX_STEPS = 1000,
    LT_PARAMS_MAX_BATCH = 1024, /* pictures a prompt */
    LT_PARAMS_MAX_SIDE = 8192,  /* pixels */
};

typedef struct lt_size {
    int width, height; /* pixels; 0: not given */
} lt_size;

/* Text fields: owned, NULL where not given.  Numbers: NAN or 0 where not given. */
typedef struct lt_params {
    char **prompts; /* owned; at least one when checked */
    int prompt_count;

    /* Noise.  Either one generator fills the tensor of all pictures (seeds[0], as torch.randn with
     * one generator), or every picture has its own (own_generators). */
    uint64_t *seeds; /* owned */
    int seed_count;
    bool own_generators; /* --seeds: every prompt gets a picture of each seed; with --batch N,
                            prompts x N seeds, one for each picture, as diffusers' list of
                            generators */
    int batch;           /* pictures a prompt; 0: not given, which is 1 without --seeds */

    char *negative_prompt;
    double guidance_scale;
    int steps;
    lt_size size;
    char *latents; /* file with the noise */
    char *scheduler, *timestep_spacing;
    /* Noise on the way from the seed's to another seed's (sample/slerp.h): a whole number below
     * 2^32, and 0 to 1. */
    double variation_seed, variation_strength;
    char *init_image; /* PNG file; see pipeline/init_image.h */
    double strength;  /* above 0 to 1; see lt_schedule_begin */
    char *vae_tiling; /* as lt_tiling_parse reads it */
    char *model, *unet, *vae, *text_encoder, *tokenizer, *variant;
    char *backend, *dtype, *device;
    int threads;
} lt_params;

void lt_params_init(lt_params *p); /* nothing given */
void lt_params_done(lt_params *p);
void lt_params_copy(lt_params *to, const lt_params *from); /* deep; what `to` held is overwritten */

typedef enum lt_param_kind {
    LT_PARAM_TEXT,
    LT_PARAM_NUMBER,
    LT_PARAM_INT,
    LT_PARAM_SIZE
} lt_param_kind;

/* One row of params.def. */
typedef struct lt_param_info {
    const char *field, *flag;
    char letter; /* or 0 */
    lt_param_kind kind;
    const char *metavar, *fallback, *help;
} lt_param_info;

extern const lt_param_info lt_param_infos[];
extern const int lt_param_count;

/* Sets the field of a row from text: LT_ERR_ARGUMENT names the flag, what was found and what is
 * expected.  Numbers are read in the C locale. */
bool lt_params_set(lt_params *p, const lt_param_info *info, const char *text,
                   lt_error *err) LT_WARN_UNUSED;

/* Makes it "not given" again. */
void lt_params_unset(lt_params *p, const lt_param_info *info);
/* The value as text that lt_params_set reads; false where it is not given. */
bool lt_params_text(const lt_params *p, const lt_param_info *info, char *to, size_t size);
/* The same in full and exact, appended to `out`; false, and nothing appended, where it is not
 * given. */
bool lt_params_value(const lt_params *p, const lt_param_info *info, lt_buf *out);
/* The row of a flag; NULL if there is none. */
const lt_param_info *lt_params_find(const char *flag);

/* "42", "42,44,47", "42,43..47": unsigned 64-bit seeds; negative ones wrap as in torch.  At most
 * 4096. Replaces the seeds of p. */
bool lt_params_set_seeds(lt_params *p, const char *text, bool own_generators,
                         lt_error *err) LT_WARN_UNUSED;
/* What is left open is drawn: a seed, and one of a variation that has only a strength.  LT_ERR_IO
 */
bool lt_params_draw_seeds(lt_params *p, lt_error *err) LT_WARN_UNUSED;
void lt_params_add_prompt(lt_params *p, const char *prompt);

/* Everything that can be known without a model: ranges, at least one prompt (an empty one is fine),
 * valid UTF-8, a seed (else a random one is drawn and kept in p; so for a variation that has only a
 * strength). */
bool lt_params_check(lt_params *p, lt_error *err) LT_WARN_UNUSED;

/* Pictures in all: prompts x pictures a prompt.  Picture i has prompt i / per_prompt. */
int lt_params_images(const lt_params *p);
int lt_params_per_prompt(const lt_params *p);
/* The settings of picture i alone, which has a generator of its own or is the only one. */
void lt_params_pick(lt_params *p, int image);
/* True if picture i varies: its own variation seed, and the strength.  With own generators the i-th
 * of a prompt has the i-th number from variation_seed on, so it is what it would be alone. */
bool lt_params_variation(const lt_params *p, int image, uint64_t *seed, double *strength);
/* The strength of an image-to-image run: 0.8 where it is not given. */
double lt_params_strength(const lt_params *p);
/* auto where it is not given. */
lt_tiling lt_params_tiling(const lt_params *p);
/* The number in `device`; 0 if nothing is given. */
int lt_params_device(const lt_params *p);
/* The seed of picture i and, with one generator for all, its place in that generator's stream. */
uint64_t lt_params_seed(const lt_params *p, int image, int *place);
/* "seed 7", or "seed 7, variation 6 at 0.2". */
void lt_params_say_seed(const lt_params *p, int image, lt_buf *out);
