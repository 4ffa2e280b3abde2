/*
 * ref.c - the reference backend: one thread, float32, the loops of ref_ops.c.
 * Weights are converted once and kept by the address of their source and the layout.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tensor/backend.h"
#include "tensor/cost.h"
#include "tensor/half.h"
#include "tensor/plan.h"
#include "tensor/ref_ops.h"
#include "tensor/source.h"

typedef enum layout { AS_STORED, OUTPUTS_LAST } layout;

typedef struct packed {
    const void *source;
    layout layout;
    float *data; /* owned */
    size_t bytes;
} packed;

struct lt_backend {
    packed *weights; /* owned */
    size_t count, cap;
    size_t weight_bytes, activation_bytes;
};

struct lt_program {
    lt_backend *backend;   /* borrowed */
    const lt_graph *graph; /* borrowed */
    lt_plan plan;
    unsigned char *block; /* owned */
    double *scratch;      /* owned */
    const float **weight; /* [nodes], owned array of borrowed pointers */
    const float **bias;
};

static bool ref_supports(lt_dtype dtype, bool *fast)
{
    *fast = false;
    return dtype == LT_F32;
}

static bool ref_open(const lt_backend_options *options, lt_backend **out, lt_error *err)
{
    if (options->dtype != LT_F32)
        return lt_fail(err, LT_ERR_ARGUMENT, "--dtype f32", "backend 'ref' computes in f32, not %s",
                       lt_dtype_name(options->dtype));
    *out = lt_alloc(sizeof **out);
    return true;
}

static void ref_close(lt_backend *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++)
        free(b->weights[i].data);
    free(b->weights);
    free(b);
}

/* [O,C,k,k] to [k,k,C,O]; a linear layer is k = 1. */
static void outputs_last(float *to, const float *from, const lt_shape *s)
{
    int64_t area = s->ndim == 4 ? s->dim[2] * s->dim[3] : 1;
    for (int64_t o = 0; o < s->dim[0]; o++)
        for (int64_t c = 0; c < s->dim[1]; c++)
            for (int64_t k = 0; k < area; k++)
                to[(k * s->dim[1] + c) * s->dim[0] + o] = from[(o * s->dim[1] + c) * area + k];
}

static bool convert(const lt_param *p, layout how, float **out, size_t *bytes, lt_error *err)
{
    size_t n = (size_t)lt_shape_count(&p->shape);
    float *plain, *turned;
    *bytes = n * sizeof(float);
    if (!lt_source_check(p, err) || !lt_try_alloc(*bytes, p->path, (void **)&plain, err))
        return false;
    lt_to_f32(plain, p->source.data, p->source.dtype, n);
    lt_source_release(p);
    *out = plain;
    if (how == AS_STORED)
        return true;
    bool ok = lt_try_alloc(*bytes, p->path, (void **)&turned, err);
    if (ok) {
        outputs_last(turned, plain, &p->shape);
        *out = turned;
    }
    free(plain);
    return ok;
}

/* The converted numbers of p, made on first use. */
static bool weights(lt_backend *b, const lt_param *p, layout how, const float **out, lt_error *err)
{
    *out = NULL;
    if (!p)
        return true;
    if (!p->source.data)
        return lt_fail(err, LT_ERR_MODEL, NULL, "parameter '%s' has no weights", p->path);
    for (size_t i = 0; i < b->count; i++)
        if (b->weights[i].source == p->source.data && b->weights[i].layout == how) {
            *out = b->weights[i].data;
            return true;
        }
    packed w = {.source = p->source.data, .layout = how};
    if (!convert(p, how, &w.data, &w.bytes, err))
        return false;
    if (b->count == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 256;
        b->weights = lt_grow(b->weights, b->cap, sizeof *b->weights);
    }
    b->weights[b->count++] = w;
    b->weight_bytes += w.bytes;
    *out = w.data;
    return true;
}

static void ref_forget(lt_backend *b, const void *from, size_t bytes)
{
    uintptr_t low = (uintptr_t)from;
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        uintptr_t at = (uintptr_t)b->weights[i].source;
        if (at >= low && at - low < bytes) {
            b->weight_bytes -= b->weights[i].bytes;
            free(b->weights[i].data);
        } else {
            b->weights[kept++] = b->weights[i];
        }
    }
    b->count = kept;
}

static void ref_discard(lt_backend *b, lt_program *p)
{
    if (!p)
        return;
    b->activation_bytes -= p->block ? p->plan.bytes : 0;
    lt_plan_done(&p->plan);
    free(p->block);
    free(p->scratch);
    free(p->weight);
    free(p->bias);
    free(p);
}

static bool find_weights(lt_program *p, lt_error *err)
{
    for (int i = 0; i < lt_graph_nodes(p->graph); i++) {
        const lt_tensor *t = lt_graph_node(p->graph, i);
        bool turned = t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR;
        if (!weights(p->backend, t->weight, turned ? OUTPUTS_LAST : AS_STORED, &p->weight[i],
                     err) ||
            !weights(p->backend, t->bias, AS_STORED, &p->bias[i], err))
            return false;
    }
    return true;
}

/* Places the values; *scratch is in bytes. */
static bool plan(const lt_graph *g, lt_plan *out, size_t *scratch, lt_error *err)
{
    size_t nodes = (size_t)lt_graph_nodes(g), most = 1;
    size_t *bytes = lt_alloc_array(nodes, sizeof *bytes);
    for (size_t i = 0; i < nodes; i++) {
        const lt_tensor *t = lt_graph_node(g, (int)i);
        bytes[i] = (size_t)lt_shape_count(&t->shape) * lt_dtype_size(t->dtype);
        most = lt_ref_scratch(t) > most ? lt_ref_scratch(t) : most;
    }
    *scratch = most * sizeof(double);
    bool ok = lt_plan_make(g, &(lt_plan_hints){.size = bytes}, out, err);
    free(bytes);
    return ok;
}

