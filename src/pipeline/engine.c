/* engine.c - opening a model and feeding its programs; see engine.h. */
#include "pipeline/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/layout.h"
#include "pipeline/programs.h"
#include "weights/checkpoint.h"
#include "weights/model_dir.h"

/* More pictures than this go through the UNet in turns: what a batch gains on a CPU is gained by
 * then, and memory stays bounded. */
enum { CHUNK = 4 };

/* Timesteps go through their part of the UNet in groups of this many, and the last group is filled
 * up: so a step's numbers are the same whatever the number of steps. */
enum { TIMES = 16 };

struct lt_engine {
    lt_engine_info info;
    const lt_backend_ops *ops; /* borrowed */
    lt_backend *backend;       /* owned */
    lt_programs *programs;     /* owned */
    lt_synthetic *synthetic;   /* owned; NULL for a model of files */
    lt_profile *profile;       /* borrowed; NULL: nothing is measured */
    lt_model_dir dir;
    lt_checkpoint *weights[LT_COMPONENT_COUNT]; /* owned; NULL for what has none */
    lt_tokenizer *tokenizer;                    /* owned */
    lt_clip_config clip;
    lt_unet_config unet;
    lt_vae_config vae;
    lt_scheduler_config scheduler;
    char *model, *name; /* owned */
    lt_buf warnings;
    int threads;
    bool needs_f32; /* something was not finite in a narrower type */
    float *swap;    /* owned: a chunk in the graph's layout, as large as any so far */
    size_t swap_count;
};

/* ---- opening ---- */

static bool dtype_by_name(const char *name, lt_dtype *out, lt_error *err)
{
    if (strcmp(name, "f32") == 0)
        *out = LT_F32;
    else if (strcmp(name, "bf16") == 0)
        *out = LT_BF16;
    else
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--dtype is '%s', expected auto, f32 or bf16",
                       name);
    return true;
}

static const lt_backend_ops *backend_by_name(const lt_backend_ops *const *backends,
                                             const char *name, lt_error *err)
{
    char names[128] = "auto";
    if (strcmp(name, "auto") == 0)
        return backends[0];
    for (int i = 0; backends[i]; i++) {
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, ", %s", backends[i]->name);
    }
    lt_fail(err, LT_ERR_ARGUMENT, NULL, "--backend is '%s', expected one of %s", name, names);
    return NULL;
}

bool lt_engine_knows(const lt_backend_ops *const *backends, const char *backend, const char *dtype,
                     lt_error *err)
{
    lt_dtype ignored;
    return backend_by_name(backends, backend, err) &&
           (strcmp(dtype, "auto") == 0 || dtype_by_name(dtype, &ignored, err));
}

static bool open_backend(lt_engine *e, const lt_engine_options *o, lt_error *err)
{
    bool fast = false;
    lt_dtype dtype = LT_F32;
    e->ops = backend_by_name(o->backends, o->backend, err);
    if (!e->ops)
        return false;
    if (strcmp(o->dtype, "auto") == 0)
        dtype = e->ops->supports(LT_BF16, &fast) && fast ? LT_BF16 : LT_F32;
    else if (!dtype_by_name(o->dtype, &dtype, err))
        return false;
    if (!e->ops->supports(dtype, &fast))
        return lt_fail(err, LT_ERR_ARGUMENT, "--dtype f32",
                       "backend '%s' cannot compute in %s on this processor", e->ops->name,
                       lt_dtype_name(dtype));
    e->info.backend = e->ops->name;
    e->info.dtype = dtype;
    e->threads = o->threads;
    lt_backend_options options = {.dtype = dtype, .threads = o->threads};
    return e->ops->open(&options, &e->backend, err);
}

static unsigned components_of(unsigned needs)
{
    unsigned c = 0;
    if (needs & LT_NEEDS_TEXT)
        c |= 1u << LT_TOKENIZER | 1u << LT_TEXT_ENCODER;
    if (needs & LT_NEEDS_UNET)
        c |= 1u << LT_UNET;
    if (needs & LT_NEEDS_VAE)
        c |= 1u << LT_VAE;
    return c;
}

static bool find_files(lt_engine *e, const lt_engine_options *o, lt_error *err)
{
    lt_model_request request = {.model = o->model,
                                .component = {[LT_UNET] = o->unet,
                                              [LT_VAE] = o->vae,
                                              [LT_TEXT_ENCODER] = o->text_encoder,
                                              [LT_TOKENIZER] = o->tokenizer},
                                .variant = o->variant,
                                .needed = components_of(o->needs)};
    return lt_model_dir_resolve(&request, &e->dir, err);
}

