/* bench_machine.c - what the machine can do: a large matrix product, and memory; see bench.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/bench.h"
#include "tensor/cost.h"
#include "tensor/half.h"

typedef struct product {
    lt_program *program;
    const lt_tensor *x; /* [side,side] */
    float *numbers;     /* owned: of x */
} product;

/* Runs p a few times: the seconds of the fastest.  x is written before each: what a backend has
 * computed from the same input it may keep. */
static bool fastest(const lt_backend_ops *ops, const product *p, double *out, lt_progress *progress,
                    lt_error *err)
{
    enum { RUNS = 5 };
    const double enough = 2; /* seconds: the reference takes longer for one */
    double begun = lt_clock(), best = 0;
    for (int i = 0; i < RUNS && (i == 0 || lt_clock() - begun < enough); i++) {
        if (!ops->write(p->program, p->x, p->numbers, (size_t)lt_shape_count(&p->x->shape), err))
            return false;
        double start = lt_clock();
        if (!ops->run(p->program, progress, err))
            return false;
        double took = lt_clock() - start;
        best = i == 0 || took < best ? took : best;
    }
    *out = best;
    return true;
}

bool lt_bench_matmul(const lt_backend_ops *ops, const lt_backend_options *options, double *out,
                     lt_progress *progress, lt_error *err)
{
    const int side = LT_BENCH_MATMUL_SIDE;
    size_t count = (size_t)side * (size_t)side;
    double seconds = 0;
    lt_backend *backend = NULL;
    product p = {0};
    void *numbers = NULL;
    lt_synthetic *weights = lt_synthetic_new();
    lt_graph *g = lt_graph_new();
    lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 2, .dim = {side, side}});
    lt_tensor *y = lt_output(g, "y", lt_linear(g, "matmul", x, side, false)); /* [side,side] */
    p.x = x;
    bool ok = lt_graph_ok(g, err) &&
              lt_try_alloc(count * sizeof(float), "a matrix", &numbers, err) &&
              lt_synthetic_bind(weights, g, err) && ops->open(options, &backend, err) &&
              ops->compile(backend, g, &p.program, progress, err);
    p.numbers = numbers;
    if (ok) {
        lt_to_f32(p.numbers, lt_graph_param(g, 0)->source.data, LT_F16, count);
        ok = fastest(ops, &p, &seconds, progress, err);
    }
    if (ok)
        *out = lt_tensor_flop(y) / seconds;
    if (backend) {
        ops->discard(backend, p.program);
        ops->close(backend);
    }
    lt_graph_free(g);
    lt_synthetic_free(weights);
    free(p.numbers);
    return ok;
}

size_t lt_bench_peak_rss(void)
{
    char line[256];
    size_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && !kib && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %zu kB", &kib) != 1)
            kib = 0;
    if (f)
        fclose(f);
    return kib * 1024;
}
