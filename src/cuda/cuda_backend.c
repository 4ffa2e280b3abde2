/* cuda_backend.c - the CUDA backend's row in the table of backends: opening, closing, weights. */
#include "cuda/cuda_backend.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cuda/backend_impl.h"
#include "cuda/program.h"

static bool cuda_supports(lt_dtype dtype, bool *fast)
{
    lt_error why;
    *fast = dtype == LT_F16;
    return (dtype == LT_F16 || dtype == LT_BF16 || dtype == LT_F32) && lt_gpu_count(&why) > 0;
}

static void cuda_close(lt_backend *b)
{
    if (!b)
        return;
    if (b->stream)
        lt_cuda_weights_done(&b->weights);
    lt_cuda_pool_done(&b->ops);
    lt_gpu_stream_close(b->stream);
    lt_gpu_close(b->gpu);
    free(b);
}

static bool cuda_open(const lt_backend_options *options, lt_backend **out, lt_error *err)
{
    if (options->dtype == LT_I32)
        return lt_fail(err, LT_ERR_ARGUMENT, "--dtype f16", "backend 'cuda' cannot compute in %s",
                       lt_dtype_name(options->dtype));
    lt_backend *b = lt_alloc(sizeof *b);
    b->dtype = options->dtype;
    if (!lt_gpu_open(0, &b->gpu, err) || !lt_gpu_stream_open(b->gpu, false, &b->stream, err)) {
        cuda_close(b);
        return false;
    }
    b->weights.stream = b->stream;
    b->ops.stream = b->stream;
    *out = b;
    return true;
}

static void cuda_forget(lt_backend *b, const void *from, size_t bytes)
{
    lt_cuda_weights_forget(&b->weights, from, bytes);
}

/* The workspace of the libraries counts as activations. */
static lt_memory cuda_memory(const lt_backend *b)
{
    return (lt_memory){.weights = b->weights.bytes,
                       .activations = b->activations + lt_gpu_workspace_size(b->stream)};
}

const lt_backend_ops lt_cuda_ops = {
    .name = "cuda",
    .what = "an NVIDIA GPU, through cuDNN and cuBLASLt: f16, bf16 and f32",
    .supports = cuda_supports,
    .open = cuda_open,
    .close = cuda_close,
    .compile = lt_cuda_program_compile,
    .forecast = lt_cuda_program_forecast,
    .discard = lt_cuda_program_discard,
    .write = lt_cuda_program_write,
    .run = lt_cuda_program_run,
    .measure = lt_cuda_program_measure,
    .read = lt_cuda_program_read,
    .forget = cuda_forget,
    .memory = cuda_memory,
};
