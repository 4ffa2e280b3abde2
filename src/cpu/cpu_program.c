/*
 * cpu_program.c - from a graph to a list of steps and back to numbers: fuse, plan, prepare; write,
 * run, read.
 */
#include "cpu/cpu_program.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cpu/cpu_internal.h"
#include "tensor/half.h"
#include "tensor/ports.h"

enum { JOINS = LT_FUSE_UPSAMPLE | LT_FUSE_GEGLU };

struct lt_program {
    lt_backend *backend;    /* borrowed */
    const lt_graph *source; /* borrowed: the recorded graph, whose tensors the caller names */
    lt_fused fused;
    lt_fused_plan plan;
    char *block;        /* owned: all values */
    void *scratch;      /* owned: for one step at a time */
    size_t bytes;       /* of block and scratch */
    lt_cpu_step *steps; /* owned */
    int count;
    uint32_t stale; /* bits of the inputs that were written since the last whole run */
};

const lt_cpu_kernel lt_cpu_kernels[LT_OP_COUNT] = {
    [LT_OP_INPUT] = {NULL, NULL, NULL},
    [LT_OP_CONV2D] = {lt_cpu_conv_prepare, lt_cpu_product_run, lt_cpu_product_scratch},
    [LT_OP_LINEAR] = {lt_cpu_linear_prepare, lt_cpu_product_run, lt_cpu_product_scratch},
    [LT_OP_GROUP_NORM] = {lt_cpu_norm_prepare, lt_cpu_group_norm_run, lt_cpu_norm_scratch},
    [LT_OP_LAYER_NORM] = {lt_cpu_norm_prepare, lt_cpu_layer_norm_run, lt_cpu_norm_scratch},
    [LT_OP_ACTIVATION] = {NULL, lt_cpu_pointwise_run, NULL},
    [LT_OP_GEGLU] = {NULL, lt_cpu_pointwise_run, NULL},
    [LT_OP_ATTENTION] = {lt_cpu_attention_prepare, lt_cpu_attention_run, lt_cpu_attention_scratch},
    [LT_OP_ATTENTION_MAP] = {lt_cpu_attention_prepare, lt_cpu_attention_run,
                             lt_cpu_attention_scratch},
    [LT_OP_ADD] = {NULL, lt_cpu_pointwise_run, NULL},
    [LT_OP_CONCAT] = {NULL, lt_cpu_copy_run, NULL},
    [LT_OP_REPEAT] = {NULL, lt_cpu_copy_run, NULL},
    [LT_OP_RESIZE] = {NULL, lt_cpu_copy_run, NULL},
    [LT_OP_EMBED] = {lt_cpu_embed_prepare, lt_cpu_embed_run, NULL},
    [LT_OP_SLICE] = {NULL, lt_cpu_copy_run, NULL},
    [LT_OP_SCALE] = {NULL, lt_cpu_pointwise_run, NULL},
    [LT_OP_RGB] = {NULL, lt_cpu_rgb_run, NULL},
    [LT_OP_RESHAPE] = {NULL, NULL, NULL},
};

static const lt_cpu_kernel forms[] = {
    [LT_FUSED_UPSAMPLE] = {lt_cpu_upsample_prepare, lt_cpu_upsample_run, lt_cpu_upsample_scratch},
    [LT_FUSED_GEGLU] = {lt_cpu_geglu_prepare, lt_cpu_geglu_run, lt_cpu_geglu_scratch},
};

static bool is_cancelled(const lt_backend *b)
{
    return b->progress && atomic_load_explicit(&b->progress->cancel, memory_order_relaxed);
}

void lt_cpu_errors_clear(lt_backend *b)
{
    for (int i = 0; i < b->threads; i++)
        b->errors[i].code = LT_ERR_NONE;
}

bool lt_cpu_stopped(const lt_backend *b, int thread)
{
    lt_error *err = &b->errors[thread];
    if (err->code == LT_ERR_NONE && is_cancelled(b))
        lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
    return err->code != LT_ERR_NONE;
}

bool lt_cpu_errors_first(const lt_backend *b, lt_error *err)
{
    for (int i = 0; i < b->threads; i++)
        if (b->errors[i].code != LT_ERR_NONE) {
            *err = b->errors[i];
            return false;
        }
    return true;
}

void lt_cpu_step_ops(lt_cpu_step *s, int count)
{
    s->ops = lt_alloc_array((size_t)count, sizeof *s->ops);
    s->op_count = count;
}

static bool place_values(lt_program *p, lt_error *err)
{
    if (!lt_fused_plan_make(&p->fused, p->backend->dtype, &p->plan, err) ||
        !lt_try_alloc(p->plan.values.bytes, "activations", (void **)&p->block, err))
        return false;
    p->stale = p->plan.all;
    p->bytes = p->plan.values.bytes;
    p->backend->activations += p->bytes;
    return true;
}

