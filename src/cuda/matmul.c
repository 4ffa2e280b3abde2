/* matmul.c - see matmul.h; which matrix is which: gemm.h. */
#include "cuda/matmul.h"

#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda/gemm.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
#include "cuda/tune.h"

enum { TRIED = 16, WORKSPACE = 32 << 20 /* bytes, as cuBLAS takes on sm_90 */ };

struct lt_matmul {
    lt_gemm gemm;
    cublasLtHandle_t handle; /* of the stream */
    cublasLtMatmulDesc_t product;
    cublasLtMatrixLayout_t a, b, c; /* owned, as product; c: of C and D */
    cublasLtMatmulAlgo_t algorithm;
    size_t workspace; /* that the algorithm needs */
};

/* What the cache has of a shape. */
typedef struct choice {
    cublasLtMatmulAlgo_t algorithm;
    uint64_t workspace;
} choice;

static bool check(cublasStatus_t status, const char *what, lt_error *err)
{
    return status == CUBLAS_STATUS_SUCCESS || lt_fail(err, LT_ERR_DEVICE, NULL, "cuBLASLt: %s: %s",
                                                      what, cublasLtGetStatusString(status));
}

static cudaDataType_t type_of(lt_dtype t)
{
    return t == LT_F16 ? CUDA_R_16F : t == LT_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

/* ---- descriptions ---- */

static bool set(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t what, const void *value,
                size_t bytes, lt_error *err)
{
    return check(cublasLtMatmulDescSetAttribute(d, what, value, bytes), "description", err);
}

static bool lay(cublasLtMatrixLayout_t *out, const lt_gemm_matrix *m, cudaDataType_t type,
                lt_error *err)
{
    return check(
        cublasLtMatrixLayoutCreate(out, type, (uint64_t)m->rows, (uint64_t)m->columns, m->ld),
        "layout", err);
}

static bool set_bias(const lt_matmul *m, const void *bias, lt_error *err)
{
    return !m->gemm.bias ||
           set(m->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias, err);
}

/* Heuristics read of the bias' address only how it is aligned: any will do until a run has one. */
static bool describe(lt_matmul *m, const lt_matmul_shape *s, lt_error *err)
{
    const lt_gemm *g = &m->gemm;
    cudaDataType_t type = type_of(s->dtype), y_type = type_of(s->wide ? LT_F32 : s->dtype);
    cublasOperation_t a = g->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasOperation_t b = g->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasLtEpilogue_t end = g->bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
    /* CUBLAS_COMPUTE_32F: sums in float32, and f32 is not rounded to TF32 */
    return check(cublasLtMatmulDescCreate(&m->product, CUBLAS_COMPUTE_32F, CUDA_R_32F),
                 "description", err) &&
           set(m->product, CUBLASLT_MATMUL_DESC_TRANSA, &a, sizeof a, err) &&
           set(m->product, CUBLASLT_MATMUL_DESC_TRANSB, &b, sizeof b, err) &&
           set(m->product, CUBLASLT_MATMUL_DESC_EPILOGUE, &end, sizeof end, err) &&
           lay(&m->a, &g->a, type, err) && lay(&m->b, &g->b, type, err) &&
           lay(&m->c, &g->c, y_type, err) &&
           set_bias(m, (const void *)(uintptr_t)LT_GEMM_ALIGNMENT, err);
}

/* ---- algorithms ---- */

static bool prefer(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t what,
                   const void *value, size_t bytes, lt_error *err)
{
    return check(cublasLtMatmulPreferenceSetAttribute(p, what, value, bytes), "preference", err);
}

/* Sums of parts of a long row are added in float32 and always in the same order. */
static bool state_preferences(cublasLtMatmulPreference_t p, const lt_gemm *g, lt_error *err)
{
    const uint64_t workspace = WORKSPACE;
    const uint32_t sums = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    const uint32_t align[] = {(uint32_t)g->a.align, (uint32_t)g->b.align, (uint32_t)g->c.align};
    return prefer(p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace, err) &&
           prefer(p, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &sums, sizeof sums, err) &&
           prefer(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &align[0], sizeof *align, err) &&
           prefer(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &align[1], sizeof *align, err) &&
           prefer(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &align[2], sizeof *align, err) &&
           prefer(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &align[2], sizeof *align, err);
}

static bool propose(const lt_matmul *m, choice out[TRIED], int *count, lt_error *err)
{
    cublasLtMatmulHeuristicResult_t found[TRIED];
    cublasLtMatmulPreference_t p = NULL;
    int got = 0;
    *count = 0;
    bool ok = check(cublasLtMatmulPreferenceCreate(&p), "preference", err) &&
              state_preferences(p, &m->gemm, err) &&
              check(cublasLtMatmulAlgoGetHeuristic(m->handle, m->product, m->a, m->b, m->c, m->c, p,
                                                   TRIED, found, &got),
                    "no algorithm", err);
    if (p)
        cublasLtMatmulPreferenceDestroy(p);
    for (int i = 0; ok && i < got; i++)
        if (found[i].state == CUBLAS_STATUS_SUCCESS && found[i].workspaceSize <= WORKSPACE)
            out[(*count)++] = (choice){found[i].algo, found[i].workspaceSize};
    if (ok && *count == 0)
        ok = lt_fail(err, LT_ERR_DEVICE, NULL, "cuBLASLt: no algorithm");
    return ok;
}

static bool multiply(lt_gpu_stream *s, const lt_matmul *m, const cublasLtMatmulAlgo_t *algorithm,
                     const void *const operand[4] /* x, w, z, y */, void *workspace, size_t bytes,
                     lt_error *err)
{
    const float one = 1, beta = m->gemm.beta;
    const void *z = operand[2] ? operand[2] : operand[3];
    return check(cublasLtMatmul(m->handle, m->product, &one, operand[1], m->a, operand[0], m->b,
                                &beta, z, m->c, (void *)operand[3], m->c, algorithm, workspace,
                                bytes, lt_gpu_stream_handle(s)),
                 "product", err);
}

typedef struct trial {
    lt_gpu_stream *stream;
    const lt_matmul *matmul;
    const choice *choice;
    const void *operand[4];
    void *workspace;
} trial;

static bool put(void *context, int i, lt_error *err)
{
    const trial *t = context;
    return multiply(t->stream, t->matmul, &t->choice[i].algorithm, t->operand, t->workspace,
                    WORKSPACE, err);
}

/* *best stays 0 where there is no memory to measure in. */
static bool choose(lt_gpu_stream *s, const lt_matmul *m, const lt_matmul_shape *shape,
                   const choice *choices, int count, int *best, lt_error *err)
{
    size_t size = lt_dtype_size(shape->dtype);
    size_t y = (size_t)(shape->rows * shape->y_row) * (shape->wide ? sizeof(float) : size);
    const size_t bytes[] = {(size_t)(shape->rows * shape->x_row) * size,
                            (size_t)((shape->turned ? shape->in : shape->out) * shape->w_row) *
                                size,
                            shape->addend ? y : 0,
                            y,
                            (size_t)shape->out * size,
                            WORKSPACE};
    lt_tune_memory memory;
    if (!lt_tune_memory_new(s, shape->dtype, bytes, 6, &memory, err))
        return err->code == LT_ERR_MEMORY;
    trial t = {.stream = s, .matmul = m, .choice = choices, .workspace = memory.operand[5]};
    for (int i = 0; i < 4; i++)
        t.operand[i] = memory.operand[i];
    bool ok = set_bias(m, memory.operand[4], err) && lt_tune_fastest(s, count, put, &t, best, err);
    lt_tune_memory_done(s, &memory);
    return ok;
}

/* What the cache has, if cuBLASLt takes it. */
static bool known(lt_gpu_stream *s, const lt_matmul *m, const char *key, choice *out)
{
    size_t bytes;
    const char *kept = lt_plan_cache_find(lt_plans_cache(s), key, &bytes);
    cublasLtMatmulHeuristicResult_t now;
    if (!kept || bytes != sizeof *out)
        return false;
    memcpy(out, kept, sizeof *out);
    if (cublasLtMatmulAlgoCheck(m->handle, m->product, m->a, m->b, m->c, m->c, &out->algorithm,
                                &now) != CUBLAS_STATUS_SUCCESS)
        return false;
    out->workspace = now.workspaceSize;
    return out->workspace <= WORKSPACE;
}

static bool pick(lt_gpu_stream *s, lt_matmul *m, const lt_matmul_shape *shape, const char *key,
                 lt_error *err)
{
    choice choices[TRIED];
    int count, best = 0;
    if (!known(s, m, key, &choices[0])) {
        if (!propose(m, choices, &count, err) ||
            (count > 1 && !choose(s, m, shape, choices, count, &best, err)))
            return false;
        lt_plan_cache_put(lt_plans_cache(s), key, &choices[best], sizeof choices[best]);
    }
    m->algorithm = choices[best].algorithm;
    m->workspace = choices[best].workspace;
    return lt_gpu_workspace_grow(s, choices[best].workspace, err);
}

/* ---- the op ---- */

static void destroy(void *handle)
{
    cublasLtDestroy(handle);
}

static bool handle_of(lt_gpu_stream *s, cublasLtHandle_t *out, lt_error *err)
{
    void **slot = lt_gpu_slot(s, LT_GPU_SLOT_CUBLASLT, destroy);
    if (!*slot) {
        cublasLtHandle_t handle = NULL;
        if (!check(cublasLtCreate(&handle), "no handle for the device", err))
            return false;
        *slot = handle;
    }
    *out = *slot;
    return true;
}

bool lt_matmul_new(lt_gpu_stream *s, const lt_matmul_shape *shape, lt_matmul **out, lt_error *err)
{
    char key[LT_SHAPE_WORDS];
    if (!lt_gemm_check(shape, err))
        return false;
    lt_matmul *m = lt_alloc(sizeof *m);
    lt_gemm_of(shape, &m->gemm);
    lt_matmul_shape_text(shape, key);
    if (describe(m, shape, err) && handle_of(s, &m->handle, err) && pick(s, m, shape, key, err)) {
        *out = m;
        return true;
    }
    lt_matmul_free(m);
    return lt_fail_in(err, "%s", key);
}

void lt_matmul_free(lt_matmul *m)
{
    if (!m)
        return;
    cublasLtMatrixLayout_t layouts[] = {m->a, m->b, m->c};
    for (int i = 0; i < 3; i++)
        if (layouts[i])
            cublasLtMatrixLayoutDestroy(layouts[i]);
    if (m->product)
        cublasLtMatmulDescDestroy(m->product);
    free(m);
}

size_t lt_matmul_workspace(const lt_matmul *m)
{
    return m->workspace;
}

bool lt_matmul_run(lt_gpu_stream *s, const lt_matmul *m, const void *x, const void *w,
                   const void *bias, const void *z, void *y, lt_error *err)
{
    const void *const operand[] = {x, w, z, y};
    return set_bias(m, bias, err) &&
           multiply(s, m, &m->algorithm, operand, lt_gpu_workspace(s), m->workspace, err);
}
