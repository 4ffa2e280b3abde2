/* cpu_rgb.c - RGB: pictures as bytes. */
#include <math.h>
#include <string.h>

#include "cpu/cpu_internal.h"

enum { PIECE = 1024 };

typedef struct work {
    const lt_backend *b;
    const lt_cpu_step *s;
    size_t count, part; /* numbers; in one of LT_RGB_PARTS */
} work;

/* Without branches, so that it is done in vectors; 2^23 rounds to whole numbers, half to even.  NaN
 * is 0: comparisons with it are false. */
static bool convert(unsigned char *y, const float *x, size_t n)
{
    const float whole = 8388608.0F;
    float sum = 0; /* NaN and Inf survive every addition of x * 0 */
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * 0.5F + 0.5F;
        v = v > 0.0F ? v : 0.0F;
        v = v < 1.0F ? v : 1.0F;
        y[i] = (unsigned char)(int)((v * 255.0F + whole) - whole);
        sum += x[i] * 0.0F;
    }
    return sum == 0.0F;
}

static void convert_part(void *context, int64_t task, int thread)
{
    const work *w = context;
    unsigned char *y = w->s->dst;
    size_t at = (size_t)task * w->part, end = at + w->part < w->count ? at + w->part : w->count;
    bool finite = true;
    float buf[PIECE];
    (void)thread;
    for (size_t n; at < end; at += n) {
        n = end - at < PIECE ? end - at : PIECE;
        finite &= convert(y + at, lt_cpu_load(w->b, w->s->src[0], at, buf, n), n);
    }
    y[w->count + (size_t)task] = !finite;
}

bool lt_cpu_rgb_run(lt_backend *b, const lt_cpu_step *s, void *scratch, lt_error *err)
{
    int64_t count = lt_shape_count(&s->node->src[0]->shape);
    work w = {.b = b, .s = s, .count = (size_t)count, .part = (size_t)lt_rgb_part(count)};
    (void)scratch;
    (void)err;
    lt_cpu_for(b->threads, LT_RGB_PARTS, convert_part, &w);
    return true;
}
