/*
 * bench_cpu.c - processor time and GFLOP/s of the ops that Stable Diffusion spends its time in,
 * each also as a ratio to a large matrix product of the same run (a shared machine moves both).
 * With more than one thread the time is the sum over threads, waiting included. Usage: cpu_bench
 * f32|bf16 THREADS.  Not a test.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu/cpu.h"
#include "graph_run.h"

enum { REPEATS = 7 };

typedef lt_tensor *build_case(lt_graph *g);
typedef struct bench_case {
    const char *name;
    build_case *build;
    double gflop;
} bench_case;

static lt_tensor *image(lt_graph *g, const char *name, int size, int c)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 4, .dim = {1, size, size, c}});
}

static lt_tensor *rows(lt_graph *g, const char *name, int s, int c)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 3, .dim = {1, s, c}});
}

static lt_tensor *matmul(lt_graph *g)
{
    return lt_linear(g, "fc", rows(g, "x", 2048, 2048), 2048, false);
}

static lt_tensor *conv320(lt_graph *g)
{
    return lt_conv2d(g, "c", image(g, "x", 64, 320), 320, 3);
}

static lt_tensor *conv320_residual(lt_graph *g)
{
    lt_tensor *x = image(g, "x", 64, 320);
    return lt_add(g, lt_conv2d(g, "c", x, 320, 3), x);
}

static lt_tensor *conv1280(lt_graph *g)
{
    return lt_conv2d(g, "c", image(g, "x", 16, 1280), 1280, 3);
}

static lt_tensor *conv1x1(lt_graph *g)
{
    return lt_conv2d(g, "c", image(g, "x", 64, 320), 320, 1);
}

static lt_tensor *feed(lt_graph *g)
{
    return lt_linear(g, "fc", rows(g, "x", 4096, 320), 2560, true);
}

static lt_tensor *geglu(lt_graph *g)
{
    return lt_geglu(g, rows(g, "x", 4096, 2560));
}

static lt_tensor *self_attention(lt_graph *g)
{
    return lt_attention(g, rows(g, "q", 4096, 320), rows(g, "k", 4096, 320),
                        rows(g, "v", 4096, 320), 8, false);
}

static lt_tensor *cross_attention(lt_graph *g)
{
    return lt_attention(g, rows(g, "q", 4096, 320), rows(g, "k", 77, 320), rows(g, "v", 77, 320), 8,
                        false);
}

static lt_tensor *vae_attention(lt_graph *g)
{
    return lt_attention(g, rows(g, "q", 4096, 512), rows(g, "k", 4096, 512),
                        rows(g, "v", 4096, 512), 1, false);
}

static lt_tensor *norm_silu(lt_graph *g)
{
    return lt_activation(g, LT_SILU, lt_group_norm(g, "n", image(g, "x", 64, 320), 32, 1e-5F));
}

static lt_tensor *layer_norm(lt_graph *g)
{
    return lt_layer_norm(g, "n", rows(g, "x", 4096, 320), 1e-5F);
}

static lt_tensor *concat(lt_graph *g)
{
    return lt_concat(g, image(g, "a", 64, 320), image(g, "b", 64, 320));
}

static const bench_case cases[] = {
    {"matmul 2048^3", matmul, 2e-9 * 2048 * 2048 * 2048},
    {"conv 64x64 320->320 3x3", conv320, 2e-9 * 4096 * 320 * 320 * 9},
    {"  + residual", conv320_residual, 2e-9 * 4096 * 320 * 320 * 9},
    {"conv 16x16 1280->1280 3x3", conv1280, 2e-9 * 256 * 1280 * 1280 * 9},
    {"conv 64x64 320->320 1x1", conv1x1, 2e-9 * 4096 * 320 * 320},
    {"linear 4096x320 -> 2560", feed, 2e-9 * 4096 * 320 * 2560},
    {"geglu 4096 x 1280", geglu, 0},
    {"attention 4096x4096 8 x 40", self_attention, 4e-9 * 4096 * 4096 * 320},
    {"attention 4096x77 8 x 40", cross_attention, 4e-9 * 4096 * 77 * 320},
    {"attention 4096x4096 1 x 512", vae_attention, 4e-9 * 4096 * 4096 * 512},
    {"group norm + silu 64x64x320", norm_silu, 0},
    {"layer norm 4096x320", layer_norm, 0},
    {"concat 64x64 320+320", concat, 0},
};

/* Processor time: other programs on the machine do not count. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds of the fastest of REPEATS runs; negative on failure. */
static double time_case(lt_backend *b, const bench_case *c, lt_error *err)
{
    const lt_backend_ops *ops = &lt_cpu_backend;
    lt_graph *g = lt_graph_new();
    lt_program *p = NULL;
    lt_output(g, "y", c->build(g));
    graph_weights w = graph_weights_set(g, 1, LT_F32, 0);
    double best = -1;
    bool ok = ops->compile(b, g, &p, NULL, err);
    for (int i = 0; ok && i < REPEATS; i++) {
        ok = graph_write_inputs(ops, p, g, 2, err); /* else there would be nothing to compute */
        double start = now();
        ok = ok && ops->run(p, NULL, err);
        double took = now() - start;
        best = best < 0 || took < best ? took : best;
    }
    ops->discard(b, p);
    ops->forget(b, w.bytes, w.size);
    graph_weights_free(&w);
    lt_graph_free(g);
    return ok ? best : -1;
}

int main(int argc, char **argv)
{
    lt_backend_options options = {.dtype = LT_F32, .threads = argc > 2 ? atoi(argv[2]) : 1};
    lt_backend *b = NULL;
    lt_error err;
    double peak = 0;
    if (argc > 1 && strcmp(argv[1], "bf16") == 0)
        options.dtype = LT_BF16;
    if (!lt_cpu_backend.open(&options, &b, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double s = time_case(b, &cases[i], &err), rate = cases[i].gflop / s;
        if (s < 0) {
            fprintf(stderr, "%s\n", err.message);
            break;
        }
        peak = i == 0 ? rate : peak;
        printf("%-30s %8.2f ms %8.1f GFLOP/s %5.2f\n", cases[i].name, s * 1e3, rate, rate / peak);
    }
    lt_cpu_backend.close(b);
    return 0;
}
