/* forecast.c - see forecast.h. */
#include "pipeline/forecast.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum {
    OVERHEAD = 32 << 20, /* oneDNN's kernels, stacks, heap: 14 to 23 MiB seen on cpu, 2 threads */
    LATENT_ARRAYS = 13,  /* of [B,C,h,w]: lt_run's, the sampler state's and a caller's, at most */
    FILM_ARRAYS = 4,     /* of the same in each step of a film */
    ENCODE_ARRAYS = 4,   /* of the same, for the picture that is encoded, at most */
    MAPS = 3, /* of a picture's attention, of the largest resolution: a run's, a caller's */
    TRACED_ARRAYS = 7, /* of the same in each step of a trace, at most */
    STEP = 64,         /* pixels between the sizes that a hint names */
};

/* a * b, or all there is. */
static size_t times(size_t a, size_t b)
{
    size_t product;
    return lt_mul(a, b, &product) ? product : SIZE_MAX / 2;
}

static size_t plus(size_t a, size_t b)
{
    return a < SIZE_MAX / 2 - b % (SIZE_MAX / 2) ? a + b : SIZE_MAX / 2;
}

static int images_of(const lt_work *w)
{
    return w->prompts * w->per_prompt;
}

/* Latents, texts, shifts of time and pictures on the host. */
static size_t host_bytes(const lt_engine_info *about, const lt_work *w)
{
    size_t images = (size_t)images_of(w), f = (size_t)about->vae->factor;
    size_t area = times((size_t)w->width, (size_t)w->height);
    size_t latents =
        times(times(area / f / f, (size_t)about->vae->latent_channels), images * sizeof(float));
    size_t text = about->clip ? times((size_t)about->clip->max_position_embeddings,
                                      (size_t)about->clip->hidden_size * sizeof(float))
                              : 0;
    size_t shifts =
        about->unet ? times((size_t)w->steps, (size_t)lt_unet_shifts(about->unet) * sizeof(float))
                    : 0;
    size_t picture = times(area, 3 * sizeof(float) + 3); /* as float32 and as RGB */
    size_t pictures = 2 + (w->traced_steps ? 2 * images : 0) + (w->encode ? 4 : 0);
    size_t drawn = times(latents / images, (size_t)w->drawn);
    size_t map = times(area / f / f,
                       w->maps && about->clip ? (size_t)about->clip->max_position_embeddings : 0);
    size_t maps = times(map, (MAPS * images + 2) * sizeof(float)); /* 2: a layer's, both halves */
    return plus(
        plus(times(latents, LATENT_ARRAYS + (w->encode ? ENCODE_ARRAYS : 0) +
                                TRACED_ARRAYS * w->traced_steps + FILM_ARRAYS * w->film_steps),
             plus(times(text, images * (w->guided ? 2 : 1)), shifts)),
        plus(times(picture, pictures), plus(drawn, maps)));
}

/* Bytes, by the memory that they are taken from; of a backend without memory of its own all is the
 * host's. */
typedef struct needs {
    size_t host, device;
} needs;

static bool find_needs(lt_engine *e, const lt_work *w, lt_dtype dtype, needs *out, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    int f = about->vae->factor;
    lt_engine_load load = {.images = images_of(w),
                           .h = w->height / f,
                           .w = w->width / f,
                           .guided = w->guided,
                           .maps = w->maps,
                           .one_prompt = w->prompts == 1,
                           .encode = w->encode,
                           .tiled = w->tiling == LT_TILING_ON};
    lt_forecast forecast;
    if (!lt_engine_forecast(e, dtype, &load, &forecast, err))
        return false;
    size_t programs = plus(forecast.weights, forecast.activations);
    size_t host = plus(plus(forecast.packing, host_bytes(about, w)), OVERHEAD);
    bool own = lt_engine_device_room(e) != SIZE_MAX;
    *out = own ? (needs){host, programs} : (needs){plus(programs, host), 0};
    return true;
}

bool lt_forecast_bytes(lt_engine *e, const lt_work *w, lt_dtype dtype, size_t *out, lt_error *err)
{
    needs n;
    if (!find_needs(e, w, dtype, &n, err))
        return false;
    *out = plus(n.host, n.device);
    return true;
}

static bool within(const needs *n, const needs *room)
{
    return n->host <= room->host && n->device <= room->device;
}

/* The same work with the VAE in tiles, which takes them by itself if that is left to it. */
static lt_work in_tiles(const lt_work *w)
{
    lt_work tiled = *w;
    tiled.tiling = LT_TILING_ON;
    return tiled;
}

static bool fits(lt_engine *e, const lt_work *w, lt_dtype dtype, const needs *room)
{
    lt_error ignored; /* too large to be planned: it does not fit */
    lt_work tiled = in_tiles(w);
    needs n;
    return (find_needs(e, w, dtype, &n, &ignored) && within(&n, room)) ||
           (w->tiling == LT_TILING_AUTO && find_needs(e, &tiled, dtype, &n, &ignored) &&
            within(&n, room));
}

/* The size with k/n of the sides, in whole steps; false if nothing is left. */
static bool shrink(const lt_work *from, int step, int k, int n, lt_work *out)
{
    *out = *from;
    out->width = (int)((int64_t)from->width * k / n / step * step);
    out->height = (int)((int64_t)from->height * k / n / step * step);
    return out->width > 0 && out->height > 0;
}

