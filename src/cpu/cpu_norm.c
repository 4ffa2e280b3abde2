/*
 * cpu_norm.c - GROUP_NORM and LAYER_NORM, with the activation that follows them and the per-image
 * shift that precedes a group norm.
 *
 * Group norm reads the image twice.  First, blocks of whole pixels give mean and squared deviation
 * of each group (per channel within a block in float32, then in double, combined as in Chan, Golub
 * and LeVeque 1979); then every value is normalised.  A block is a fixed number of pixels that
 * depends on C alone, so neither threads nor batch change a bit.
 */
#include <math.h>
#include <string.h>

#include "cpu/cpu_internal.h"

enum { BLOCK_VALUES = 16384, PIECE = 512, LAYER_ROWS = 16 };

typedef struct moments {
    double mean, squares; /* of one group in one block; squares: sum of (x - mean)^2 */
} moments;

typedef struct image {
    size_t n, pixels, c, groups;
    size_t rows, blocks; /* pixels of a block; blocks of one image */
} image;

static image image_of(const lt_tensor *t)
{
    image m = {.n = (size_t)t->shape.dim[0], .c = lt_cpu_width(t)};
    m.groups = (size_t)t->u.norm.groups;
    m.pixels = lt_cpu_rows(t) / m.n;
    m.rows = m.c < BLOCK_VALUES ? BLOCK_VALUES / m.c : 1;
    m.blocks = (m.pixels + m.rows - 1) / m.rows;
    return m;
}

static size_t channel_bytes(const image *m)
{
    return lt_cpu_round_up(m->c * sizeof(float));
}

static size_t part_bytes(const image *m)
{
    return lt_cpu_round_up(m->n * m->blocks * m->groups * sizeof(moments));
}

/* Rows of one float per channel: four for each image, then as many for each thread. */
enum { ROWS = 4, SHIFT = 3 };

typedef struct work {
    const lt_backend *b;
    const lt_cpu_step *s;
    image m;
    moments *parts; /* [n][blocks][groups] */
    char *channels; /* the rows above; LAYER_NORM: one row for each thread */
} work;

static float *row_of(const work *w, size_t index)
{
    return (float *)(void *)(w->channels + index * channel_bytes(&w->m));
}

size_t lt_cpu_norm_scratch(const lt_backend *b, const lt_tensor *t)
{
    image m = image_of(t);
    return t->op == LT_OP_GROUP_NORM
               ? part_bytes(&m) + ROWS * (m.n + (size_t)b->threads) * channel_bytes(&m)
               : (size_t)b->threads * lt_cpu_round_up(lt_cpu_width(t) * sizeof(float));
}

bool lt_cpu_norm_prepare(lt_backend *b, lt_cpu_step *s, lt_error *err)
{
    s->scratch = lt_cpu_norm_scratch(b, s->node);
    return lt_cpu_weights_plain(&b->weights, &(lt_cpu_numbers){.param = {s->node->weight}},
                                &s->weight[0], err) &&
           lt_cpu_weights_plain(&b->weights, &(lt_cpu_numbers){.param = {s->node->bias}}, &s->bias,
                                err);
}

/* Rows of a thread: means of the channels over the block's pixels, what rounding left of the sums,
 * squares of the deviations. */
static void channel_moments(const work *w, size_t first, size_t rows, float *const own[3])
{
    const lt_cpu_simd *simd = w->b->simd;
    const void *x = w->s->src[0];
    float buf[PIECE], *means = own[0], *rests = own[1], *squares = own[2];
    size_t c = w->m.c;
    for (int i = 0; i < 3; i++)
        memset(own[i], 0, c * sizeof(float));
    for (size_t at = 0; at < c; at += PIECE) {
        size_t n = c - at < PIECE ? c - at : PIECE;
        for (size_t r = first; r < first + rows; r++)
            simd->sum(means + at, lt_cpu_load(w->b, x, r * c + at, buf, n), n);
        simd->scale(means + at, means + at, 1.0F / (float)rows, 0.0F, n);
        for (size_t r = first; r < first + rows; r++)
            simd->deviations(rests + at, squares + at, lt_cpu_load(w->b, x, r * c + at, buf, n),
                             means + at, n);
    }
}

