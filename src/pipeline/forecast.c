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
    TRACED_ARRAYS = 7,   /* of the same in each step of a trace, at most */
    STEP = 64,           /* pixels between the sizes that a hint names */
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
    return plus(
        plus(times(latents, LATENT_ARRAYS + (w->encode ? ENCODE_ARRAYS : 0) +
                                TRACED_ARRAYS * w->traced_steps + FILM_ARRAYS * w->film_steps),
             plus(times(text, images * (w->guided ? 2 : 1)), shifts)),
        plus(times(picture, pictures), drawn));
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
                           .encode = w->encode};
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

static bool fits(lt_engine *e, const lt_work *w, lt_dtype dtype, const needs *room)
{
    lt_error ignored; /* too large to be planned: it does not fit */
    needs n;
    return find_needs(e, w, dtype, &n, &ignored) && within(&n, room);
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

/* What would fit, each way by itself; the longest hint has three. */
static void say_what_fits(lt_engine *e, const lt_work *w, const needs *room, char *hint,
                          size_t size)
{
    static const char *const betweens[] = {"", " or "};
    int ways = 0;
    lt_work other;
    size_t n = 0;
    *hint = '\0';
    if (find_size(e, w, room, &other))
        n += (size_t)snprintf(hint, size, w->encode ? "a picture of %dx%d" : "--size %dx%d",
                              other.width, other.height);
    ways += n > 0;
    if (find_batch(e, w, room, &other)) {
        n += (size_t)snprintf(hint + n, size - n, "%s%s %d", betweens[ways > 0],
                              w->own_generators ? "as many --seeds as" : "--batch",
                              other.per_prompt);
        ways++;
    }
    if (lt_engine_about(e)->dtype == LT_F32 && lt_engine_supports(e, LT_BF16) &&
        fits(e, w, LT_BF16, room))
        snprintf(hint + n, size - n, "%s--dtype bf16", betweens[ways > 0]);
    if (!*hint)
        snprintf(hint, size, "a smaller model, or more memory");
}

/* "51 MB" or "18.7 GB"; returns buffer. */
static const char *amount(size_t bytes, char buffer[32])
{
    double mega = (double)bytes * 1e-6;
    snprintf(buffer, 32, mega < 1000 ? "%.0f MB" : "%.1f GB", mega < 1000 ? mega : mega * 1e-3);
    return buffer;
}

bool lt_forecast_check(lt_engine *e, const lt_work *w, const lt_room *room, lt_error *err)
{
    char hint[160], needed[32], left[32];
    lt_dtype dtype = lt_engine_about(e)->dtype;
    needs n, free = {room->bytes, lt_engine_device_room(e)};
    int images = images_of(w);
    do {
        if (!find_needs(e, w, dtype, &n, err))
            return false;
    } while (n.device > free.device && lt_engine_split(e));
    if (within(&n, &free))
        return true;
    bool device = n.device > free.device;
    say_what_fits(e, w, &free, hint, sizeof hint);
    return lt_fail(err, LT_ERR_MEMORY, hint,
                   "%d picture%s of %dx%d in %s: needs about %s, %s may be used (%s)", images,
                   images == 1 ? "" : "s", w->width, w->height, lt_dtype_name(dtype),
                   amount(device ? n.device : n.host, needed),
                   amount(device ? free.device : room->bytes, left),
                   device ? "free memory of the device" : room->what);
}