static bool read_scheduler(lt_engine *e, lt_error *err)
{
    char *dir = NULL;
    lt_error ignored; /* a model that cannot be found has no advice */
    if (!lt_model_dir_find(e->model, &dir, &ignored))
        dir = NULL;
    bool ok = lt_scheduler_config_read(e->dir.path[LT_SCHEDULER], dir, &e->scheduler, err);
    free(dir);
    return ok;
}

static bool read_configs(lt_engine *e, unsigned needs, lt_error *err)
{
    char *const *path = e->dir.path;
    if (needs & LT_NEEDS_TEXT) {
        if (!lt_tokenizer_open(path[LT_TOKENIZER], &e->tokenizer, err) ||
            !lt_clip_config_read(path[LT_TEXT_ENCODER], &e->clip, err))
            return false;
        e->info.tokenizer = e->tokenizer;
        e->info.tokenizer_dir = path[LT_TOKENIZER];
        e->info.clip = &e->clip;
    }
    if (needs & LT_NEEDS_UNET) {
        if (!lt_unet_config_read(path[LT_UNET], &e->unet, err))
            return false;
        e->info.unet = &e->unet;
    }
    if (needs & LT_NEEDS_VAE) {
        if (!lt_vae_config_read(path[LT_VAE], &e->vae, err))
            return false;
        e->info.vae = &e->vae;
    }
    e->info.scheduler = &e->scheduler;
    return read_scheduler(e, err);
}

/* A model without files: its configs are known. */
static bool take_synthetic(lt_engine *e, const lt_synthetic_model *m, lt_error *err)
{
    e->synthetic = lt_synthetic_new();
    e->clip = m->clip;
    e->unet = m->unet;
    e->vae = m->vae;
    e->info.clip = &e->clip;
    e->info.unet = &e->unet;
    e->info.vae = &e->vae;
    e->info.scheduler = &e->scheduler;
    return lt_scheduler_config_read(NULL, NULL, &e->scheduler, err);
}

static bool open_configs(lt_engine *e, const lt_engine_options *o, lt_error *err)
{
    return o->synthetic ? take_synthetic(e, o->synthetic, err)
                        : find_files(e, o, err) && read_configs(e, o->needs, err);
}

/* Components from different models must fit together. */
static bool check_fit(const lt_engine *e, lt_error *err)
{
    const lt_engine_info *i = &e->info;
    if (i->tokenizer &&
        (size_t)i->clip->max_position_embeddings != lt_tokenizer_length(i->tokenizer))
        return lt_fail(err, LT_ERR_MODEL, "--tokenizer of the same model as --text-encoder",
                       "the text encoder reads %d tokens, the tokenizer gives %zu",
                       i->clip->max_position_embeddings, lt_tokenizer_length(i->tokenizer));
    if (i->tokenizer && (size_t)i->clip->vocab_size != lt_tokenizer_vocab_size(i->tokenizer))
        return lt_fail(err, LT_ERR_MODEL, "--tokenizer of the same model as --text-encoder",
                       "the text encoder knows %d tokens, the tokenizer has %zu",
                       i->clip->vocab_size, lt_tokenizer_vocab_size(i->tokenizer));
    if (i->clip && i->unet && i->clip->hidden_size != i->unet->cross_attention_dim)
        return lt_fail(err, LT_ERR_MODEL, "take --unet and --text-encoder from the same family",
                       "the text encoder gives %d numbers a token, the UNet reads %d",
                       i->clip->hidden_size, i->unet->cross_attention_dim);
    if (i->unet && i->vae && i->unet->in_channels != i->vae->latent_channels)
        return lt_fail(err, LT_ERR_MODEL, "take --unet and --vae from the same family",
                       "the VAE has %d latent channels, the UNet %d", i->vae->latent_channels,
                       i->unet->in_channels);
    return true;
}

