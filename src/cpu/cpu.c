/* cpu.c - the CPU backend's row in the table of backends: opening, closing, weights. */
#include "cpu/cpu.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cpu/cpu_internal.h"
#include "cpu/cpu_program.h"

enum {
    MAX_THREADS = 1024,
    /* Small products gain from each other, large ones push each other out of the caches
     * (docs/SPEED.md). */
    GROUP = 4,
    GROUP_AREA = 64 * 64,
};

static bool cpu_supports(lt_dtype dtype, bool *fast)
{
    bool bf16_fast, bf16 = lt_dnnl_has_bf16(&bf16_fast);
    *fast = dtype == LT_BF16 ? bf16 && bf16_fast : dtype == LT_F32 && !(bf16 && bf16_fast);
    return dtype == LT_F32 || (dtype == LT_BF16 && bf16);
}

static void cpu_close(lt_backend *b)
{
    if (!b)
        return;
    lt_cpu_weights_done(&b->weights);
    lt_dnnl_close(b->dnnl);
    free(b->errors);
    free(b);
}

static bool cpu_open(const lt_backend_options *options, lt_backend **out, lt_error *err)
{
    bool fast;
    if (!cpu_supports(options->dtype, &fast))
        return lt_fail(err, LT_ERR_ARGUMENT, "--dtype f32",
                       "backend 'cpu' cannot compute in %s on this processor",
                       lt_dtype_name(options->dtype));
    if (options->threads < 0 || options->threads > MAX_THREADS)
        return lt_fail(err, LT_ERR_ARGUMENT, "--threads 0 uses what the process may use",
                       "%d threads, expected 0 to %d", options->threads, MAX_THREADS);
    lt_backend *b = lt_alloc(sizeof *b);
    b->dtype = options->dtype;
    b->threads = options->threads ? options->threads : lt_cpu_threads_allowed();
    b->simd = lt_cpu_simd_best();
    b->errors = lt_alloc_array((size_t)b->threads, sizeof *b->errors);
    if (!lt_dnnl_open(&b->dnnl, err)) {
        cpu_close(b);
        return false;
    }
    *out = b;
    return true;
}

static void cpu_describe(lt_buf *out)
{
    bool fast, bf16 = lt_dnnl_has_bf16(&fast);
    lt_buf_format(out, "%d threads, own code for %s, oneDNN ", lt_cpu_threads_allowed(),
                  lt_cpu_simd_best()->name);
    lt_dnnl_version(out);
    lt_buf_str(out, !bf16 ? "\n" : fast ? " with native bf16\n" : " with emulated bf16\n");
}

static void cpu_forget(lt_backend *b, const void *from, size_t bytes)
{
    lt_cpu_weights_forget(&b->weights, from, bytes);
}

static lt_memory cpu_memory(const lt_backend *b)
{
    return (lt_memory){.weights = b->weights.bytes, .activations = b->activations};
}

const lt_backend_ops lt_cpu_backend = {
    .name = "cpu",
    .what = "this processor, through oneDNN: f32, and bf16 where it can",
    .group = GROUP,
    .group_area = GROUP_AREA,
    .one_prompt = true,
    .describe = cpu_describe,
    .supports = cpu_supports,
    .open = cpu_open,
    .close = cpu_close,
    .compile = lt_cpu_program_compile,
    .forecast = lt_cpu_program_forecast,
    .discard = lt_cpu_program_discard,
    .write = lt_cpu_program_write,
    .run = lt_cpu_program_run,
    .measure = lt_cpu_program_measure,
    .read = lt_cpu_program_read,
    .forget = cpu_forget,
    .memory = cpu_memory,
};