/* The largest smaller size of nearly the same shape that fits. */
static bool find_size(lt_engine *e, const lt_work *w, const needs *room, lt_work *out)
{
    int f = lt_engine_about(e)->vae->factor, step = STEP % f == 0 ? STEP : f;
    int longer = w->width > w->height ? w->width : w->height, n = longer / step, low = 0, high = n;
    lt_work try;
    while (high - low > 1) { /* low fits, high does not */
        int k = low + (high - low) / 2;
        if (!shrink(w, step, k, n, &try) || fits(e, &try, lt_engine_about(e)->dtype, room))
            low = k;
        else
            high = k;
    }
    return low > 0 && shrink(w, step, low, n, out) && fits(e, out, lt_engine_about(e)->dtype, room);
}

/* The largest smaller number of pictures a prompt that fits. */
static bool find_batch(lt_engine *e, const lt_work *w, const needs *room, lt_work *out)
{
    int low = 0, high = w->per_prompt;
    lt_dtype dtype = lt_engine_about(e)->dtype;
    *out = *w;
    while (high - low > 1) {
        out->per_prompt = low + (high - low) / 2;
        if (fits(e, out, dtype, room))
            low = out->per_prompt;
        else
            high = out->per_prompt;
    }
    out->per_prompt = low;
    return low > 0;
}

/* A narrower type in which it fits, the backend's best first; LT_F32: there is none. */
static lt_dtype find_type(lt_engine *e, const lt_work *w, const needs *room)
{
    static const lt_dtype types[] = {LT_F16, LT_BF16};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (lt_engine_about(e)->dtype == LT_F32 && lt_engine_supports(e, types[i]) &&
            fits(e, w, types[i], room))
            return types[i];
    return LT_F32;
}

/* What would fit, each way by itself; the longest hint has four.  Empty: nothing would. */
static void say_what_fits(lt_engine *e, const lt_work *w, const needs *room, char *hint,
                          size_t size)
{
    static const char *const betweens[] = {"", " or "};
    lt_work other;
    size_t n = 0;
    *hint = '\0';
    if (find_size(e, w, room, &other))
        n += (size_t)snprintf(hint, size, w->encode ? "a picture of %dx%d" : "--size %dx%d",
                              other.width, other.height);
    if (find_batch(e, w, room, &other))
        n += (size_t)snprintf(hint + n, size - n, "%s%s %d", betweens[n > 0],
                              w->own_generators ? "as many --seeds as" : "--batch",
                              other.per_prompt);
    lt_dtype type = find_type(e, w, room);
    if (type != LT_F32)
        n += (size_t)snprintf(hint + n, size - n, "%s--dtype %s", betweens[n > 0],
                              lt_dtype_name(type));
    other = in_tiles(w);
    if (w->tiling == LT_TILING_OFF && fits(e, &other, lt_engine_about(e)->dtype, room))
        snprintf(hint + n, size - n, "%s--vae-tiling on", betweens[n > 0]);
}

/* "51 MB" or "18.7 GB"; returns buffer. */
static const char *amount(size_t bytes, char buffer[32])
{
    double mega = (double)bytes * 1e-6;
    snprintf(buffer, 32, mega < 1000 ? "%.0f MB" : "%.1f GB", mega < 1000 ? mega : mega * 1e-3);
    return buffer;
}

/* What there is: the host's, as it was when *room was found, with what was dropped since. */
static needs room_now(const lt_engine *e, const lt_room *room, size_t before)
{
    size_t device = lt_engine_device_room(e), now = lt_engine_memory(e).activations;
    return (needs){
        device == SIZE_MAX && now < before ? plus(room->bytes, before - now) : room->bytes, device};
}

static bool refuse(lt_engine *e, const lt_work *w, const needs *n, const needs *free,
                   const char *what, lt_error *err)
{
    char hint[160], needed[32], left[32];
    bool device = n->device > free->device;
    int images = images_of(w);
    say_what_fits(e, w, free, hint, sizeof hint);
    return lt_fail(err, LT_ERR_MEMORY, *hint ? hint : "a smaller model, or more memory",
                   "%d picture%s of %dx%d in %s: needs about %s, %s may be used (%s)", images,
                   images == 1 ? "" : "s", w->width, w->height,
                   lt_dtype_name(lt_engine_about(e)->dtype),
                   amount(device ? n->device : n->host, needed),
                   amount(device ? free->device : free->host, left),
                   device ? "free memory of the device" : what);
}

/* Takes tiles, if it may and they fit. */
static bool take_tiles(lt_engine *e, const lt_work *w, const needs *free)
{
    lt_work tiled = in_tiles(w);
    bool ok = w->tiling == LT_TILING_AUTO && fits(e, &tiled, lt_engine_about(e)->dtype, free);
    if (ok)
        lt_engine_tile(e, true);
    return ok;
}

bool lt_forecast_check(lt_engine *e, const lt_work *w, const lt_room *room, lt_error *err)
{
    int f = lt_engine_about(e)->vae->factor;
    size_t before = lt_engine_memory(e).activations;
    if (w->tiling == LT_TILING_ON && !lt_vae_tiles_check(lt_engine_about(e)->vae, err))
        return false;
    lt_engine_tile(e, w->tiling == LT_TILING_ON);
    for (;;) {
        needs n, free = room_now(e, room, before);
        if (!find_needs(e, w, lt_engine_about(e)->dtype, &n, err))
            return false;
        if (within(&n, &free))
            return true;
        if (!w->beside_run && (lt_engine_trim(e, w->height / f, w->width / f) ||
                               (n.device > free.device && lt_engine_split(e))))
            continue;
        return take_tiles(e, w, &free) || refuse(e, w, &n, &free, room->what, err);
    }
}

bool lt_forecast_offer(lt_engine *e, const lt_work *w, const lt_room *room, lt_error *err)
{
    char hint[160];
    needs free = {room->bytes, lt_engine_device_room(e)};
    say_what_fits(e, w, &free, hint, sizeof hint);
    return *hint ? lt_fail_hint(err, "%s", hint) : false;
}
