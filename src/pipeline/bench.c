/* bench.c - see bench.h. */
#include "pipeline/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sample/rng.h"

struct lt_bench {
    lt_engine *engine; /* borrowed */
    lt_bench_options options;
    int images;               /* of the next call of predict */
    int32_t *ids;             /* owned [T] */
    float *cond, *uncond;     /* owned [n,T,D] */
    float *latents;           /* owned [n,C,h,w] */
    float *eps[2];            /* owned [n,C,h,w] */
    size_t latent, text;      /* floats of one picture, of one prompt */
    size_t shift;             /* lt_unet_shifts */
    float *shifts;            /* owned [2,lt_unet_shifts], of two timesteps */
    int calls;                /* of predict so far: each has another timestep, as in a run */
    double *seconds;          /* owned [repeat] */
    lt_attention_maps **maps; /* owned [n]: of lt_bench_attention */
    bool attends;             /* predict fills them */
    lt_profile fast, fresh;   /* owned rows: the fastest measured call so far, the one at work */
};

/* ---- what is called ---- */

typedef bool part_call(lt_bench *b, lt_progress *progress, lt_error *err);

static bool encode(lt_bench *b, lt_progress *progress, lt_error *err)
{
    return lt_engine_encode_text(b->engine, b->ids, b->cond, progress, err);
}

static bool predict(lt_bench *b, lt_progress *progress, lt_error *err)
{
    lt_unet_call call = {.images = b->images,
                         .h = b->options.h,
                         .w = b->options.w,
                         .latents = b->latents,
                         .shifts = b->shifts + (b->calls++ % 2 ? b->shift : 0),
                         .cond = b->cond,
                         .uncond = b->uncond,
                         .one_prompt = true,
                         .eps_cond = b->eps[0],
                         .eps_uncond = b->eps[1],
                         .attention = b->attends ? b->maps : NULL};
    return lt_engine_predict(b->engine, &call, progress, err);
}

static bool decode_first(lt_bench *b, int images, lt_progress *progress, lt_error *err)
{
    for (int i = 0; i < images; i++) {
        lt_image *picture;
        if (!lt_engine_picture(b->engine, b->options.h, b->options.w,
                               b->latents + (size_t)i * b->latent, &picture, progress, err))
            return false;
        lt_image_unref(picture);
    }
    return true;
}

static bool decode(lt_bench *b, lt_progress *progress, lt_error *err)
{
    return decode_first(b, b->options.images, progress, err);
}

static bool predict_beside(lt_bench *b, lt_progress *progress, lt_error *err)
{
    int last = b->options.images - 1;
    bool over = false;
    lt_error late;
    lt_image *picture;
    if (!decode_first(b, last, progress, err) ||
        !lt_engine_picture_start(b->engine, b->options.h, b->options.w,
                                 b->latents + (size_t)last * b->latent, progress, err))
        return false;
    bool ok = predict(b, progress, err);
    while (!over) /* of a step that failed, too */
        if (!lt_engine_picture_finished(b->engine, &over, &picture, ok ? err : &late))
            return false;
    lt_image_unref(picture);
    return ok;
}

/* ---- beginning ---- */

static bool make_floats(float **out, size_t each, int count, const char *what, lt_error *err)
{
    size_t bytes;
    void *memory;
    if (!lt_mul(each, (size_t)count, &bytes) || !lt_mul(bytes, sizeof **out, &bytes))
        return lt_fail(err, LT_ERR_MEMORY, "a smaller --batch", "%s: too large", what);
    if (!lt_try_alloc(bytes, what, &memory, err))
        return false;
    *out = memory;
    return true;
}

static bool make_memory(lt_bench *b, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(b->engine);
    int n = b->options.images, tokens = about->clip->max_position_embeddings;
    size_t area = (size_t)b->options.h * (size_t)b->options.w;
    b->latent = area * (size_t)about->unet->in_channels;
    b->text = (size_t)tokens * (size_t)about->clip->hidden_size;
    b->shift = (size_t)lt_unet_shifts(about->unet);
    b->ids = lt_alloc_array((size_t)tokens, sizeof *b->ids);
    b->seconds = lt_alloc_array((size_t)b->options.repeat, sizeof *b->seconds);
    return make_floats(&b->cond, b->text, n, "text", err) &&
           make_floats(&b->uncond, b->text, n, "text", err) &&
           make_floats(&b->shifts, b->shift, 2, "shifts of time", err) &&
           make_floats(&b->latents, b->latent, n, "latents", err) &&
           make_floats(&b->eps[0], b->latent, n, "latents", err) &&
           make_floats(&b->eps[1], b->latent, n, "latents", err);
}