static void *value(const lt_program *p, const lt_tensor *t)
{
    return p->block + lt_fused_plan_offset(&p->plan, t);
}

static const lt_cpu_kernel *kernel_of(const lt_program *p, const lt_tensor *t)
{
    lt_fused_form form = p->fused.node[t->id].form;
    return form == LT_FUSED_PLAIN ? &lt_cpu_kernels[t->op] : &forms[form];
}

static bool prepare_step(lt_program *p, const lt_tensor *t, lt_error *err)
{
    lt_cpu_step *s = &p->steps[p->count++];
    *s = (lt_cpu_step){
        .node = t, .join = &p->fused.node[t->id], .kernel = kernel_of(p, t), .dst = value(p, t)};
    for (int i = 0; i < t->nsrc; i++) {
        const lt_tensor *from = t->src[i];
        bool view = p->fused.node[from->id].view;
        s->src[i] = lt_cpu_at(p->backend, value(p, from), view ? (size_t)from->u.slice.from : 0);
        s->row[i] = lt_cpu_width(view ? from->src[0] : from);
    }
    if (s->kernel->prepare && !s->kernel->prepare(p->backend, s, err)) {
        lt_ports_fail_at(t, err);
        return lt_fail_in(err, "cannot compile");
    }
    return true;
}

static bool prepare_steps(lt_program *p, lt_progress *progress, lt_error *err)
{
    const lt_graph *g = p->fused.graph;
    size_t scratch = 0;
    p->steps = lt_alloc_array((size_t)lt_graph_nodes(g), sizeof *p->steps);
    if (progress)
        atomic_store(&progress->total, lt_graph_nodes(g));
    for (int i = 0; i < lt_graph_nodes(g); i++) {
        if (progress)
            atomic_store(&progress->done, i);
        if (progress && atomic_load(&progress->cancel))
            return lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
        const lt_tensor *t = lt_graph_node(g, i);
        if (!p->fused.node[i].needed || !lt_cpu_kernels[t->op].run)
            continue;
        if (!prepare_step(p, t, err))
            return false;
        size_t bytes = p->steps[p->count - 1].scratch;
        scratch = bytes > scratch ? bytes : scratch;
    }
    if (!lt_try_alloc(scratch, "scratch", &p->scratch, err))
        return false;
    p->bytes += scratch;
    p->backend->activations += scratch;
    return true;
}

/* Adds the weights that prepare will pack for a node; EMBED reads its rows from the checkpoint. */
static void forecast_weights(const lt_program *p, const lt_tensor *t, lt_forecast *f)
{
    const lt_cpu_weights *w = &p->backend->weights;
    const lt_fused_node *join = &p->fused.node[t->id];
    bool product = t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR;
    lt_cpu_numbers weights = {.param = {t->weight}}, bias = {.param = {t->bias}};
    if (t->op == LT_OP_EMBED || !t->weight)
        return;
    if (product) {
        memcpy(weights.param, join->weight, sizeof weights.param);
        memcpy(bias.param, join->bias, sizeof bias.param);
    }
    int phases = join->form == LT_FUSED_UPSAMPLE ? LT_CPU_PHASES : 1;
    for (int i = 0; i < phases; i++) {
        weights.phase = phases > 1 ? 1 + i : 0;
        lt_cpu_weights_forecast(w, &weights, product,
                                product ? lt_dtype_size(p->backend->dtype) : sizeof(float), f);
    }
    if (bias.param[0])
        lt_cpu_weights_forecast(w, &bias, false, sizeof(float), f);
}

static void forecast_steps(const lt_program *p, lt_forecast *f)
{
    size_t scratch = 0;
    for (int i = 0; i < lt_graph_nodes(p->fused.graph); i++) {
        const lt_tensor *t = lt_graph_node(p->fused.graph, i);
        const lt_cpu_kernel *kernel = kernel_of(p, t);
        if (!p->fused.node[i].needed)
            continue;
        size_t bytes = kernel->scratch ? kernel->scratch(p->backend, t) : 0;
        scratch = bytes > scratch ? bytes : scratch;
        forecast_weights(p, t, f);
    }
    f->activations = p->plan.values.bytes + scratch;
}

bool lt_cpu_program_forecast(lt_backend *b, const lt_graph *g, lt_forecast *out, lt_error *err)
{
    if (!lt_graph_ok(g, err) || !lt_ports_check_sources(g, err))
        return false;
    lt_program *p = lt_alloc(sizeof *p);
    p->backend = b;
    p->source = g;
    bool ok =
        lt_fuse(g, JOINS, &p->fused, err) && lt_fused_plan_make(&p->fused, b->dtype, &p->plan, err);
    if (ok) {
        *out = (lt_forecast){0};
        forecast_steps(p, out);
    }
    lt_cpu_program_discard(b, p);
    return ok;
}

