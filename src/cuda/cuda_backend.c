/* cuda_backend.c - the CUDA backend's row in the table of backends: opening, closing, weights. */
#include "cuda/cuda_backend.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/backend_impl.h"
#include "cuda/program.h"

#define GIB (1024.0 * 1024.0 * 1024.0)

/* True if one of the GPUs can be used; why: of the first that cannot. */
static bool cuda_usable(lt_error *why)
{
    int count = lt_gpu_count(why);
    lt_error other;
    lt_gpu_facts facts;
    for (int i = 0; i < count; i++)
        if (lt_gpu_facts_of(i, &facts, i ? &other : why))
            return true;
    return false;
}

static void add_version(lt_buf *out, const char *name, size_t v)
{
    lt_buf_format(out, ", %s %zu.%zu.%zu", name, v / 10000, v % 10000 / 100, v % 100);
}

static void cuda_describe(lt_buf *out)
{
    lt_error why = {0};
    lt_gpu_facts f = {0};
    int count = lt_gpu_count(&why);
    for (int i = 0; i < count; i++) {
        if (lt_gpu_facts_of(i, &f, &why))
            lt_buf_format(out, "GPU %d: %s, compute capability %d.%d, %.1f of %.1f GiB free\n", i,
                          f.name, f.major, f.minor, (double)f.free_memory / GIB,
                          (double)f.memory / GIB);
        else
            lt_buf_format(out, "GPU %d: not used: %s\n", i, why.message);
    }
    if (!f.runtime)
        return;
    lt_buf_format(out, "CUDA %d.%d, driver for %d.%d", f.runtime / 1000, f.runtime % 1000 / 10,
                  f.driver / 1000, f.driver % 1000 / 10);
    add_version(out, "cuDNN", f.cudnn);
    add_version(out, "cuBLASLt", f.cublas);
    lt_buf_char(out, '\n');
}

static bool cuda_supports(lt_dtype dtype, bool *fast)
{
    lt_error why;
    *fast = dtype == LT_F16;
    return (dtype == LT_F16 || dtype == LT_BF16 || dtype == LT_F32) && cuda_usable(&why);
}

static void cuda_close(lt_backend *b)
{
    if (!b)
        return;
    if (b->stream)
        lt_cuda_weights_done(&b->weights);
    lt_cuda_pool_done(&b->ops);
    lt_cuda_pool_done(&b->ops_beside);
    lt_gpu_stream_close(b->beside);
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
    if (!lt_gpu_open(options->device, &b->gpu, err) ||
        !lt_gpu_stream_open(b->gpu, false, &b->stream, err)) {
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

/* The workspaces of the libraries count as activations. */
static lt_memory cuda_memory(const lt_backend *b)
{
    size_t workspaces = lt_gpu_workspace_size(b->stream);
    workspaces += b->beside ? lt_gpu_workspace_size(b->beside) : 0;
    return (lt_memory){.weights = b->weights.bytes, .activations = b->activations + workspaces};
}

static size_t cuda_room(const lt_backend *b)
{
    size_t room = lt_gpu_room(b->gpu);
    return room ? room : SIZE_MAX;
}

const lt_backend_ops lt_cuda_ops = {
    .name = "cuda",
    .what = "NVIDIA GPUs, through cuDNN and cuBLASLt: f16, bf16 and f32",
    .group = 8,
    .one_prompt = true,
    .usable = cuda_usable,
    .describe = cuda_describe,
    .supports = cuda_supports,
    .open = cuda_open,
    .close = cuda_close,
    .compile = lt_cuda_program_compile,
    .forecast = lt_cuda_program_forecast,
    .discard = lt_cuda_program_discard,
    .write = lt_cuda_program_write,
    .run = lt_cuda_program_run,
    .measure = lt_cuda_program_measure,
    .compile_beside = lt_cuda_program_compile_beside,
    .start = lt_cuda_program_start,
    .finished = lt_cuda_program_finished,
    .read = lt_cuda_program_read,
    .forget = cuda_forget,
    .memory = cuda_memory,
    .room = cuda_room,
};
