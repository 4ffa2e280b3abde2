/* source.c - see source.h. */
#include "tensor/source.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "tensor/half.h"

enum { BLOCK = 1024 };

/*
 * A number is not finite if its exponent is all ones.  Adding one at the exponent's lowest bit then
 * carries into the sign's place, which the mask has cleared.  Blocks have a fixed length and no
 * branches, so that compilers make vectors of them; the last, shorter one is padded with zeros.
 */
static bool block_finite16(const unsigned char *p, size_t n, uint16_t mask)
{
    uint16_t x[BLOCK] = {0}, carry = 0, one = (uint16_t)(0x8000u - mask);
    memcpy(x, p, n * sizeof *x);
    for (int i = 0; i < BLOCK; i++)
        carry |= (uint16_t)((x[i] & mask) + one);
    return !(carry & 0x8000u);
}

static bool block_finite32(const unsigned char *p, size_t n)
{
    uint32_t x[BLOCK] = {0}, carry = 0;
    memcpy(x, p, n * sizeof *x);
    for (int i = 0; i < BLOCK; i++)
        carry |= (x[i] & 0x7F800000u) + 0x00800000u;
    return !(carry & 0x80000000u);
}

static bool block_finite(const unsigned char *p, size_t n, lt_dtype dtype)
{
    return dtype == LT_F32 ? block_finite32(p, n)
                           : block_finite16(p, n, dtype == LT_F16 ? 0x7C00 : 0x7F80);
}

bool lt_source_finite(const void *numbers, size_t n, lt_dtype dtype)
{
    const unsigned char *p = numbers;
    size_t bytes = lt_dtype_size(dtype);
    for (size_t at = 0; at < n; at += BLOCK)
        if (!block_finite(p + at * bytes, n - at < BLOCK ? n - at : BLOCK, dtype))
            return false;
    return true;
}

static bool fail_at(const lt_param *p, const unsigned char *block, size_t first, size_t n,
                    lt_error *err)
{
    float x[BLOCK];
    size_t i = 0;
    lt_to_f32(x, block, p->source.dtype, n);
    while (i + 1 < n && isfinite(x[i]))
        i++;
    return lt_fail(err, LT_ERR_MODEL, "the file is damaged; download it again",
                   "tensor '%s' holds %s, number %zu of %" PRId64, p->path,
                   isnan(x[i]) ? "NaN" : "infinity", first + i, lt_shape_count(&p->shape));
}

bool lt_source_check(const lt_param *p, lt_error *err)
{
    size_t count = (size_t)lt_shape_count(&p->shape), bytes = lt_dtype_size(p->source.dtype);
    for (size_t at = 0; at < count; at += BLOCK) {
        const unsigned char *block = (const unsigned char *)p->source.data + at * bytes;
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        if (!block_finite(block, n, p->source.dtype))
            return fail_at(p, block, at, n, err);
    }
    return true;
}

void lt_source_release(const lt_param *p)
{
    lt_map_release(p->source.data,
                   (size_t)lt_shape_count(&p->shape) * lt_dtype_size(p->source.dtype));
}