bool lt_cpu_program_compile(lt_backend *b, const lt_graph *g, lt_program **out,
                            lt_progress *progress, lt_error *err)
{
    if (!lt_graph_ok(g, err) || !lt_ports_check_sources(g, err))
        return false;
    lt_program *p = lt_alloc(sizeof *p);
    p->backend = b;
    p->source = g;
    int before = lt_cpu_threads_use(b->threads);
    bool ok = lt_fuse(g, JOINS, &p->fused, err) && place_values(p, err) &&
              prepare_steps(p, progress, err);
    lt_cpu_threads_use(before);
    lt_cpu_weights_trim(&b->weights);
    if (ok)
        *out = p;
    else
        lt_cpu_program_discard(b, p);
    return ok;
}

void lt_cpu_program_discard(lt_backend *b, lt_program *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++) {
        lt_cpu_step *s = &p->steps[i];
        for (int k = 0; k < s->op_count; k++)
            lt_dnnl_op_free(s->ops[k]);
        free(s->ops);
        free(s->own);
        for (int k = 0; k < LT_CPU_WEIGHTS; k++)
            lt_cpu_weights_unpin(&b->weights, s->weight[k]);
        lt_cpu_weights_unpin(&b->weights, s->bias);
    }
    b->activations -= p->bytes;
    free(p->steps);
    free(p->block);
    free(p->scratch);
    lt_fused_plan_done(&p->plan);
    lt_fused_done(&p->fused);
    free(p);
}

bool lt_cpu_program_write(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                          lt_error *err)
{
    const lt_tensor *t = lt_ports_input(&p->fused, p->source, input, count, err);
    if (!t)
        return false;
    if (t->dtype == LT_I32)
        memcpy(value(p, t), host, count * sizeof(int32_t));
    else
        lt_from_f32(value(p, t), p->backend->dtype, host, count);
    p->stale |= p->plan.inputs[t->id];
    return true;
}

bool lt_cpu_program_read(lt_program *p, const lt_tensor *output, void *host, size_t count,
                         lt_error *err)
{
    const lt_tensor *t = lt_ports_output(&p->fused, p->source, output, count, err);
    if (!t)
        return false;
    if (t->dtype == LT_U8)
        memcpy(host, value(p, t), count);
    else
        lt_to_f32(host, value(p, t), p->backend->dtype, count);
    return true;
}

/* Runs what depends on an input that was written since the last run.  times: a row for each step,
 * or NULL. */
static bool run_steps(lt_program *p, lt_progress *progress, lt_step_time *times, lt_error *err)
{
    p->backend->progress = progress;
    for (int i = 0; i < p->count; i++) {
        const lt_cpu_step *s = &p->steps[i];
        if (is_cancelled(p->backend))
            return lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
        double start = times ? lt_clock() : 0;
        bool runs = (p->plan.inputs[s->node->id] & p->stale) != 0;
        if (runs && !s->kernel->run(p->backend, s, p->scratch, err))
            return err->code == LT_ERR_CANCELLED ? false : lt_ports_fail_at(s->node, err);
        if (times && runs)
            times[i] = (lt_step_time){s->node->op, s->node->name, s->node->shape,
                                      lt_fused_flop(&p->fused, s->node), lt_clock() - start};
        if (progress)
            atomic_store_explicit(&progress->done, i + 1, memory_order_relaxed);
    }
    p->stale = 0;
    return true;
}

bool lt_cpu_program_run(lt_program *p, lt_progress *progress, lt_error *err)
{
    if (progress) {
        atomic_store_explicit(&progress->done, 0, memory_order_relaxed);
        atomic_store_explicit(&progress->total, p->count, memory_order_relaxed);
    }
    int before = lt_cpu_threads_use(p->backend->threads);
    bool ok = run_steps(p, progress, NULL, err);
    lt_cpu_threads_use(before);
    return ok;
}

bool lt_cpu_program_measure(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                            lt_error *err)
{
    lt_step_time *times = lt_alloc_array((size_t)p->count, sizeof *times);
    int before = lt_cpu_threads_use(p->backend->threads);
    bool ok = run_steps(p, progress, times, err);
    lt_cpu_threads_use(before);
    if (!ok) {
        free(times);
        return false;
    }
    *count = 0;
    for (int i = 0; i < p->count; i++)
        if (times[i].name)
            times[(*count)++] = times[i];
    *out = times;
    return true;
}
