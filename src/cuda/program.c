/* program.c - from a graph to a list of steps: fuse, plan, make room, prepare.  See program.h. */
#include "cuda/program.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cuda/plans.h"
#include "cuda/program_impl.h"
#include "tensor/ports.h"

enum { ALIGN = 256 };

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static size_t size_of(const lt_program *p, const lt_tensor *t)
{
    size_t element = lt_dtype_size(lt_dtype_kept(t->dtype, p->backend->dtype));
    return (size_t)lt_shape_count(&t->shape) * element;
}

/* What is known without the device: *out's fused graph and plan, and the size of its block. */
static bool plan(lt_backend *b, const lt_graph *g, lt_program *out, lt_error *err)
{
    size_t scratch = 0;
    if (!lt_graph_ok(g, err) || !lt_ports_check_sources(g, err))
        return false;
    out->backend = b;
    out->source = g;
    if (!lt_fuse(g, LT_FUSE_CONCAT, &out->fused, err) ||
        !lt_fused_plan_make(&out->fused, b->dtype, &out->plan, err))
        return false;
    for (int i = 0; i < lt_graph_nodes(g); i++) {
        const lt_tensor *t = lt_graph_node(out->fused.graph, i);
        size_t bytes = lt_cuda_step_works(&out->fused, t) ? lt_cuda_step_scratch(t) : 0;
        scratch = bytes > scratch ? bytes : scratch;
    }
    out->bytes = aligned(out->plan.values.bytes) + scratch;
    out->stale = out->plan.all;
    return true;
}

static void list_weights(const lt_program *p, lt_cuda_wants *wants)
{
    for (int i = 0; i < lt_graph_nodes(p->fused.graph); i++) {
        const lt_tensor *t = lt_graph_node(p->fused.graph, i);
        lt_cuda_numbers weight, bias;
        if (!lt_cuda_step_works(&p->fused, t))
            continue;
        lt_cuda_step_numbers(&p->fused, t, p->backend->dtype, &weight, &bias);
        lt_cuda_weights_want(&p->backend->weights, wants, &weight);
        lt_cuda_weights_want(&p->backend->weights, wants, &bias);
    }
}

bool lt_cuda_program_forecast(lt_backend *b, const lt_graph *g, lt_forecast *out, lt_error *err)
{
    lt_program *p = lt_alloc(sizeof *p);
    lt_cuda_wants wants = {0};
    bool ok = plan(b, g, p, err);
    if (ok) {
        list_weights(p, &wants);
        *out = (lt_forecast){.weights = wants.bytes,
                             .activations = p->bytes,
                             .packing = wants.bytes ? LT_CUDA_STAGING : 0};
    }
    lt_cuda_wants_done(&wants);
    lt_cuda_program_discard(b, p);
    return ok;
}

/* ---- making room ---- */

static bool place_values(lt_program *p, lt_error *err)
{
    void *block;
    if (!lt_gpu_alloc(p->backend->gpu, p->bytes, "activations", &block, err))
        return false;
    p->backend->activations += p->bytes;
    p->site.block = block;
    p->site.scratch = (float *)(void *)(p->site.block + aligned(p->plan.values.bytes));
    return true;
}

/* Token ids are below the vocabularies that are looked up with them. */
static void limit_ids(lt_program *p)
{
    for (int i = 0; i < lt_graph_nodes(p->fused.graph); i++) {
        const lt_tensor *t = lt_graph_node(p->fused.graph, i);
        if (t->op != LT_OP_EMBED)
            continue;
        const lt_tensor *ids = t->src[0];
        while (ids->op == LT_OP_RESHAPE)
            ids = ids->src[0];
        lt_cuda_port *port = &p->ports[ids->id];
        int64_t vocabulary = t->weight->shape.dim[0];
        if (port->most == 0 || vocabulary < port->most)
            port->most = vocabulary;
    }
}