/* Rows 1..n-1 as row 0. */
static void spread(const lt_bench *b, float *text)
{
    for (int i = 1; i < b->options.images; i++)
        memcpy(text + (size_t)i * b->text, text, b->text * sizeof *text);
}

/* An empty prompt is the token of the end all over; another has different ones. */
static bool encode_both(lt_bench *b, lt_progress *progress, lt_error *err)
{
    const lt_clip_config *c = lt_engine_about(b->engine)->clip;
    for (int i = 0; i < c->max_position_embeddings; i++)
        b->ids[i] = c->vocab_size - 1;
    if (!lt_engine_encode_text(b->engine, b->ids, b->uncond, progress, err))
        return false;
    for (int i = 0; i < c->max_position_embeddings; i++)
        b->ids[i] = i % c->vocab_size;
    if (!encode(b, progress, err))
        return false;
    spread(b, b->cond);
    spread(b, b->uncond);
    return true;
}

bool lt_bench_begin(lt_engine *e, const lt_bench_options *options, lt_bench **out,
                    lt_progress *progress, lt_error *err)
{
    static const float timesteps[2] = {999, 499};
    lt_rng rng;
    lt_engine_load load = {.images = options->images,
                           .h = options->h,
                           .w = options->w,
                           .guided = true,
                           .one_prompt = true};
    lt_bench *b = lt_alloc(sizeof *b);
    b->engine = e;
    b->options = *options;
    b->images = options->images;
    if (!make_memory(b, err) || !encode_both(b, progress, err) ||
        !lt_engine_time(e, 2, timesteps, b->shifts, progress, err) ||
        !lt_engine_prepare(e, &load, progress, err)) {
        lt_bench_free(b);
        return false;
    }
    lt_rng_seed(&rng, 0);
    lt_rng_normal(&rng, b->latents, b->latent * (size_t)options->images);
    *out = b;
    return true;
}

void lt_bench_free(lt_bench *b)
{
    if (!b)
        return;
    free(b->ids);
    free(b->cond);
    free(b->shifts);
    free(b->uncond);
    free(b->latents);
    free(b->eps[0]);
    free(b->eps[1]);
    for (int i = 0; b->maps && i < b->options.images; i++)
        lt_attention_free(b->maps[i]);
    free(b->maps);
    free(b->seconds);
    free(b->fast.rows);
    free(b->fresh.rows);
    free(b);
}

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool time_part(lt_bench *b, part_call *call, lt_bench_time *out, lt_progress *progress,
                      lt_error *err)
{
    int n = b->options.repeat;
    if (!call(b, progress, err)) /* to warm up */
        return false;
    for (int i = 0; i < n; i++) {
        double start = lt_clock();
        if (!call(b, progress, err))
            return false;
        b->seconds[i] = lt_clock() - start;
    }
    qsort(b->seconds, (size_t)n, sizeof *b->seconds, compare);
    *out = (lt_bench_time){.least = b->seconds[0],
                           .median = (b->seconds[(n - 1) / 2] + b->seconds[n / 2]) / 2,
                           .most = b->seconds[n - 1]};
    return true;
}

static double total(const lt_profile *p)
{
    double seconds = 0;
    for (int i = 0; i < p->count; i++)
        seconds += p->rows[i].seconds;
    return seconds;
}

/* Leaves the fastest of `repeat` measured calls in b->fast. */
static bool profile_part(lt_bench *b, part_call *call, lt_progress *progress, lt_error *err)
{
    for (int i = 0; i < b->options.repeat; i++) {
        b->fresh.count = 0;
        lt_engine_profile(b->engine, &b->fresh);
        bool ok = call(b, progress, err);
        lt_engine_profile(b->engine, NULL);
        if (!ok)
            return false;
        if (i == 0 || total(&b->fresh) < total(&b->fast)) {
            lt_profile slow = b->fast;
            b->fast = b->fresh;
            b->fresh = slow;
        }
    }
    return true;
}

