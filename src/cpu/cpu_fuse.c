/* cpu_fuse.c - see cpu_fuse.h. */
#include "cpu/cpu_fuse.h"

#include <stdlib.h>

#include "base/mem.h"

/* Copies the nodes; parameters stay the recorded graph's. */
static bool copy_graph(const lt_graph *g, lt_graph *to, lt_error *err)
{
    for (int id = 0; id < lt_graph_nodes(g); id++) {
        const lt_tensor *from = lt_graph_node(g, id);
        lt_tensor *t = lt_input(to, from->name, from->dtype, from->shape);
        if (!lt_graph_ok(to, err))
            return false;
        const char *name = t->name;
        *t = *from;
        t->name = name;
        for (int i = 0; i < t->nsrc; i++)
            t->src[i] = lt_graph_node(to, from->src[i]->id);
    }
    return true;
}

static void count_readers(const lt_graph *g, int *readers)
{
    for (int id = 0; id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        for (int i = 0; i < t->nsrc; i++)
            readers[t->src[i]->id]++;
    }
}

/* t becomes what `first` computes, with one more source (or none: NULL). */
static void absorb(lt_tensor *t, const lt_tensor *first, lt_tensor *more, int *readers)
{
    t->op = first->op;
    t->u = first->u;
    t->weight = first->weight;
    t->bias = first->bias;
    t->nsrc = first->nsrc;
    for (int i = 0; i < first->nsrc; i++)
        t->src[i] = first->src[i];
    if (more)
        t->src[t->nsrc++] = more;
    t->name = first->name;
    readers[first->id] = 0;
}

static bool is_product(const lt_tensor *t)
{
    return (t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR) && t->nsrc == 1;
}

static bool is_norm(const lt_tensor *t)
{
    return t->op == LT_OP_GROUP_NORM || t->op == LT_OP_LAYER_NORM;
}

/* a + b: the later of two products absorbs, so that nothing has to wait for its operand. */
static void fuse_add(lt_tensor *t, int *readers)
{
    lt_tensor *late = t->src[0], *early = t->src[1];
    if (!lt_shape_equal(&late->shape, &early->shape) || late == early)
        return;
    bool late_can = is_product(late) && readers[late->id] == 1;
    bool early_can = is_product(early) && readers[early->id] == 1;
    if (early_can && (!late_can || early->id > late->id))
        absorb(t, early, late, readers);
    else if (late_can)
        absorb(t, late, early, readers);
}

static void fuse_shift(lt_tensor *t, int *readers)
{
    lt_tensor *add = t->src[0];
    if (t->op != LT_OP_GROUP_NORM || t->nsrc != 1 || add->op != LT_OP_ADD ||
        readers[add->id] != 1 || lt_shape_equal(&add->src[0]->shape, &add->src[1]->shape))
        return;
    t->src[0] = add->src[0];
    t->src[t->nsrc++] = add->src[1];
    readers[add->id] = 0;
}

bool lt_cpu_fuse(const lt_graph *g, lt_cpu_fused *out, lt_error *err)
{
    size_t count = (size_t)lt_graph_nodes(g);
    lt_cpu_fused f = {lt_graph_new(), lt_alloc_array(count, sizeof *f.needed),
                      lt_alloc_array(count, sizeof *f.act)};
    int *readers = lt_alloc_array(count, sizeof *readers);
    bool ok = copy_graph(g, f.graph, err);
    if (ok)
        count_readers(f.graph, readers);
    for (int id = 0; ok && id < lt_graph_nodes(g); id++) {
        lt_tensor *t = lt_graph_node(f.graph, id);
        f.act[id] = -1;
        if (t->op == LT_OP_ADD) {
            fuse_add(t, readers);
        } else if (is_norm(t)) {
            fuse_shift(t, readers);
        } else if (t->op == LT_OP_ACTIVATION && is_norm(t->src[0]) && readers[t->src[0]->id] == 1 &&
                   f.act[t->src[0]->id] < 0) {
            f.act[id] = (int)t->u.act;
            absorb(t, t->src[0], NULL, readers);
        }
    }
    for (int id = 0; ok && id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(f.graph, id);
        f.needed[id] = t->output || readers[id] > 0;
    }
    free(readers);
    if (ok)
        *out = f;
    else
        lt_cpu_fused_done(&f);
    return ok;
}

void lt_cpu_fused_done(lt_cpu_fused *f)
{
    lt_graph_free(f->graph);
    free(f->needed);
    free(f->act);
    *f = (lt_cpu_fused){0};
}