static bool open_weights(lt_engine *e, lt_networks *networks, lt_error *err)
{
    for (int c = 0; c < LT_COMPONENT_COUNT; c++)
        if (e->dir.weights[c] && !lt_checkpoint_open(e->dir.weights[c], &e->weights[c], err))
            return false;
    *networks = (lt_networks){.clip = e->info.clip,
                              .unet = e->info.unet,
                              .vae = e->info.vae,
                              .clip_weights = e->weights[LT_TEXT_ENCODER],
                              .unet_weights = e->weights[LT_UNET],
                              .vae_weights = e->weights[LT_VAE],
                              .synthetic = e->synthetic};
    int side = networks->unet ? networks->unet->sample_size : 8;
    return (!networks->clip || lt_programs_check(networks, LT_NET_TEXT, 0, 0, err)) &&
           (!networks->unet || lt_programs_check(networks, LT_NET_WHOLE, side, side, err)) &&
           (!networks->vae || (lt_programs_check(networks, LT_NET_DECODE, side, side, err) &&
                               lt_programs_check(networks, LT_NET_ENCODE, side, side, err)));
}

bool lt_engine_open(const lt_engine_options *options, lt_engine **out, lt_error *err)
{
    lt_networks networks;
    lt_engine *e = lt_alloc(sizeof *e);
    const char *model = options->synthetic ? options->synthetic->name : options->model;
    e->model = lt_strdup(model);
    e->info.model = e->name = lt_strdup(options->name ? options->name : model);
    if (!open_backend(e, options, err) || !open_configs(e, options, err) || !check_fit(e, err) ||
        !open_weights(e, &networks, err)) {
        lt_engine_close(e);
        return false;
    }
    e->programs = lt_programs_new(e->ops, e->backend, &networks);
    for (int c = 0; c < LT_COMPONENT_COUNT; c++)
        if (e->weights[c])
            lt_checkpoint_unused(e->weights[c], &e->warnings);
    e->info.warnings = e->warnings.data ? e->warnings.data : "";
    *out = e;
    return true;
}

void lt_engine_close(lt_engine *e)
{
    if (!e)
        return;
    lt_programs_free(e->programs);
    if (e->backend)
        e->ops->close(e->backend);
    for (int c = 0; c < LT_COMPONENT_COUNT; c++)
        lt_checkpoint_close(e->weights[c]);
    lt_synthetic_free(e->synthetic);
    lt_tokenizer_close(e->tokenizer);
    lt_model_dir_done(&e->dir);
    lt_buf_done(&e->warnings);
    free(e->swap);
    free(e->model);
    free(e->name);
    free(e);
}

const lt_engine_info *lt_engine_about(const lt_engine *e)
{
    return &e->info;
}

int lt_engine_default_side(const lt_engine *e)
{
    if (e->info.unet && e->info.vae)
        return e->unet.sample_size * e->vae.factor;
    return e->info.vae ? e->vae.sample_size : 512;
}

bool lt_engine_check_size(const lt_engine *e, int width, int height, lt_error *err)
{
    int f = e->vae.factor, w = (width + f / 2) / f * f, h = (height + f / 2) / f * f;
    if (width % f == 0 && height % f == 0)
        return true;
    lt_fail(err, LT_ERR_ARGUMENT, NULL,
            "--size is %dx%d, expected multiples of %d pixels for this VAE", width, height, f);
    return lt_fail_hint(err, "--size %dx%d", w ? w : f, h ? h : f);
}

lt_memory lt_engine_memory(const lt_engine *e)
{
    return e->ops->memory(e->backend);
}

/* ---- running ---- */

bool lt_engine_finite(const float *x, size_t n)
{
    float sum = 0; /* NaN and Inf survive every addition of x * 0 */
    for (size_t i = 0; i < n; i++)
        sum += x[i] * 0.0f;
    return sum == 0.0f;
}

bool lt_engine_check_finite(lt_engine *e, const char *what, const float *x, size_t n, lt_error *err)
{
    bool wide = e->info.dtype == LT_F32;
    if (lt_engine_finite(x, n))
        return true;
    e->needs_f32 = !wide;
    return lt_fail(err, LT_ERR_DEVICE,
                   wide
                       ? "the model's numbers grow too large for float32: its weights are probably "
                         "damaged or do not belong together; download them again"
                       : "--dtype f32",
                   "%s is not finite in %s", what, lt_dtype_name(e->info.dtype));
}

bool lt_engine_needs_f32(const lt_engine *e)
{
    return e->needs_f32;
}

void lt_engine_profile(lt_engine *e, lt_profile *p)
{
    e->profile = p;
}

