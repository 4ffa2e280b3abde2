/* tensor.c - see tensor.h. */
#include "tensor/tensor.h"

#include <inttypes.h>
#include <stdio.h>

const char *lt_dtype_name(lt_dtype t)
{
    static const char *const names[] = {
        [LT_F32] = "f32", [LT_F16] = "f16", [LT_BF16] = "bf16", [LT_I32] = "i32", [LT_U8] = "u8"};
    return names[t];
}

int64_t lt_shape_count(const lt_shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->ndim; i++)
        n *= s->dim[i];
    return n;
}

bool lt_shape_equal(const lt_shape *a, const lt_shape *b)
{
    if (a->ndim != b->ndim)
        return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

char *lt_shape_text(const lt_shape *s, char buffer[64])
{
    size_t n = (size_t)snprintf(buffer, 64, "[");
    for (int i = 0; i < s->ndim && n < 63; i++)
        n += (size_t)snprintf(buffer + n, 64 - n, "%s%" PRId64, i ? "," : "", s->dim[i]);
    if (n < 63)
        snprintf(buffer + n, 64 - n, "]");
    return buffer;
}