static bool make_ports(lt_program *p, lt_error *err)
{
    size_t nodes = (size_t)lt_graph_nodes(p->fused.graph), bytes = 0;
    void *pinned;
    p->ports = lt_alloc_array(nodes, sizeof *p->ports);
    for (size_t i = 0; i < nodes; i++) {
        const lt_tensor *t = lt_graph_node(p->fused.graph, (int)i);
        if (t->op != LT_OP_INPUT && !t->output)
            continue;
        p->ports[i].offset = bytes;
        bytes += aligned(size_of(p, t));
    }
    limit_ids(p);
    if (!lt_gpu_pin(p->backend->gpu, bytes, "inputs and outputs", &pinned, err))
        return false;
    p->pinned = pinned;
    return true;
}

static bool make_room_for_weights(lt_program *p, lt_error *err)
{
    lt_cuda_wants wants = {0};
    list_weights(p, &wants);
    bool ok = lt_cuda_weights_room(&p->backend->weights, &wants, err);
    lt_cuda_wants_done(&wants);
    return ok;
}

static bool prepare_steps(lt_program *p, lt_progress *progress, lt_error *err)
{
    const lt_graph *g = p->fused.graph;
    p->steps = lt_alloc_array((size_t)lt_graph_nodes(g), sizeof *p->steps);
    if (progress)
        atomic_store(&progress->total, lt_graph_nodes(g));
    for (int i = 0; i < lt_graph_nodes(g); i++) {
        if (progress)
            atomic_store(&progress->done, i);
        if (progress && atomic_load(&progress->cancel))
            return lt_fail(err, LT_ERR_CANCELLED, NULL, "cancelled");
        const lt_tensor *t = lt_graph_node(g, i);
        if (!lt_cuda_step_works(&p->fused, t))
            continue;
        lt_cuda_step *s = &p->steps[p->count++];
        if (!lt_cuda_step_prepare(&p->site, t, s, err)) {
            lt_ports_fail_at(t, err);
            return lt_fail_in(err, "cannot compile");
        }
    }
    return lt_gpu_wait(p->backend->stream, err); /* for the weights */
}

/* A program of which the work goes into the stream of these ops. */
static bool compile(lt_backend *b, lt_cuda_pool *ops, const lt_graph *g, lt_program **out,
                    lt_progress *progress, lt_error *err)
{
    lt_program *p = lt_alloc(sizeof *p);
    p->site = (lt_cuda_site){.backend = b, .fused = &p->fused, .plan = &p->plan, .ops = ops};
    bool ok = plan(b, g, p, err) && make_room_for_weights(p, err) && place_values(p, err) &&
              make_ports(p, err) && prepare_steps(p, progress, err);
    if (ok)
        *out = p;
    else
        lt_cuda_program_discard(b, p);
    lt_cuda_weights_settle(&b->weights, ok);
    lt_plans_save(ops->stream); /* what was measured, also if it was for nothing */
    return ok;
}

bool lt_cuda_program_compile(lt_backend *b, const lt_graph *g, lt_program **out,
                             lt_progress *progress, lt_error *err)
{
    return compile(b, &b->ops, g, out, progress, err);
}

bool lt_cuda_program_compile_beside(lt_backend *b, const lt_graph *g, lt_program **out,
                                    lt_progress *progress, lt_error *err)
{
    if (!b->beside && !lt_gpu_stream_open(b->gpu, true, &b->beside, err))
        return false;
    b->ops_beside.stream = b->beside;
    return compile(b, &b->ops_beside, g, out, progress, err);
}

void lt_cuda_program_discard(lt_backend *b, lt_program *p)
{
    lt_error ignored;
    if (!p)
        return;
    if (p->pinned) /* what was written may be on its way, or a run at work */
        (void)!lt_gpu_wait(lt_cuda_program_stream(p), &ignored);
    lt_cuda_replay_done(&p->replay);
    for (int i = 0; i < p->count; i++)
        lt_cuda_step_done(&p->site, &p->steps[i]);
    if (p->site.block) {
        b->activations -= p->bytes;
        lt_gpu_free(b->gpu, p->site.block);
    }
    lt_gpu_unpin(b->gpu, p->pinned);
    free(p->steps);
    free(p->ports);
    lt_fused_plan_done(&p->plan);
    lt_fused_done(&p->fused);
    free(p);
}
