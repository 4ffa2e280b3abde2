/* engine.c - feeding the programs of a model; see engine.h. */
#include "pipeline/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/engine_impl.h"
#include "pipeline/layout.h"

/* Timesteps go through their part of the UNet in groups of this many, and the last group is filled
 * up: so a step's numbers are the same whatever the number of steps. */
enum { TIMES = 16 };

bool lt_engine_finite(const float *x, size_t n)
{
    float sum = 0; /* NaN and Inf survive every addition of x * 0 */
    for (size_t i = 0; i < n; i++)
        sum += x[i] * 0.0f;
    return sum == 0.0f;
}

bool lt_engine_check_finite(lt_engine *e, const char *what, const float *x, size_t n, lt_error *err)
{
    return lt_engine_finite(x, n) || lt_engine_not_finite(e, what, err);
}

bool lt_engine_not_finite(lt_engine *e, const char *what, lt_error *err)
{
    bool wide = e->info.dtype == LT_F32;
    e->needs_f32 = !wide;
    return lt_fail(err, LT_ERR_RANGE,
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

bool lt_engine_unit(lt_engine *e, const lt_unit *wanted, lt_unit **out, lt_progress *progress,
                    lt_error *err)
{
    if (lt_programs_get(e->programs, wanted->network, wanted->batch, wanted->h, wanted->w, out,
                        progress, err))
        return true;
    e->needs_f32 |= err->code == LT_ERR_RANGE;
    return false;
}

bool lt_engine_run_unit(lt_engine *e, const lt_unit *u, lt_progress *progress, lt_error *err)
{
    return e->profile ? measure_unit(e, u, progress, err) : e->ops->run(u->program, progress, err);
}

/* How many of the pictures go through the UNet together. */
static int chunk_of(const lt_engine *e, int images, int h, int w)
{
    int most = e->group;
    if (e->ops->group_area) {
        int64_t fit = e->ops->group_area / ((int64_t)h * w);
        most = fit < 1 ? 1 : fit < most ? (int)fit : most;
    }
    return images < most ? images : most;
}

bool lt_engine_reserve(lt_floats *f, size_t count, lt_error *err)
{
    void *fresh;
    if (count <= f->count)
        return true;
    if (!lt_try_alloc(count * sizeof *f->at, "a batch of latents", &fresh, err))
        return false;
    free(f->at);
    *f = (lt_floats){fresh, count};
    return true;
}

static bool reserve(lt_engine *e, size_t count, lt_error *err)
{
    return lt_engine_reserve(&e->swap, count, err);
}

static size_t count_of(const lt_tensor *t)
{
    return (size_t)lt_shape_count(&t->shape);
}

bool lt_engine_encode_text(lt_engine *e, const int32_t *ids, float *text, lt_progress *progress,
                           lt_error *err)
{
    lt_unit *u;
    return lt_engine_unit(e, &(lt_unit){.network = LT_NET_TEXT, .batch = 1}, &u, progress, err) &&
           e->ops->write(u->program, u->in[0], ids, count_of(u->in[0]), err) &&
           lt_engine_run_unit(e, u, progress, err) &&
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
        lt_timestep_embedding(&e->unet, timesteps[i < n ? i : 0], e->swap.at + (size_t)i * width);
    if (!e->ops->write(u->program, u->in[0], e->swap.at, count_of(u->in[0]), err) ||
        !lt_engine_run_unit(e, u, progress, err) ||
        !e->ops->read(u->program, u->out, e->swap.at, count_of(u->out), err))
        return false;
    memcpy(shifts, e->swap.at, (size_t)n * shift * sizeof *shifts);
    return true;
}

bool lt_engine_time(lt_engine *e, int steps, const float *timesteps, float *shifts,
                    lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    size_t shift = (size_t)lt_unet_shifts(&e->unet);
    if (!lt_engine_unit(e, &(lt_unit){.network = LT_NET_TIME, .batch = TIMES}, &u, progress, err) ||
        !reserve(e, count_of(u->out), err))
        return false;
    for (int from = 0; from < steps; from += TIMES) {
        int n = steps - from < TIMES ? steps - from : TIMES;
        if (!shift_group(e, u, n, timesteps + from, shifts + (size_t)from * shift, progress, err))
            return false;
    }
    return true;
}

/* The shifts of the timestep, and the text: uncond's rows first, then cond's, of one prompt
 * one each.  The text goes through e->swap.at, which is large enough. */
static bool write_conditions(lt_engine *e, lt_unit *u, const lt_unet_call *p, int from,
                             lt_error *err)
{
    size_t all = count_of(u->in[2]), row = all / (size_t)u->in[2]->shape.dim[0];
    size_t half = p->uncond ? all / 2 : all;
    if (!e->ops->write(u->program, u->in[1], p->shifts, count_of(u->in[1]), err))
        return false;
    if (p->uncond)
        memcpy(e->swap.at, p->uncond + (size_t)from * row, half * sizeof(float));
    memcpy(e->swap.at + (p->uncond ? half : 0), p->cond + (size_t)from * row, half * sizeof(float));
    if (u->text_written && memcmp(u->text, e->swap.at, all * sizeof(float)) == 0)
        return true;
    u->text_written = e->ops->write(u->program, u->in[2], e->swap.at, all, err);
    memcpy(u->text, e->swap.at, all * sizeof(float));
    return u->text_written;
}

/* Floats of e->swap.at that a unit of the UNet needs. */
static size_t swap_of(const lt_unit *u)
{
    size_t most = count_of(u->out);
    const lt_tensor *map;
    for (int i = 0; i < 3; i++)
        most = count_of(u->in[i]) > most ? count_of(u->in[i]) : most;
    for (int i = 0; (map = lt_unit_map(u, i)); i++)
        most = count_of(map) > most ? count_of(map) : most;
    return most;
}

/* The UNet for n pictures. */
static lt_unit unet_of(const lt_engine *e, const lt_engine_load *load, int n)
{
    bool one_prompt = load->one_prompt && e->ops->one_prompt && n > 1;
    return (lt_unit){.network = lt_network_unet(load->guided, load->maps, one_prompt),
                     .batch = n,
                     .h = load->h,
                     .w = load->w};
}

static bool prepare_unet(lt_engine *e, const lt_unit *wanted, lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    return wanted->batch == 0 ||
           (lt_engine_unit(e, wanted, &u, progress, err) && reserve(e, swap_of(u), err));
}

bool lt_engine_prepare(lt_engine *e, const lt_engine_load *load, lt_progress *progress,
                       lt_error *err)
{
    int chunk = chunk_of(e, load->images, load->h, load->w);
    lt_unit rest = unet_of(e, load, load->images % chunk), whole = unet_of(e, load, chunk);
    if (e->info.unet &&
        (!prepare_unet(e, &rest, progress, err) || !prepare_unet(e, &whole, progress, err)))
        return false;
    return !e->info.vae || lt_engine_prepare_vae(e, load->h, load->w, progress, err);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
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
    sum->packing = larger(f.packing, sum->packing);
    if (f.weights > *weights) {
        sum->weights += f.weights - *weights;
        *weights = f.weights;
    }
    return true;
}

/* Of tiles there is one program at a time, the first the largest; their numbers are on the host. */
static bool add_vae(lt_engine *e, lt_backend *b, const lt_engine_load *load, lt_forecast *sum,
                    lt_error *err)
{
    lt_vae_tiles t;
    lt_forecast decode = {0}, encode = {0};
    size_t weights[2] = {0, 0};
    bool tiled = load->tiled && lt_vae_tiles_plan(&e->vae, load->h, load->w, &t);
    lt_unit u = {.network = LT_NET_DECODE, .batch = 1, .h = load->h, .w = load->w};
    if (tiled) {
        u.h = lt_vae_tiles_at(&t, 0).h;
        u.w = lt_vae_tiles_at(&t, 0).w;
        sum->packing = larger(sum->packing, lt_engine_tile_bytes(e, &t, load->encode));
    }
    if (!add_unit(e, b, &u, &weights[0], &decode, err))
        return false;
    u.network = LT_NET_ENCODE;
    u.batch = load->encode;
    if (!add_unit(e, b, &u, &weights[1], &encode, err))
        return false;
    sum->activations += tiled ? larger(decode.activations, encode.activations)
                              : decode.activations + encode.activations;
    sum->weights += decode.weights + encode.weights;
    sum->packing = larger(sum->packing, larger(decode.packing, encode.packing));
    return true;
}

static bool add_units(lt_engine *e, lt_backend *b, const lt_engine_load *load, lt_forecast *sum,
                      lt_error *err)
{
    int chunk = chunk_of(e, load->images, load->h, load->w), rest = load->images % chunk;
    bool unet = e->info.unet != NULL;
    const lt_unit units[] = {
        {.network = LT_NET_TEXT, .batch = e->info.clip != NULL},
        {.network = LT_NET_TIME, .batch = unet ? TIMES : 0},
        unet_of(e, load, unet ? chunk : 0),
        unet_of(e, load, unet ? rest : 0),
    };
    size_t weights[3] = {0}; /* of the UNet's both programs the same */
    bool ok = true;
    for (size_t i = 0; i < sizeof units / sizeof *units && ok; i++)
        ok = add_unit(e, b, &units[i], &weights[i < 2 ? i : 2], sum, err);
    return ok && (!e->info.vae || add_vae(e, b, load, sum, err));
}

size_t lt_engine_device_room(const lt_engine *e)
{
    return e->ops->room ? e->ops->room(e->backend) : SIZE_MAX;
}

bool lt_engine_split(lt_engine *e)
{
    if (e->group == 1)
        return false;
    e->group /= 2;
    return true;
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
    lt_backend_options options = {.dtype = dtype, .threads = e->threads, .device = e->device};
    lt_forecast sum = {0};
    if (dtype != e->info.dtype && !e->ops->open(&options, &other, err))
        return false;
    bool ok = add_units(e, other ? other : e->backend, load, &sum, err);
    e->ops->close(other);
    *out = sum;
    return ok;
}

/* Of the prompt's half, into the pictures' attention. */
static bool read_maps(lt_engine *e, const lt_unit *u, const lt_unet_call *p, int from, int n,
                      lt_error *err)
{
    const lt_tensor *map;
    lt_attention_maps *const *to = p->attention + from;
    for (int k = 0; k < n; k++)
        lt_attention_clear(to[k]);
    for (int i = 0; (map = lt_unit_map(u, i)); i++) {
        int64_t positions = map->shape.dim[1];
        size_t each = count_of(map) / (size_t)map->shape.dim[0];
        const float *half = e->swap.at + (p->uncond ? (size_t)n * each : 0);
        if (!e->ops->read(u->program, map, e->swap.at, count_of(map), err))
            return false;
        for (int k = 0; k < n; k++)
            lt_attention_layer(to[k], positions, half + (size_t)k * each);
    }
    for (int k = 0; k < n; k++)
        lt_attention_end(to[k]);
    return true;
}

/* Pictures from..from+n of a prediction. */
static bool predict_chunk(lt_engine *e, const lt_unet_call *p, int from, int n,
                          lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    int c = e->unet.in_channels, pixels = p->h * p->w;
    size_t one = (size_t)c * (size_t)pixels, at = (size_t)from * one, half = (size_t)n * one;
    lt_engine_load load = {.h = p->h,
                           .w = p->w,
                           .guided = p->uncond != NULL,
                           .maps = p->attention != NULL,
                           .one_prompt = p->one_prompt};
    lt_unit wanted = unet_of(e, &load, n);
    if (!lt_engine_unit(e, &wanted, &u, progress, err) || !reserve(e, swap_of(u), err) ||
        !write_conditions(e, u, p, from, err))
        return false;
    lt_layout_to_last(e->swap.at, p->latents + at, n, c, pixels);
    if (!e->ops->write(u->program, u->in[0], e->swap.at, half, err) ||
        !lt_engine_run_unit(e, u, progress, err) ||
        !e->ops->read(u->program, u->out, e->swap.at, count_of(u->out), err))
        return false;
    if (p->uncond)
        lt_layout_to_first(p->eps_uncond + at, e->swap.at, n, c, pixels, c);
    lt_layout_to_first(p->eps_cond + at, e->swap.at + (p->uncond ? half : 0), n, c, pixels, c);
    return !p->attention || read_maps(e, u, p, from, n, err);
}

bool lt_engine_predict(lt_engine *e, const lt_unet_call *p, lt_progress *progress, lt_error *err)
{
    int chunk = chunk_of(e, p->images, p->h, p->w);
    for (int from = 0, n; from < p->images; from += n) {
        int left = p->images - from;
        n = left < chunk ? left : chunk;
        if (!predict_chunk(e, p, from, n, progress, err))
            return false;
    }
    return true;
}
