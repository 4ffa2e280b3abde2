/* engine_open.c - from a model's name to an engine; see engine.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "pipeline/engine_impl.h"

static bool dtype_by_name(const char *name, lt_dtype *out, lt_error *err)
{
    static const lt_dtype dtypes[] = {LT_F32, LT_F16, LT_BF16};
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(name, lt_dtype_name(dtypes[i])) == 0) {
            *out = dtypes[i];
            return true;
        }
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--dtype is '%s', expected auto, f32, f16 or bf16",
                   name);
}

/* The fast one. */
static lt_dtype best_dtype(const lt_backend_ops *ops)
{
    static const lt_dtype narrow[] = {LT_F16, LT_BF16};
    bool fast = false;
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++)
        if (ops->supports(narrow[i], &fast) && fast)
            return narrow[i];
    return LT_F32;
}

/* The first that has what it computes on. */
static const lt_backend_ops *best_backend(const lt_backend_ops *const *backends)
{
    lt_error ignored;
    while (backends[1] && (*backends)->usable && !(*backends)->usable(&ignored))
        backends++;
    return *backends;
}

static const lt_backend_ops *backend_by_name(const lt_backend_ops *const *backends,
                                             const char *name, lt_error *err)
{
    char names[128] = "auto";
    if (strcmp(name, "auto") == 0)
        return best_backend(backends);
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
    bool fast, automatic = strcmp(o->dtype, "auto") == 0;
    lt_dtype dtype;
    e->ops = backend_by_name(o->backends, o->backend, err);
    if (!e->ops || (!automatic && !dtype_by_name(o->dtype, &dtype, err)))
        return false;
    if (e->ops->usable && !e->ops->usable(err))
        return lt_fail_in(err, "backend '%s' cannot be used", e->ops->name);
    if (automatic)
        dtype = best_dtype(e->ops);
    if (!e->ops->supports(dtype, &fast))
        return lt_fail(err, LT_ERR_ARGUMENT, "--dtype f32",
                       "backend '%s' cannot compute in %s on this processor", e->ops->name,
                       lt_dtype_name(dtype));
    e->info.backend = e->ops->name;
    e->info.dtype = dtype;
    e->threads = o->threads;
    e->device = o->device;
    e->group = e->ops->group;
    lt_backend_options options = {.dtype = dtype, .threads = o->threads, .device = o->device};
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

/* What tells the model's weights from others: those that make the latents and the picture. */
static void identify(lt_engine *e)
{
    uint64_t parts[LT_COMPONENT_COUNT] = {0};
    bool any = false;
    for (int c = 0; c < LT_COMPONENT_COUNT; c++)
        if (e->weights[c]) {
            parts[c] = lt_checkpoint_fingerprint(e->weights[c]);
            any = true;
        }
    if (any)
        snprintf(e->info.hash, sizeof e->info.hash, "%016" PRIx64,
                 lt_hash_bytes(parts, sizeof parts));
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
    identify(e);
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
    free(e->swap.at);
    free(e->tiles.at);
    lt_image_unref(e->made);
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