static bool measure_unit(lt_engine *e, const lt_unit *u, lt_progress *progress, lt_error *err)
{
    lt_profile *p = e->profile;
    lt_step_time *rows;
    int count;
    if (!e->ops->measure(u->program, &rows, &count, progress, err))
        return false;
    p->rows = lt_grow(p->rows, (size_t)(p->count + count), sizeof *p->rows);
    memcpy(p->rows + p->count, rows, (size_t)count * sizeof *rows);
    p->count += count;
    free(rows);
    return true;
}

/* Every run of a program goes through here. */
static bool run_unit(lt_engine *e, const lt_unit *u, lt_progress *progress, lt_error *err)
{
    return e->profile ? measure_unit(e, u, progress, err) : e->ops->run(u->program, progress, err);
}

static int chunk_of(int images)
{
    return images < CHUNK ? images : CHUNK;
}

/* Room for `count` floats in e->swap. */
static bool reserve(lt_engine *e, size_t count, lt_error *err)
{
    void *fresh;
    if (count <= e->swap_count)
        return true;
    if (!lt_try_alloc(count * sizeof *e->swap, "a batch of latents", &fresh, err))
        return false;
    free(e->swap);
    e->swap = fresh;
    e->swap_count = count;
    return true;
}

static size_t count_of(const lt_tensor *t)
{
    return (size_t)lt_shape_count(&t->shape);
}

bool lt_engine_encode_text(lt_engine *e, const int32_t *ids, float *text, lt_progress *progress,
                           lt_error *err)
{
    lt_unit *u;
    return lt_programs_get(e->programs, LT_NET_TEXT, 1, 0, 0, &u, progress, err) &&
           e->ops->write(u->program, u->in[0], ids, count_of(u->in[0]), err) &&
           run_unit(e, u, progress, err) &&
           e->ops->read(u->program, u->out, text, count_of(u->out), err) &&
           /* a backend may read the rows of words from the file */
           (e->synthetic || lt_checkpoint_unchanged(e->weights[LT_TEXT_ENCODER], err)) &&
           lt_engine_check_finite(e, "the text encoder's output", text, count_of(u->out), err);
}

/* n timesteps, at most TIMES. */
static bool shift_group(lt_engine *e, lt_unit *u, int n, const float *timesteps, float *shifts,
                        lt_progress *progress, lt_error *err)
{
    size_t width = (size_t)e->unet.channels[0], shift = (size_t)lt_unet_shifts(&e->unet);
    for (int i = 0; i < TIMES; i++)
        lt_timestep_embedding(&e->unet, timesteps[i < n ? i : 0], e->swap + (size_t)i * width);
    if (!e->ops->write(u->program, u->in[0], e->swap, count_of(u->in[0]), err) ||
        !run_unit(e, u, progress, err) ||
        !e->ops->read(u->program, u->out, e->swap, count_of(u->out), err))
        return false;
    memcpy(shifts, e->swap, (size_t)n * shift * sizeof *shifts);
    return true;
}

bool lt_engine_time(lt_engine *e, int steps, const float *timesteps, float *shifts,
                    lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    size_t shift = (size_t)lt_unet_shifts(&e->unet);
    if (!lt_programs_get(e->programs, LT_NET_TIME, TIMES, 0, 0, &u, progress, err) ||
        !reserve(e, count_of(u->out), err))
        return false;
    for (int from = 0; from < steps; from += TIMES) {
        int n = steps - from < TIMES ? steps - from : TIMES;
        if (!shift_group(e, u, n, timesteps + from, shifts + (size_t)from * shift, progress, err))
            return false;
    }
    return true;
}

/* The shifts of the timestep, and the text: uncond's rows first, then cond's.  The text goes
 * through e->swap, which is large enough. */
static bool write_conditions(lt_engine *e, lt_unit *u, const lt_unet_call *p, int from, int n,
                             lt_error *err)
{
    size_t all = count_of(u->in[2]), row = all / (size_t)u->in[2]->shape.dim[0];
    size_t half = (size_t)n * row;
    if (!e->ops->write(u->program, u->in[1], p->shifts, count_of(u->in[1]), err))
        return false;
    if (p->uncond)
        memcpy(e->swap, p->uncond + (size_t)from * row, half * sizeof *e->swap);
    memcpy(e->swap + (p->uncond ? half : 0), p->cond + (size_t)from * row, half * sizeof *e->swap);
    if (u->text_written && memcmp(u->text, e->swap, all * sizeof *e->swap) == 0)
        return true;
    u->text_written = e->ops->write(u->program, u->in[2], e->swap, all, err);
    memcpy(u->text, e->swap, all * sizeof *e->swap);
    return u->text_written;
}

