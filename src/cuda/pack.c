/* pack.c - see pack.h. */
#include "cuda/pack.h"

#include <string.h>

#include "tensor/half.h"
#include "tensor/source.h"

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

/* Which number was it, and was it so in the file? */
static bool fail_not_finite(const lt_param *p, lt_dtype dtype, const float *wide, const void *out,
                            size_t n, lt_error *err)
{
    size_t i = 0, size = lt_dtype_size(dtype);
    if (!lt_source_check(p, err))
        return false;
    while (i + 1 < n && lt_source_finite((const char *)out + i * size, 1, dtype))
        i++;
    return lt_fail(err, LT_ERR_DEVICE, "--dtype f32",
                   "tensor '%s' is not finite in %s: it holds %g", p->path, lt_dtype_name(dtype),
                   (double)wide[i]);
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
        n = n < BLOCK ? n : BLOCK;
        const void *numbers = (const unsigned char *)p->source.data + place * in;
        if (stride > 1) {
            gather(gathered, numbers, stride, in, n);
            numbers = gathered;
        }
        if (source == dtype) {
            memcpy(out, numbers, n * size);
        } else {
            lt_to_f32(wide, numbers, source, n);
            lt_from_f32(out, dtype, wide, n);
        }
        if (!lt_source_finite(out, n, dtype))
            return fail_not_finite(p, dtype, wide, out, n, err);
    }
    return true;
}
