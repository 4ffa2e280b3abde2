/*
 * engine.h - a model on a backend: text in, noise predictions and pictures out.
 *
 * An engine owns one backend and the three networks of a Stable Diffusion (text encoder, UNet, VAE)
 * with their weights.  Graphs are compiled once per size and batch and kept; lt_engine_prepare does
 * it before a run, so that nothing is allocated inside a step.
 *
 * Values cross as float32 in torch's order: latents [n,C,h,w], pixels [n,3,H,W], text [n,T,D].
 * Letters: n pictures, C latent channels, h w latent size, H W pixels (h times the VAE's factor),
 * T = 77 tokens, D text width.
 *
 * One thread owns an engine; lt_progress may be watched and cancelled from another.
 * Source: diffusers' StableDiffusionPipeline.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "image/image.h"
#include "model/clip.h"
#include "model/tokenizer.h"
#include "model/unet.h"
#include "model/vae.h"
#include "pipeline/attention.h"
#include "pipeline/scheduler_config.h"
#include "pipeline/synthetic.h"
#include "tensor/backend.h"

typedef struct lt_engine lt_engine;

typedef struct lt_engine_options {
    const lt_backend_ops *const *backends; /* compiled in, best first, NULL-terminated; borrowed */
    const char *backend;                   /* "auto" or a name */
    const char *dtype;                     /* "auto", "f32", "f16", "bf16" */
    int threads;                           /* 0: as many as the process may use */
    int device;                            /* as in lt_backend_options */
    const char *model; /* directory, or repository id in the Hugging Face cache */
    const char *name;  /* what texts call the model; NULL: as `model` */
    const char *unet, *vae, *text_encoder, *tokenizer; /* from elsewhere; NULL: the model's own */
    const char *variant; /* of the weight files: "fp16"; NULL: plain */
    unsigned needs;      /* LT_NEEDS_... : what to load */
    /* Instead of files: random weights, and no tokenizer; borrowed for the call.  NULL: none. */
    const lt_synthetic_model *synthetic;
} lt_engine_options;

enum {
    LT_NEEDS_TEXT = 1, /* tokenizer and text encoder */
    LT_NEEDS_UNET = 2,
    LT_NEEDS_VAE = 4,
    LT_NEEDS_ALL = 7,
};

/* True if there is a backend and a type of these names, as in lt_engine_options; nothing is opened.
 */
bool lt_engine_knows(const lt_backend_ops *const *backends, const char *backend, const char *dtype,
                     lt_error *err) LT_WARN_UNUSED;

/* Opens and checks everything that is needed, weights included: a missing or misshapen tensor is
 * found here.  Compiles nothing. */
bool lt_engine_open(const lt_engine_options *options, lt_engine **out,
                    lt_error *err) LT_WARN_UNUSED;
void lt_engine_close(lt_engine *e); /* NULL is fine */

/* What was opened.  Borrowed; only what was needed is set. */
typedef struct lt_engine_info {
    const char *model; /* as given */
    char hash[20]; /* of its weights, 16 hexadecimal digits (lt_checkpoint_fingerprint); "" where
                      there are no files */
    const char *backend; /* "cpu" */
    lt_dtype dtype;
    const lt_tokenizer *tokenizer; /* NULL for a synthetic model */
    const char *tokenizer_dir;     /* where its files are; NULL likewise */
    const lt_clip_config *clip;
    const lt_unet_config *unet;
    const lt_vae_config *vae;
    const lt_scheduler_config *scheduler;
    const char *warnings; /* lines about tensors that nobody uses; "" if none */
} lt_engine_info;
const lt_engine_info *lt_engine_about(const lt_engine *e);

/* Default pixels a side: the UNet's sample_size times the VAE's factor. */
int lt_engine_default_side(const lt_engine *e);

/* LT_ERR_ARGUMENT unless both sides are multiples of the factor of the VAE, which must be loaded;
 * the hint is a size that fits. */
