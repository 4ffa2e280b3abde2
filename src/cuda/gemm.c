/* gemm.c - see gemm.h. */
#include "cuda/gemm.h"

#include "cuda/shapes.h"

/* Columns of w as it lies. */
static int64_t w_width(const lt_matmul_shape *s)
{
    return s->turned ? s->out : s->in;
}

/* A part of a wider row begins at its first column, or as many columns later as it leaves over. */
static int alignment(const lt_matmul_shape *s, int64_t width, int64_t row)
{
    int64_t bytes = (row - width) * (int64_t)lt_dtype_size(s->dtype);
    int align = LT_GEMM_ALIGNMENT;
    while (bytes % align != 0)
        align /= 2;
    return align;
}

void lt_gemm_of(const lt_matmul_shape *s, lt_gemm *out)
{
    *out = (lt_gemm){
        .transpose_a = !s->turned,
        .a = {w_width(s), s->turned ? s->in : s->out, s->w_row, alignment(s, w_width(s), s->w_row)},
        .b = {s->in, s->rows, s->x_row, alignment(s, s->in, s->x_row)},
        .c = {s->out, s->rows, s->y_row, alignment(s, s->out, s->y_row)},
        .beta = s->addend ? 1.0f : 0.0f,
        .bias = s->bias};
}

bool lt_gemm_check(const lt_matmul_shape *s, lt_error *err)
{
    char text[LT_SHAPE_WORDS];
    if (s->rows >= 1 && s->in >= 1 && s->out >= 1 && s->x_row >= s->in && s->w_row >= w_width(s) &&
        s->y_row >= s->out)
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "%s: rows are at least as far apart as they are wide",
                   lt_matmul_shape_text(s, text));
}