/* Floats of e->swap that a unit of the UNet needs. */
static size_t swap_of(const lt_unit *u)
{
    size_t most = count_of(u->out);
    for (int i = 0; i < 3; i++)
        most = count_of(u->in[i]) > most ? count_of(u->in[i]) : most;
    return most;
}

bool lt_engine_prepare(lt_engine *e, int images, int h, int w, bool guided, lt_progress *progress,
                       lt_error *err)
{
    lt_unit *u;
    int chunk = chunk_of(images), rest = images % chunk;
    lt_network unet = guided ? LT_NET_GUIDED : LT_NET_UNET;
    if (e->info.unet) {
        if (rest && !lt_programs_get(e->programs, unet, rest, h, w, &u, progress, err))
            return false;
        if (!lt_programs_get(e->programs, unet, chunk, h, w, &u, progress, err) ||
            !reserve(e, swap_of(u), err))
            return false;
    }
    return !e->info.vae ||
           (lt_programs_get(e->programs, LT_NET_DECODE, 1, h, w, &u, progress, err) &&
            reserve(e, count_of(u->out), err));
}

/* Programs are kept, so their activations add up; the weights of a network are shared. */
static bool add_unit(lt_engine *e, lt_backend *b, const lt_unit *u, size_t *weights,
                     lt_forecast *sum, lt_error *err)
{
    lt_forecast f;
    if (u->batch == 0)
        return true;
    if (!lt_programs_forecast(e->programs, b, u, &f, err))
        return false;
    sum->activations += f.activations;
    sum->packing = f.packing > sum->packing ? f.packing : sum->packing;
    if (f.weights > *weights) {
        sum->weights += f.weights - *weights;
        *weights = f.weights;
    }
    return true;
}

static bool add_units(lt_engine *e, lt_backend *b, const lt_engine_load *load, lt_forecast *sum,
                      lt_error *err)
{
    int chunk = chunk_of(load->images), rest = load->images % chunk, h = load->h, w = load->w;
    lt_network unet = load->guided ? LT_NET_GUIDED : LT_NET_UNET;
    const lt_unit units[] = {
        {.network = LT_NET_TEXT, .batch = e->info.clip != NULL},
        {.network = LT_NET_TIME, .batch = e->info.unet ? TIMES : 0},
        {.network = unet, .batch = e->info.unet ? chunk : 0, .h = h, .w = w},
        {.network = unet, .batch = e->info.unet ? rest : 0, .h = h, .w = w},
        {.network = LT_NET_DECODE, .batch = e->info.vae != NULL, .h = h, .w = w},
        {.network = LT_NET_ENCODE, .batch = e->info.vae && load->encode, .h = h, .w = w},
    };
    size_t weights[LT_NET_ENCODE + 1] = {0};
    bool ok = true;
    for (size_t i = 0; i < sizeof units / sizeof *units && ok; i++)
        ok = add_unit(e, b, &units[i], &weights[units[i].network], sum, err);
    return ok;
}

bool lt_engine_supports(const lt_engine *e, lt_dtype dtype)
{
    bool fast;
    return e->ops->supports(dtype, &fast);
}

bool lt_engine_forecast(lt_engine *e, lt_dtype dtype, const lt_engine_load *load, lt_forecast *out,
                        lt_error *err)
{
    lt_backend *other = NULL;
    lt_backend_options options = {.dtype = dtype, .threads = e->threads};
    lt_forecast sum = {0};
    if (dtype != e->info.dtype && !e->ops->open(&options, &other, err))
        return false;
    bool ok = add_units(e, other ? other : e->backend, load, &sum, err);
    e->ops->close(other);
    *out = sum;
    return ok;
}

/* Pictures from..from+n of a prediction. */
static bool predict_chunk(lt_engine *e, const lt_unet_call *p, int from, int n,
                          lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    lt_network unet = p->uncond ? LT_NET_GUIDED : LT_NET_UNET;
    int c = e->unet.in_channels, pixels = p->h * p->w;
    size_t one = (size_t)c * (size_t)pixels, at = (size_t)from * one, half = (size_t)n * one;
    if (!lt_programs_get(e->programs, unet, n, p->h, p->w, &u, progress, err) ||
        !reserve(e, swap_of(u), err) || !write_conditions(e, u, p, from, n, err))
        return false;
    lt_layout_to_last(e->swap, p->latents + at, n, c, pixels);
    if (!e->ops->write(u->program, u->in[0], e->swap, half, err) ||
        !run_unit(e, u, progress, err) ||
        !e->ops->read(u->program, u->out, e->swap, count_of(u->out), err))
        return false;
    if (p->uncond)
        lt_layout_to_first(p->eps_uncond + at, e->swap, n, c, pixels, c);
    lt_layout_to_first(p->eps_cond + at, e->swap + (p->uncond ? half : 0), n, c, pixels, c);
    return true;
}

