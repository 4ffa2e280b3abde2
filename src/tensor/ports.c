/* ports.c - see ports.h. */
#include "tensor/ports.h"

bool lt_ports_check_sources(const lt_graph *g, lt_error *err)
{
    for (int i = 0; i < lt_graph_params(g); i++) {
        const lt_param *p = lt_graph_param(g, i);
        if (!p->source.data || p->source.dtype == LT_I32)
            return lt_fail(err, LT_ERR_MODEL, NULL, "parameter '%s' has no numbers", p->path);
    }
    return true;
}

static const lt_tensor *own(const lt_fused *f, const lt_graph *recorded, const lt_tensor *t,
                            size_t count, lt_error *err)
{
    if (t->id < 0 || t->id >= lt_graph_nodes(recorded) || lt_graph_node(recorded, t->id) != t) {
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is not of this program", t->name);
        return NULL;
    }
    if (count != (size_t)lt_shape_count(&t->shape)) {
        char shape[64];
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is %s, not %zu values", t->name,
                lt_shape_text(&t->shape, shape), count);
        return NULL;
    }
    return lt_graph_node(f->graph, t->id);
}

const lt_tensor *lt_ports_input(const lt_fused *f, const lt_graph *recorded, const lt_tensor *t,
                                size_t count, lt_error *err)
{
    t = own(f, recorded, t, count, err);
    if (t && t->op != LT_OP_INPUT) {
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is not an input", t->name);
        return NULL;
    }
    return t;
}

const lt_tensor *lt_ports_output(const lt_fused *f, const lt_graph *recorded, const lt_tensor *t,
                                 size_t count, lt_error *err)
{
    t = own(f, recorded, t, count, err);
    if (t && (!t->output || t->dtype == LT_I32)) {
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is not an output", t->name);
        return NULL;
    }
    return t;
}

bool lt_ports_fail_at(const lt_tensor *t, lt_error *err)
{
    char shape[64];
    return lt_fail_in(err, "%s '%s' %s", lt_op_name(t->op), t->name,
                      lt_shape_text(&t->shape, shape));
}