bool lt_engine_check_size(const lt_engine *e, int width, int height, lt_error *err) LT_WARN_UNUSED;

/* Pictures of latent size h x w, all at once. */
typedef struct lt_engine_load {
    int images, h, w;
    bool guided;
    bool maps;       /* with lt_unet_call.attention */
    bool one_prompt; /* all have the same, as in lt_unet_call */
    bool encode;     /* also lt_engine_encode_image: of a forecast */
    bool tiled;      /* the VAE in tiles, as after lt_engine_tile: of a forecast */
} lt_engine_load;

/* Compiles what they need.  With too little memory this is where it is said.  Cancelled through
 * progress, which may be NULL. */
bool lt_engine_prepare(lt_engine *e, const lt_engine_load *load, lt_progress *progress,
                       lt_error *err) LT_WARN_UNUSED;

/* The same before the first step of a run, for which much may be given up: with too little memory
 * it is tried without what was compiled for other sizes, then with smaller groups of pictures. */
bool lt_engine_prepare_first(lt_engine *e, const lt_engine_load *load, lt_progress *progress,
                             lt_error *err) LT_WARN_UNUSED;

/* What lt_engine_prepare and the text encoder will take, if the engine computed in `dtype`.
 * Compiles nothing. */
bool lt_engine_forecast(lt_engine *e, lt_dtype dtype, const lt_engine_load *load, lt_forecast *out,
                        lt_error *err) LT_WARN_UNUSED;

/* Bytes of the device's own memory that may still be taken; SIZE_MAX where programs are in the
 * host's memory, or the device does not say. */
size_t lt_engine_device_room(const lt_engine *e);
/* Drops what was compiled for other sizes than h x w latents, which may be 0: for all of them;
 * false if there was nothing.  It is compiled again where it is needed. */
bool lt_engine_trim(lt_engine *e, int h, int w);
/* From now on half as many pictures go through the UNet together; false if it is one already. */
bool lt_engine_split(lt_engine *e);

/* From now on the VAE works in tiles (vae_tiles.h) where a picture is larger than one, or not; at
 * first it does not.  Tiles differ a little from the whole.  Their programs take turns: of each
 * size one is compiled when it is needed, and dropped after its last tile. */
void lt_engine_tile(lt_engine *e, bool on);
/* True if pictures of that latent size go through the VAE in tiles now. */
bool lt_engine_tiles(const lt_engine *e, int h, int w);

/* True if this processor computes in dtype. */
bool lt_engine_supports(const lt_engine *e, lt_dtype dtype);

/* ids [T] -> text [T,D]: last_hidden_state. */
bool lt_engine_encode_text(lt_engine *e, const int32_t *ids, float *text, lt_progress *progress,
                           lt_error *err) LT_WARN_UNUSED;

/* What the UNet does with the timesteps alone, for all steps of a run at once: timesteps [steps],
 * which may be fractional, -> shifts [steps,lt_unet_shifts].  A step's numbers do not depend on the
 * others'; whether they are finite is seen by the prediction that they lead to. */