bool lt_engine_predict(lt_engine *e, const lt_unet_call *p, lt_progress *progress, lt_error *err)
{
    for (int from = 0, n; from < p->images; from += n) {
        int left = p->images - from;
        n = left < chunk_of(p->images) ? left : chunk_of(p->images);
        if (!predict_chunk(e, p, from, n, progress, err))
            return false;
    }
    return true;
}

/* The decoder for one picture, with room in e->swap for what goes in and comes out. */
static bool decoder(lt_engine *e, int h, int w, lt_unit **u, lt_progress *progress, lt_error *err)
{
    if (!lt_programs_get(e->programs, LT_NET_DECODE, 1, h, w, u, progress, err))
        return false;
    size_t in = count_of((*u)->in[0]), out = count_of((*u)->out);
    return reserve(e, out > in ? out : in, err);
}

/* What is in e->swap, [h,w,C] -> pixels [3,H,W]. */
static bool decode_swap(lt_engine *e, const lt_unit *u, float *pixels, lt_progress *progress,
                        lt_error *err)
{
    int f = e->vae.factor;
    if (!e->ops->write(u->program, u->in[0], e->swap, count_of(u->in[0]), err) ||
        !run_unit(e, u, progress, err) ||
        !e->ops->read(u->program, u->out, e->swap, count_of(u->out), err) ||
        !lt_engine_check_finite(e, "the VAE's picture", e->swap, count_of(u->out), err))
        return false;
    lt_layout_to_first(pixels, e->swap, 1, 3, u->h * u->w * f * f, 3);
    return true;
}

bool lt_engine_decode(lt_engine *e, int images, int h, int w, const float *latents, float *pixels,
                      lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    if (!decoder(e, h, w, &u, progress, err))
        return false;
    size_t in = count_of(u->in[0]), out = count_of(u->out);
    for (int i = 0; i < images; i++) {
        lt_layout_to_last(e->swap, latents + (size_t)i * in, 1, e->vae.latent_channels, h * w);
        for (size_t k = 0; k < in; k++)
            e->swap[k] /= e->vae.scaling_factor;
        if (!decode_swap(e, u, pixels + (size_t)i * out, progress, err))
            return false;
    }
    return true;
}

bool lt_engine_decode_mean(lt_engine *e, int h, int w, const float *mean, float *pixels,
                           lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    if (!decoder(e, h, w, &u, progress, err))
        return false;
    lt_layout_to_last(e->swap, mean, 1, e->vae.latent_channels, h * w);
    return decode_swap(e, u, pixels, progress, err);
}

bool lt_engine_encode_image(lt_engine *e, int h, int w, const float *pixels, float *mean,
                            float *logvar, lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    int c = e->vae.latent_channels, area = h * w, f = e->vae.factor;
    size_t in = 3 * (size_t)area * (size_t)f * (size_t)f, out = 2 * (size_t)c * (size_t)area;
    if (!lt_programs_get(e->programs, LT_NET_ENCODE, 1, h, w, &u, progress, err) ||
        !reserve(e, in > out ? in : out, err))
        return false;
    lt_layout_to_last(e->swap, pixels, 1, 3, area * f * f);
    if (!e->ops->write(u->program, u->in[0], e->swap, in, err) || !run_unit(e, u, progress, err) ||
        !e->ops->read(u->program, u->out, e->swap, out, err) ||
        !lt_engine_check_finite(e, "the VAE's encoding", e->swap, out, err))
        return false;
    lt_layout_to_first(mean, e->swap, 1, c, area, 2 * c);
    if (logvar) {
        lt_layout_to_first(logvar, e->swap + c, 1, c, area, 2 * c);
        for (size_t i = 0; i < (size_t)c * (size_t)area; i++)
            logvar[i] = fminf(fmaxf(logvar[i], -30.0f), 20.0f);
    }
    return true;
}