static bool make_memory(lt_program *p, lt_error *err)
{
    size_t scratch;
    bool ok = plan(p->graph, &p->plan, &scratch, err) &&
              lt_try_alloc(p->plan.bytes, "activations", (void **)&p->block, err) &&
              lt_try_alloc(scratch, "scratch", (void **)&p->scratch, err);
    if (p->block)
        p->backend->activation_bytes += p->plan.bytes;
    return ok;
}

static bool has(const lt_backend *b, const lt_param *p)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->weights[i].source == p->source.data)
            return true;
    return false;
}

static bool ref_forecast(lt_backend *b, const lt_graph *g, lt_forecast *out, lt_error *err)
{
    lt_forecast f = {0};
    lt_plan places = {0};
    size_t scratch;
    if (!lt_graph_ok(g, err) || !plan(g, &places, &scratch, err))
        return false;
    f.activations = places.bytes + scratch;
    lt_plan_done(&places);
    for (int i = 0; i < lt_graph_params(g); i++) {
        const lt_param *p = lt_graph_param(g, i);
        size_t bytes = (size_t)lt_shape_count(&p->shape) * sizeof(float);
        if (has(b, p))
            continue;
        f.weights += bytes;
        f.packing = bytes > f.packing ? bytes : f.packing;
    }
    *out = f;
    return true;
}

static bool ref_compile(lt_backend *b, const lt_graph *g, lt_program **out, lt_progress *progress,
                        lt_error *err)
{
    size_t nodes = (size_t)lt_graph_nodes(g);
    if (!lt_graph_ok(g, err))
        return false;
    if (progress && atomic_load(&progress->cancel)) /* nothing is packed: it takes no time */
        return lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
    lt_program *p = lt_alloc(sizeof *p);
    p->backend = b;
    p->graph = g;
    p->weight = lt_alloc_array(nodes, sizeof *p->weight);
    p->bias = lt_alloc_array(nodes, sizeof *p->bias);
    if (!make_memory(p, err) || !find_weights(p, err)) {
        ref_discard(b, p);
        return false;
    }
    *out = p;
    return true;
}

static void *value(const lt_program *p, const lt_tensor *t)
{
    return p->block + p->plan.offset[p->plan.root[t->id]];
}

static bool ref_write(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                      lt_error *err)
{
    if (count != (size_t)lt_shape_count(&input->shape))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "input '%s' takes %lld values, not %zu",
                       input->name, (long long)lt_shape_count(&input->shape), count);
    memcpy(value(p, input), host, count * sizeof(float)); /* int32 ids are as wide */
    return true;
}

/* times: a row for each node, or NULL. */
static bool run_nodes(lt_program *p, lt_progress *progress, lt_step_time *times, lt_error *err)
{
    int nodes = lt_graph_nodes(p->graph);
    if (progress)
        atomic_store(&progress->total, nodes);
    for (int i = 0; i < nodes; i++) {
        const lt_tensor *t = lt_graph_node(p->graph, i);
        if (progress) {
            atomic_store_explicit(&progress->done, i, memory_order_relaxed);
            if (atomic_load_explicit(&progress->cancel, memory_order_relaxed))
                return lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
        }
        lt_ref_args a = {.node = t,
                         .y = value(p, t),
                         .weight = p->weight[i],
                         .bias = p->bias[i],
                         .scratch = p->scratch};
        for (int k = 0; k < t->nsrc; k++)
            a.x[k] = value(p, t->src[k]);
        double start = times ? lt_clock() : 0;
        lt_ref_compute(&a);
        if (times)
            times[i] =
                (lt_step_time){t->op, t->name, t->shape, lt_tensor_flop(t), lt_clock() - start};
    }
    if (progress)
        atomic_store(&progress->done, nodes);
    return true;
}

static bool ref_run(lt_program *p, lt_progress *progress, lt_error *err)
{
    return run_nodes(p, progress, NULL, err);
}

static bool ref_measure(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                        lt_error *err)
{
    int nodes = lt_graph_nodes(p->graph);
    lt_step_time *times = lt_alloc_array((size_t)nodes, sizeof *times);
    if (!run_nodes(p, progress, times, err)) {
        free(times);
        return false;
    }
    *out = times;
    *count = nodes;
    return true;
}

static bool ref_read(lt_program *p, const lt_tensor *output, void *host, size_t count,
                     lt_error *err)
{
    if (count != (size_t)lt_shape_count(&output->shape) || !output->output)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is no output of %zu values", output->name,
                       count);
    memcpy(host, value(p, output), count * lt_dtype_size(output->dtype));
    return true;
}

static lt_memory ref_memory(const lt_backend *b)
{
    return (lt_memory){.weights = b->weight_bytes, .activations = b->activation_bytes};
}

const lt_backend_ops lt_ref_backend = {
    .name = "ref",
    .group = 4,
    .group_area = 64 * 64,
    .one_prompt = true,
    .what = "plain C in float32, one thread: slow, the specification",
    .supports = ref_supports,
    .open = ref_open,
    .close = ref_close,
    .compile = ref_compile,
    .forecast = ref_forecast,
    .discard = ref_discard,
    .write = ref_write,
    .run = ref_run,
    .measure = ref_measure,
    .read = ref_read,
    .forget = ref_forget,
    .memory = ref_memory,
};