static void measure_block(void *context, int64_t task, int thread)
{
    const work *w = context;
    const image *m = &w->m;
    size_t n = (size_t)task / m->blocks, first = (size_t)task % m->blocks * m->rows;
    size_t rows = m->pixels - first < m->rows ? m->pixels - first : m->rows;
    size_t at = ROWS * (m->n + (size_t)thread), width = m->c / m->groups;
    const float *shift = row_of(w, ROWS * n + SHIFT);
    float *own[] = {row_of(w, at), row_of(w, at + 1), row_of(w, at + 2)};

    channel_moments(w, n * m->pixels + first, rows, own);
    for (size_t g = 0; g < m->groups; g++) {
        double mean = 0, sum = 0, count = (double)rows;
        for (size_t i = g * width; i < (g + 1) * width; i++)
            mean += (double)own[0][i] + (double)own[1][i] / count + (double)shift[i];
        mean /= (double)width;
        for (size_t i = g * width; i < (g + 1) * width; i++) {
            double rest = (double)own[1][i] / count;
            double d = (double)own[0][i] + rest + (double)shift[i] - mean;
            sum += (double)own[2][i] + count * (d * d - rest * rest);
        }
        w->parts[(size_t)task * m->groups + g] = (moments){mean, sum};
    }
}

/* Mean and 1 / sqrt(variance + eps) of one group over all blocks of image n. */
static moments combine(const work *w, size_t n, size_t g)
{
    const image *m = &w->m;
    const moments *parts = w->parts + n * m->blocks * m->groups + g;
    double mean = 0, squares = 0, width = (double)(m->c / m->groups);
    for (size_t i = 0; i < m->blocks; i++) {
        size_t rows = m->pixels - i * m->rows < m->rows ? m->pixels - i * m->rows : m->rows;
        mean += parts[i * m->groups].mean * (double)rows;
    }
    mean /= (double)m->pixels;
    for (size_t i = 0; i < m->blocks; i++) {
        size_t rows = m->pixels - i * m->rows < m->rows ? m->pixels - i * m->rows : m->rows;
        double d = parts[i * m->groups].mean - mean;
        squares += parts[i * m->groups].squares + (double)rows * width * d * d;
    }
    double variance = squares / ((double)m->pixels * width);
    return (moments){mean, 1.0 / sqrt(variance + (double)w->s->node->u.norm.eps)};
}

/* Rows of image n: what to subtract from each channel, its factor, what to add.  What rounding
 * takes from the first is given back by the last. */
static void make_channels(const work *w, size_t n)
{
    const float *weight = w->s->weight[0]->data, *bias = w->s->bias->data;
    float *means = row_of(w, ROWS * n), *factors = row_of(w, ROWS * n + 1);
    float *addends = row_of(w, ROWS * n + 2);
    const float *shift = row_of(w, ROWS * n + SHIFT);
    size_t width = w->m.c / w->m.groups;
    for (size_t g = 0; g < w->m.groups; g++) {
        moments all = combine(w, n, g);
        for (size_t i = g * width; i < (g + 1) * width; i++) {
            double mean = all.mean - (double)shift[i], factor = all.squares * (double)weight[i];
            means[i] = (float)mean;
            factors[i] = (float)factor;
            addends[i] = (float)((double)bias[i] - (mean - (double)means[i]) * factor);
        }
    }
}

