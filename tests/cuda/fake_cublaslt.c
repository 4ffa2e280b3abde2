/* fake_cublaslt.c - see fake_cublaslt.h. */
#include "fake_cublaslt.h"

#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "tensor/half.h"

fake_cublaslt fake_cublas;

/* A matrix with columns one after the other, read through the library's description of it. */
typedef struct matrix {
    lt_dtype type;
    uint64_t rows, columns;
    int64_t ld;
} matrix;

static void ask_layout(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t what, void *out,
                       size_t bytes)
{
    size_t got;
    LT_ASSERT(cublasLtMatrixLayoutGetAttribute(l, what, out, bytes, &got) == CUBLAS_STATUS_SUCCESS);
}

static matrix matrix_of(cublasLtMatrixLayout_t l)
{
    matrix m = {0};
    cudaDataType_t type;
    ask_layout(l, CUBLASLT_MATRIX_LAYOUT_TYPE, &type, sizeof type);
    ask_layout(l, CUBLASLT_MATRIX_LAYOUT_ROWS, &m.rows, sizeof m.rows);
    ask_layout(l, CUBLASLT_MATRIX_LAYOUT_COLS, &m.columns, sizeof m.columns);
    ask_layout(l, CUBLASLT_MATRIX_LAYOUT_LD, &m.ld, sizeof m.ld);
    m.type = type == CUDA_R_16F ? LT_F16 : type == CUDA_R_16BF ? LT_BF16 : LT_F32;
    return m;
}

static void ask_product(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t what, void *out,
                        size_t bytes)
{
    size_t got;
    LT_ASSERT(cublasLtMatmulDescGetAttribute(d, what, out, bytes, &got) == CUBLAS_STATUS_SUCCESS);
}

static bool transposed(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t what)
{
    int32_t op;
    ask_product(d, what, &op, sizeof op);
    return op == CUBLAS_OP_T;
}

static float at(const void *data, const matrix *m, bool transpose, uint64_t row, uint64_t column)
{
    uint64_t r = transpose ? column : row, c = transpose ? row : column;
    LT_ASSERT(r < m->rows && c < m->columns);
    float x;
    size_t offset = (c * (uint64_t)m->ld + r) * lt_dtype_size(m->type);
    lt_to_f32(&x, (const char *)data + offset, m->type, 1);
    return x;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    *handle = malloc(1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    free(handle);
    return CUBLAS_STATUS_SUCCESS;
}

static unsigned preference(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t what)
{
    uint32_t value;
    size_t got;
    LT_ASSERT(cublasLtMatmulPreferenceGetAttribute(p, what, &value, sizeof value, &got) ==
              CUBLAS_STATUS_SUCCESS);
    return value;
}

/* The number of an algorithm is its first byte. */
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t p, int room,
                                              cublasLtMatmulHeuristicResult_t *out, int *count)
{
    (void)handle, (void)product, (void)a, (void)b, (void)c, (void)d;
    fake_cublas.proposals++;
    fake_cublas.align_a = preference(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
    fake_cublas.reduction = preference(p, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
    *count = fake_cublas.count < room ? fake_cublas.count : room;
    for (int i = 0; i < *count; i++) {
        out[i] = (cublasLtMatmulHeuristicResult_t){.workspaceSize = fake_cublas.workspace[i],
                                                   .state = CUBLAS_STATUS_SUCCESS};
        out[i].algo.data[0] = (uint64_t)i;
    }
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t *algo,
                                       cublasLtMatmulHeuristicResult_t *out)
{
    (void)handle, (void)product, (void)a, (void)b, (void)c, (void)d;
    if (fake_cublas.stale || algo->data[0] >= FAKE_ALGORITHMS)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    *out = (cublasLtMatmulHeuristicResult_t){.workspaceSize = fake_cublas.workspace[algo->data[0]]};
    return CUBLAS_STATUS_SUCCESS;
}

static void multiply(cublasLtMatmulDesc_t product, const void *a, const matrix *ma, const void *b,
                     const matrix *mb, float beta, const void *c, void *d, const matrix *mc)
{
    bool ta = transposed(product, CUBLASLT_MATMUL_DESC_TRANSA);
    bool tb = transposed(product, CUBLASLT_MATMUL_DESC_TRANSB);
    uint32_t end;
    const void *bias = NULL;
    ask_product(product, CUBLASLT_MATMUL_DESC_EPILOGUE, &end, sizeof end);
    if (end == CUBLASLT_EPILOGUE_BIAS)
        ask_product(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
    const matrix column = {mc->type, mc->rows, 1, (int64_t)mc->rows};
    for (uint64_t j = 0; j < mc->columns; j++)
        for (uint64_t i = 0; i < mc->rows; i++) {
            float sum = bias ? at(bias, &column, false, i, 0) : 0;
            for (uint64_t k = 0; k < (ta ? ma->rows : ma->columns); k++)
                sum += at(a, ma, ta, i, k) * at(b, mb, tb, k, j);
            if (beta != 0.0f)
                sum += beta * at(c, mc, false, i, j);
            lt_from_f32((char *)d + (j * (uint64_t)mc->ld + i) * lt_dtype_size(mc->type), mc->type,
                        &sum, 1);
        }
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                              const void *alpha, const void *a, cublasLtMatrixLayout_t la,
                              const void *b, cublasLtMatrixLayout_t lb, const void *beta,
                              const void *c, cublasLtMatrixLayout_t lc, void *d,
                              cublasLtMatrixLayout_t ld, const cublasLtMatmulAlgo_t *algo,
                              void *workspace, size_t bytes, cudaStream_t stream)
{
    (void)handle, (void)workspace, (void)stream;
    const matrix ma = matrix_of(la), mb = matrix_of(lb), mc = matrix_of(lc), md = matrix_of(ld);
    LT_ASSERT(memcmp(&mc, &md, sizeof mc) == 0 && *(const float *)alpha == 1.0f);
    fake_cublas.last = (int)algo->data[0];
    if (bytes < fake_cublas.workspace[fake_cublas.last])
        return CUBLAS_STATUS_INVALID_VALUE;
    multiply(product, a, &ma, b, &mb, *(const float *)beta, c, d, &mc);
    fake_work(fake_cublas.stream, fake_cublas.seconds[fake_cublas.last]);
    return CUBLAS_STATUS_SUCCESS;
}