bool lt_engine_time(lt_engine *e, int steps, const float *timesteps, float *shifts,
                    lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* One UNet evaluation for n pictures, guided (uncond given) or not. */
typedef struct lt_unet_call {
    int images, h, w;
    const float *latents; /* [n,C,h,w], after scale_model_input */
    const float *shifts;  /* [lt_unet_shifts], from lt_engine_time */
    const float *cond;    /* [n,T,D] */
    const float *uncond;  /* [n,T,D], or NULL: only the prompt's half runs */
    bool one_prompt;      /* all rows of cond are the same, and all of uncond: the same predictions,
                             perhaps for less work */
    float *eps_cond;      /* out [n,C,h,w]: the UNet's own output (v for v-prediction) */
    float *eps_uncond;    /* out [n,C,h,w], unless uncond is NULL */
    /* out [n], or NULL: where the words of cond were looked at; of lt_attention_new for this size.
     * The predictions are the same bytes with it. */
    lt_attention_maps *const *attention;
} lt_unet_call;
bool lt_engine_predict(lt_engine *e, const lt_unet_call *call, lt_progress *progress,
                       lt_error *err) LT_WARN_UNUSED;

/* One picture, one prompt and one timestep, of no run: the text, what follows from the timestep,
 * and the UNet's own output without guidance. */
typedef struct lt_once_call {
    const char *prompt;
    float timestep;
    int h, w;
    const float *latents;         /* [C,h,w], after scale_model_input */
    float *eps;                   /* out [C,h,w]; checked (lt_engine_check_finite) */
    lt_attention_maps *attention; /* out, or NULL: as of lt_attention_new; it gets the words, too */
} lt_once_call;
bool lt_engine_predict_once(lt_engine *e, const lt_once_call *call, lt_progress *progress,
                            lt_error *err) LT_WARN_UNUSED;

/* latents [n,C,h,w] as the sampler holds them (this divides by scaling_factor) -> pixels [n,3,H,W],
 * about -1..1, not clamped. */
bool lt_engine_decode(lt_engine *e, int images, int h, int w, const float *latents, float *pixels,
                      lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* One of them as a picture, byte for byte lt_image_from_chw of those pixels: the device rounds them
 * itself, and only bytes come back.  The caller's. */
bool lt_engine_picture(lt_engine *e, int h, int w, const float *latents, lt_image **out,
                       lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* lt_engine_picture in two parts, so that other work may go on between them where the backend can
 * do that (lt_engine_beside): there the first returns at once, and the second, asked again and
 * again, says when the picture is there, or what came instead; one is begun at a time, and other
 * decoding waits for it.  It is not cancelled, but closing the engine drops it.  Elsewhere, and in
 * tiles, the first makes the picture, as lt_engine_picture does.  The bits are the same in any
 * case. */
bool lt_engine_beside(const lt_engine *e);
bool lt_engine_picture_start(lt_engine *e, int h, int w, const float *latents,
                             lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
/* *yes: the picture is in *out, the caller's, or none was begun: NULL.  Never waits.  After a
 * failure none is begun. */
bool lt_engine_picture_finished(lt_engine *e, bool *yes, lt_image **out,
                                lt_error *err) LT_WARN_UNUSED;

/* The same as lt_engine_decode for one picture that was never scaled, as lt_engine_encode_image
 * gives it: mean [C,h,w] -> pixels [3,H,W]. */
bool lt_engine_decode_mean(lt_engine *e, int h, int w, const float *mean, float *pixels,
                           lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* pixels [3,H,W] in -1..1, H and W multiples of the factor -> mean and log variance [C,h,w] of the
 * latents before scaling; logvar is clamped to -30..20 and may be NULL. */
bool lt_engine_encode_image(lt_engine *e, int h, int w, const float *pixels, float *mean,
                            float *logvar, lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* False if there is NaN or Inf among the n numbers. */
bool lt_engine_finite(const float *x, size_t n);
/* Fails with LT_ERR_RANGE, "WHAT is not finite in TYPE", for NaN or Inf among the n numbers; the
 * functions above that give text, pixels and latents check these themselves. */
bool lt_engine_check_finite(lt_engine *e, const char *what, const float *x, size_t n,
                            lt_error *err) LT_WARN_UNUSED;
/* True once numbers of this engine were not finite in a type narrower than f32: what failed may
 * succeed with an engine in f32, from its start. */
bool lt_engine_needs_f32(const lt_engine *e);

lt_memory lt_engine_memory(const lt_engine *e);

/* What the programs did that ran, step by step in order.  {0} to begin with. */
typedef struct lt_profile {
    lt_step_time *rows; /* owned: free(); names are the engine's, valid until it compiles again */
    int count;
} lt_profile;

/* From now on the steps of every program that runs are measured and appended to *p, which is
 * borrowed; NULL ends it. */
void lt_engine_profile(lt_engine *e, lt_profile *p);