static int compare_kinds(const void *a, const void *b)
{
    const lt_bench_kind *x = a, *y = b;
    return x->seconds == y->seconds ? (x->op > y->op) - (x->op < y->op)
                                    : (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static void sum_kinds(const lt_profile *p, lt_bench_part *out)
{
    lt_bench_kind kinds[LT_OP_COUNT] = {0};
    for (int i = 0; i < p->count; i++) {
        const lt_step_time *row = &p->rows[i];
        lt_bench_kind *k = &kinds[row->op];
        k->op = row->op;
        k->count++;
        k->seconds += row->seconds;
        k->flop += row->flop;
        out->seconds += row->seconds;
        out->flop += row->flop;
    }
    for (int op = 0; op < LT_OP_COUNT; op++)
        if (kinds[op].count)
            out->kinds[out->kind_count++] = kinds[op];
    qsort(out->kinds, (size_t)out->kind_count, sizeof *out->kinds, compare_kinds);
}

static bool measure_part(lt_bench *b, part_call *call, lt_bench_part *out, lt_progress *progress,
                         lt_error *err)
{
    *out = (lt_bench_part){0};
    if (!time_part(b, call, &out->time, progress, err) || !profile_part(b, call, progress, err))
        return false;
    sum_kinds(&b->fast, out);
    return true;
}

bool lt_bench_text(lt_bench *b, lt_bench_time *out, lt_progress *progress, lt_error *err)
{
    return time_part(b, encode, out, progress, err);
}

bool lt_bench_guided_step(lt_bench *b, lt_bench_part *out, lt_progress *progress, lt_error *err)
{
    return measure_part(b, predict, out, progress, err);
}

static bool time_predict(lt_bench *b, int images, double *out, lt_progress *progress, lt_error *err)
{
    double start = lt_clock();
    b->images = images;
    bool ok = predict(b, progress, err);
    *out = lt_clock() - start;
    b->images = b->options.images;
    return ok;
}

/* b->seconds[i] is the quotient of a pair of calls. */
static double median_of(lt_bench *b)
{
    int n = b->options.repeat;
    qsort(b->seconds, (size_t)n, sizeof *b->seconds, compare);
    return (b->seconds[(n - 1) / 2] + b->seconds[n / 2]) / 2;
}

bool lt_bench_batch(lt_bench *b, double *out, lt_progress *progress, lt_error *err)
{
    int all = b->options.images;
    double one, more;
    for (int i = -1; i < b->options.repeat; i++) { /* -1: to warm up */
        if (!time_predict(b, 1, &one, progress, err) || !time_predict(b, all, &more, progress, err))
            return false;
        if (i >= 0)
            b->seconds[i] = more / one;
    }
    *out = median_of(b);
    return true;
}

bool lt_bench_attention(lt_bench *b, double *out, lt_progress *progress, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(b->engine);
    int all = b->options.images, tokens = about->clip->max_position_embeddings;
    double plain = 0, attending = 0;
    b->maps = b->maps ? b->maps : lt_alloc_array((size_t)all, sizeof(lt_attention_maps *));
    for (int i = 0; i < all; i++)
        if (!b->maps[i] &&
            !lt_attention_new(about->unet, tokens, b->options.h, b->options.w, &b->maps[i], err))
            return false;
    for (int i = -1; i < b->options.repeat; i++) {
        bool ok = time_predict(b, all, &plain, progress, err);
        b->attends = true;
        ok = ok && time_predict(b, all, &attending, progress, err);
        b->attends = false;
        if (!ok)
            return false;
        if (i >= 0)
            b->seconds[i] = attending / plain;
    }
    *out = median_of(b);
    return true;
}

bool lt_bench_decode(lt_bench *b, lt_bench_part *out, lt_progress *progress, lt_error *err)
{
    return measure_part(b, decode, out, progress, err);
}

bool lt_bench_beside(lt_bench *b, lt_bench_time *out, lt_progress *progress, lt_error *err)
{
    return time_part(b, predict_beside, out, progress, err);
}