static void normalize_block(void *context, int64_t task, int thread)
{
    const work *w = context;
    const lt_cpu_simd *simd = w->b->simd;
    const image *m = &w->m;
    size_t n = (size_t)task / m->blocks, first = (size_t)task % m->blocks * m->rows;
    size_t rows = m->pixels - first < m->rows ? m->pixels - first : m->rows;
    const float *means = row_of(w, ROWS * n), *factors = row_of(w, ROWS * n + 1);
    const float *addends = row_of(w, ROWS * n + 2);
    float buf[PIECE], result[PIECE];
    (void)thread;
    for (size_t r = n * m->pixels + first; r < n * m->pixels + first + rows; r++)
        for (size_t c = 0; c < m->c; c += PIECE) {
            size_t k = m->c - c < PIECE ? m->c - c : PIECE, at = r * m->c + c;
            const float *x = lt_cpu_load(w->b, w->s->src[0], at, buf, k);
            float *y = lt_cpu_target(w->b, w->s->dst, at, result);
            simd->normalize(y, x, means + c, factors + c, addends + c, k);
            if (w->s->join->act >= 0)
                simd->activate((lt_act)w->s->join->act, y, y, k);
            lt_cpu_save(w->b, w->s->dst, at, y, k);
        }
}

/* What is added to each channel before the norm; zero if there is no such source. */
static void make_shifts(const work *w)
{
    size_t c = w->m.c;
    for (size_t n = 0; n < w->m.n; n++) {
        float *shift = row_of(w, ROWS * n + SHIFT);
        memset(shift, 0, c * sizeof *shift);
        if (w->s->node->nsrc == 2) {
            size_t row = n % lt_cpu_rows(w->s->node->src[1]) * w->s->row[1];
            const float *x = lt_cpu_load(w->b, w->s->src[1], row, shift, c);
            memmove(shift, x, c * sizeof *shift);
        }
    }
}

bool lt_cpu_group_norm_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    work w = {.b = b, .s = s, .m = image_of(s->node), .parts = scratch};
    int64_t tasks = (int64_t)(w.m.n * w.m.blocks);
    (void)err;
    w.channels = (char *)scratch + part_bytes(&w.m);
    make_shifts(&w);
    lt_cpu_for(b->threads, tasks, measure_block, &w);
    for (size_t n = 0; n < w.m.n; n++)
        make_channels(&w, n);
    lt_cpu_for(b->threads, tasks, normalize_block, &w);
    return true;
}

/* A task: LAYER_ROWS rows; the thread's row of scratch holds one row as float32. */
static void normalize_rows(void *context, int64_t task, int thread)
{
    const work *w = context;
    const lt_cpu_simd *simd = w->b->simd;
    size_t width = lt_cpu_width(w->s->node), rows = lt_cpu_rows(w->s->node);
    size_t first = (size_t)task * LAYER_ROWS;
    size_t end = rows - first < LAYER_ROWS ? rows : first + LAYER_ROWS;
    char *own = w->channels + (size_t)thread * lt_cpu_round_up(width * sizeof(float));
    float *buf = (float *)(void *)own;
    for (size_t r = first; r < end; r++) {
        float mean, variance;
        const float *x = lt_cpu_load(w->b, w->s->src[0], r * width, buf, width);
        float *y = lt_cpu_target(w->b, w->s->dst, r * width, buf);
        simd->moments(x, width, &mean, &variance);
        float rstd = (float)(1.0 / sqrt((double)variance + (double)w->s->node->u.norm.eps));
        simd->layer_norm(y, x, mean, rstd, w->s->weight[0]->data, w->s->bias->data, width);
        if (w->s->join->act >= 0)
            simd->activate((lt_act)w->s->join->act, y, y, width);
        lt_cpu_save(w->b, w->s->dst, r * width, y, width);
    }
}

bool lt_cpu_layer_norm_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    work w = {.b = b, .s = s, .channels = scratch};
    (void)err;
    lt_cpu_for(b->threads, (int64_t)((lt_cpu_rows(s->node) + LAYER_ROWS - 1) / LAYER_ROWS),
               normalize_rows, &w);
    return true;
}
