/*
 * tensor.h - element types and shapes.
 *
 * Every tensor is row-major and contiguous, images with channels last: [N,H,W,C].  There are no
 * strides and no views, so [N,H,W,C] and [N,H*W,C] are the same bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum lt_dtype { LT_F32, LT_F16, LT_BF16, LT_I32, LT_U8 } lt_dtype;

enum { LT_MAX_DIMS = 4 };

typedef struct lt_shape {
    int ndim;                 /* 0..LT_MAX_DIMS */
    int64_t dim[LT_MAX_DIMS]; /* each >= 1; unused ones 0 */
} lt_shape;

static inline size_t lt_dtype_size(lt_dtype t)
{
    return t == LT_F32 || t == LT_I32 ? 4 : t == LT_U8 ? 1 : 2;
}

/* What a value of type t is kept as, where numbers are kept as `storage`. */
static inline lt_dtype lt_dtype_kept(lt_dtype t, lt_dtype storage)
{
    return t == LT_I32 || t == LT_U8 ? t : storage;
}

const char *lt_dtype_name(lt_dtype t);     /* "f32" "f16" "bf16" "i32" "u8" */
int64_t lt_shape_count(const lt_shape *s); /* product of the dimensions */
bool lt_shape_equal(const lt_shape *a, const lt_shape *b);
char *lt_shape_text(const lt_shape *s, char buffer[64]); /* "[2,64,64,320]"; returns buffer */
