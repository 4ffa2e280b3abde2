/* fused_plan.c - see fused_plan.h. */
#include "tensor/fused_plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tensor/ports.h"

static bool trace_inputs(const lt_graph *g, lt_fused_plan *p, lt_error *err)
{
    int bits = 0;
    p->inputs = lt_alloc_array((size_t)lt_graph_nodes(g), sizeof *p->inputs);
    for (int id = 0; id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        if (t->op == LT_OP_INPUT) {
            if (bits == 32)
                return lt_fail(err, LT_ERR_MODEL, NULL, "more than 32 inputs");
            p->inputs[id] = UINT32_C(1) << bits++;
            p->all |= p->inputs[id];
        }
        for (int i = 0; i < t->nsrc; i++)
            p->inputs[id] |= p->inputs[t->src[i]->id];
    }
    return true;
}

/* keep[id]: somebody who depends on more inputs reads it, so that a run in which only those change
 * finds it as the last run left it.  So does an output, if it does not depend on all of them. */
static void find_kept(const lt_fused *f, const lt_fused_plan *p, bool *keep)
{
    for (int id = lt_graph_nodes(f->graph) - 1; id >= 0; id--) {
        const lt_tensor *t = lt_graph_node(f->graph, id);
        keep[id] = keep[id] || (t->output && p->inputs[id] != p->all);
        for (int i = 0; i < t->nsrc; i++) {
            int from = t->src[i]->id;
            bool looks = t->op == LT_OP_RESHAPE || f->node[id].view;
            if (p->inputs[from] != p->inputs[id] || (looks && keep[id]))
                keep[from] = true;
        }
    }
}

static bool size_values(const lt_fused *f, lt_dtype storage, size_t *size, lt_error *err)
{
    for (int id = 0; id < lt_graph_nodes(f->graph); id++) {
        const lt_tensor *t = lt_graph_node(f->graph, id);
        size_t element = lt_dtype_size(lt_dtype_kept(t->dtype, storage));
        bool used = f->node[id].needed || t->op == LT_OP_INPUT;
        if (used && !lt_mul((size_t)lt_shape_count(&t->shape), element, &size[id])) {
            lt_fail(err, LT_ERR_MEMORY, "use a smaller --size or --batch", "too large");
            return lt_ports_fail_at(t, err);
        }
    }
    return true;
}

bool lt_fused_plan_make(const lt_fused *f, lt_dtype storage, lt_fused_plan *out, lt_error *err)
{
    size_t nodes = (size_t)lt_graph_nodes(f->graph);
    size_t *size = lt_alloc_array(nodes, sizeof *size);
    bool *keep = lt_alloc_array(nodes, sizeof *keep), *view = lt_alloc_array(nodes, sizeof *view);
    int *onto = lt_alloc_array(nodes, sizeof *onto);
    lt_fused_plan p = {0};
    bool ok = trace_inputs(f->graph, &p, err) && size_values(f, storage, size, err);
    if (ok)
        find_kept(f, &p, keep);
    for (size_t i = 0; i < nodes; i++) {
        const lt_tensor *t = lt_graph_node(f->graph, (int)i);
        bool product = t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR;
        const lt_tensor *addend = product && f->node[i].needed ? lt_fused_extra(f, t) : NULL;
        view[i] = f->node[i].view;
        onto[i] = addend ? addend->id : -1;
    }
    lt_plan_hints hints = {.size = size, .view = view, .keep = keep, .onto = onto};
    ok = ok && lt_plan_make(f->graph, &hints, &p.values, err);
    free(size);
    free(keep);
    free(view);
    free(onto);
    if (ok)
        *out = p;
    else
        lt_fused_plan_done(&p);
    return ok;
}

void lt_fused_plan_done(lt_fused_plan *p)
{
    lt_plan_done(&p->values);
    free(p->inputs);
    *p = (lt_fused_plan){0};
}

size_t lt_fused_plan_offset(const lt_fused_plan *p, const lt_tensor *t)
{
    return p->values.offset[p->values.root[t->id]];
}
