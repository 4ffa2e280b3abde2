/* pack.c - see pack.h. */
#include "cuda/pack.h"

#include <inttypes.h>
#include <string.h>

#include "tensor/half.h"

enum { BLOCK = 1024 };

size_t lt_cuda_numbers_count(const lt_cuda_numbers *n)
{
    size_t count = 0;
    for (int i = 0; i < LT_FUSED_PARTS && n->param[i]; i++)
        count += (size_t)lt_shape_count(&n->param[i]->shape);
    return count;
}

/* n elements that lie `stride` elements apart. */
static void gather(void *to, const unsigned char *from, size_t stride, size_t size, size_t n)
{
    unsigned char *out = to;
    if (size == 2)
        for (size_t i = 0; i < n; i++)
            memcpy(out + 2 * i, from + 2 * i * stride, 2);
    else
        for (size_t i = 0; i < n; i++)
            memcpy(out + 4 * i, from + 4 * i * stride, 4);
}

/* Of elements in the packed order from `at`: how many lie evenly in the source, where and how far
 * apart. */
static size_t run_at(const lt_param *p, bool taps, size_t at, size_t count, size_t *place,
                     size_t *stride)
{
    *place = at;
    *stride = 1;
    if (!taps)
        return count;
    size_t channels = (size_t)p->shape.dim[1], area = (size_t)(p->shape.dim[2] * p->shape.dim[3]);
    size_t row = at / channels, c = at % channels, left = channels - c; /* row: [O,k,k] */
    *place = (row / area * channels + c) * area + row % area;
    *stride = area;
    return left < count ? left : count;
}

/* The index of the first number that has become infinite, or n. */
static size_t first_infinite(const uint16_t *f16, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((f16[i] & 0x7C00u) == 0x7C00u)
            return i;
    return n;
}

static bool fail_large(const lt_param *p, float x, lt_error *err)
{
    return lt_fail(err, LT_ERR_DEVICE, "--dtype f32",
                   "tensor '%s' is not finite in f16: it holds %g, the largest is 65504", p->path,
                   (double)x);
}

bool lt_cuda_pack(const lt_param *p, lt_dtype dtype, bool taps, size_t from, size_t count, void *to,
                  lt_error *err)
{
    float wide[BLOCK], gathered[BLOCK];
    lt_dtype source = p->source.dtype;
    size_t in = lt_dtype_size(source), size = lt_dtype_size(dtype);
    unsigned char *out = to;
    for (size_t done = 0, n; done < count; done += n, out += n * size) {
        size_t place, stride;
        n = run_at(p, taps, from + done, count - done, &place, &stride);
        const unsigned char *numbers = (const unsigned char *)p->source.data + place * in;
        if (stride == 1 && source == dtype) {
            memcpy(out, numbers, n * size);
            continue;
        }
        n = n < BLOCK ? n : BLOCK;
        if (stride > 1) {
            gather(source == dtype ? (void *)out : gathered, numbers, stride, in, n);
            numbers = (const unsigned char *)gathered;
        }
        if (source == dtype)
            continue;
        lt_to_f32(wide, numbers, source, n);
        lt_from_f32(out, dtype, wide, n);
        size_t bad = dtype == LT_F16 ? first_infinite((const uint16_t *)(const void *)out, n) : n;
        if (bad < n)
            return fail_large(p, wide[bad], err);
    }
    return true;
}
