/* fuse.c - see fuse.h. */
#include "tensor/fuse.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tensor/cost.h"

typedef struct fusing {
    unsigned joins;
    lt_graph *graph;
    lt_fused_node *node;
    int *readers; /* [nodes]; 0 for an absorbed node */
} fusing;

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

static void count_readers(fusing *f)
{
    for (int id = 0; id < lt_graph_nodes(f->graph); id++) {
        const lt_tensor *t = lt_graph_node(f->graph, id);
        f->node[id].act = -1;
        for (int i = 0; i < t->nsrc; i++)
            f->readers[t->src[i]->id]++;
    }
}

static bool read_once(const fusing *f, const lt_tensor *t)
{
    return f->readers[t->id] == 1;
}

/* t becomes what `first` computes, with one more source (or none: NULL). */
static void absorb(fusing *f, lt_tensor *t, const lt_tensor *first, lt_tensor *more)
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
    f->readers[first->id] = 0;
}

static bool is_product(const fusing *f, const lt_tensor *t)
{
    return (t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR) && t->nsrc == 1 &&
           f->node[t->id].form == LT_FUSED_PLAIN;
}

static bool is_norm(const lt_tensor *t)
{
    return t->op == LT_OP_GROUP_NORM || t->op == LT_OP_LAYER_NORM;
}

/* a + b: the later of two products absorbs, so that nothing has to wait for its operand. */
static void fuse_add(fusing *f, lt_tensor *t)
{
    lt_tensor *late = t->src[0], *early = t->src[1];
    if (!lt_shape_equal(&late->shape, &early->shape) || late == early)
        return;
    bool late_can = is_product(f, late) && read_once(f, late);
    bool early_can = is_product(f, early) && read_once(f, early);
    if (early_can && (!late_can || early->id > late->id))
        absorb(f, t, early, late);
    else if (late_can)
        absorb(f, t, late, early);
}

static void fuse_shift(fusing *f, lt_tensor *t)
{
    lt_tensor *add = t->src[0];
    if (t->op != LT_OP_GROUP_NORM || t->nsrc != 1 || add->op != LT_OP_ADD || !read_once(f, add) ||
        lt_shape_equal(&add->src[0]->shape, &add->src[1]->shape))
        return;
    t->src[0] = add->src[0];
    t->src[t->nsrc++] = add->src[1];
    f->readers[add->id] = 0;
}

static void fuse_activation(fusing *f, lt_tensor *t)
{
    const lt_tensor *norm = t->src[0];
    if (!is_norm(norm) || !read_once(f, norm) || f->node[norm->id].act >= 0)
        return;
    f->node[t->id].act = (int)t->u.act;
    absorb(f, t, norm, NULL);
}

static void fuse_geglu(fusing *f, lt_tensor *t)
{
    const lt_tensor *linear = t->src[0];
    if (!(f->joins & LT_FUSE_GEGLU) || linear->op != LT_OP_LINEAR || !is_product(f, linear) ||
        !read_once(f, linear))
        return;
    f->node[t->id].form = LT_FUSED_GEGLU;
    absorb(f, t, linear, NULL);
}

static void fuse_upsample(fusing *f, lt_tensor *t)
{
    lt_tensor *resize = t->src[0];
    if (!(f->joins & LT_FUSE_UPSAMPLE) || resize->op != LT_OP_RESIZE || !read_once(f, resize) ||
        t->u.conv.kernel != 3 || t->u.conv.stride != 1 || t->u.conv.top != 1 || t->u.conv.left != 1)
        return;
    lt_tensor *x = resize->src[0];
    for (int i = 1; i <= 2; i++)
        if (resize->shape.dim[i] != 2 * x->shape.dim[i])
            return;
    t->src[0] = x;
    f->readers[resize->id] = 0;
    f->node[t->id].form = LT_FUSED_UPSAMPLE;
}

static void fuse_neighbours(fusing *f)
{
    for (int id = 0; id < lt_graph_nodes(f->graph); id++) {
        lt_tensor *t = lt_graph_node(f->graph, id);
        if (t->op == LT_OP_ADD)
            fuse_add(f, t);
        else if (is_norm(t))
            fuse_shift(f, t);
        else if (t->op == LT_OP_ACTIVATION)
            fuse_activation(f, t);
        else if (t->op == LT_OP_GEGLU)
            fuse_geglu(f, t);
        else if (t->op == LT_OP_CONV2D)
            fuse_upsample(f, t);
    }
}

/* ---- products in one, and views ---- */

static bool is_attention(const lt_tensor *t)
{
    return t->op == LT_OP_ATTENTION || t->op == LT_OP_ATTENTION_MAP;
}

/* True if t looks at source i row by row, wherever the rows lie. */
static bool takes_views(const fusing *f, const lt_tensor *t, int i)
{
    return is_attention(t) || (t->op == LT_OP_GROUP_NORM && i == (f->node[t->id].two ? 2 : 1));
}

/* true[id]: all that read node id take views. */
static bool *viewed(const fusing *f)
{
    int nodes = lt_graph_nodes(f->graph);
    bool *all = lt_alloc_array((size_t)nodes, sizeof *all);
    for (int id = 0; id < nodes; id++)
        all[id] = f->readers[id] > 0 && !lt_graph_node(f->graph, id)->output;
    for (int id = 0; id < nodes; id++) {
        const lt_tensor *t = lt_graph_node(f->graph, id);
        bool runs = f->readers[id] > 0 || t->output;
        for (int i = 0; runs && i < t->nsrc; i++)
            all[t->src[i]->id] &= takes_views(f, t, i);
    }
    return all;
}

/* True if the linears b and a of one x can be one product. */
static bool go_together(const fusing *f, const bool *viewed, const lt_tensor *a, const lt_tensor *b)
{
    return a->op == LT_OP_LINEAR && b->op == LT_OP_LINEAR && is_product(f, a) && is_product(f, b) &&
           viewed[a->id] && viewed[b->id] && a->id < b->id && a->src[0] == b->src[0] &&
           !a->bias == !b->bias && f->node[a->id].parts == 1 && f->node[b->id].parts == 1;
}

static void merge(fusing *f, lt_tensor *const part[], int count)
{
    lt_tensor *wide = part[0];
    lt_fused_node *n = &f->node[wide->id];
    int last = wide->shape.ndim - 1;
    int64_t from = wide->shape.dim[last];
    for (int i = 1; i < count; i++) {
        lt_tensor *t = part[i];
        int64_t to = from + t->shape.dim[last];
        n->weight[i] = t->weight;
        n->bias[i] = t->bias;
        f->readers[t->src[0]->id]--;
        f->readers[wide->id]++;
        t->op = LT_OP_SLICE;
        t->src[0] = wide;
        t->weight = t->bias = NULL;
        t->u.slice.from = from;
        t->u.slice.to = to;
        f->node[t->id].parts = 0;
        from = to;
    }
    n->parts = count;
    wide->shape.dim[last] = from;
}

static void merge_products(fusing *f)
{
    bool *all = viewed(f);
    for (int id = 0; id < lt_graph_nodes(f->graph); id++) {
        lt_tensor *t = lt_graph_node(f->graph, id);
        if (t->op != LT_OP_ATTENTION || !go_together(f, all, t->src[1], t->src[2]))
            continue;
        if (go_together(f, all, t->src[0], t->src[1]))
            merge(f, t->src, 3);
        else
            merge(f, t->src + 1, 2);
    }
    free(all);
}

static void find_views(fusing *f)
{
    bool *all = viewed(f);
    for (int id = 0; id < lt_graph_nodes(f->graph); id++)
        f->node[id].view = lt_graph_node(f->graph, id)->op == LT_OP_SLICE && all[id];
    free(all);
}

static void list_weights(fusing *f)
{
    for (int id = 0; id < lt_graph_nodes(f->graph); id++) {
        const lt_tensor *t = lt_graph_node(f->graph, id);
        lt_fused_node *n = &f->node[id];
        n->weight[0] = t->weight;
        n->bias[0] = t->bias;
        n->parts = t->weight ? 1 : 0;
    }
}

/* ---- concats that nobody makes ---- */

/* True if t can read its first source in two parts. */
static bool takes_two(const fusing *f, const lt_tensor *t)
{
    return t->op == LT_OP_GROUP_NORM || (t->op == LT_OP_LINEAR && f->node[t->id].parts == 1) ||
           (t->op == LT_OP_CONV2D && t->u.conv.kernel == 1 && t->u.conv.stride == 1 &&
            f->node[t->id].form == LT_FUSED_PLAIN);
}

/* A reader {concat, more} becomes {a, b, more}. */
static void read_two(fusing *f, lt_tensor *t, const lt_tensor *concat)
{
    if (t->nsrc == 2)
        t->src[2] = t->src[1];
    t->src[0] = concat->src[0];
    t->src[1] = concat->src[1];
    t->nsrc++;
    f->node[t->id].two = true;
    f->readers[concat->id]--;
    f->readers[t->src[0]->id]++;
    f->readers[t->src[1]->id]++;
}

/* Every reader has a larger id than what it reads; an output is made for itself as well. */
static void split_concat(fusing *f, const lt_tensor *concat)
{
    int nodes = lt_graph_nodes(f->graph);
    for (int pass = 0; pass < 2; pass++)
        for (int id = concat->id + 1; id < nodes; id++) {
            lt_tensor *t = lt_graph_node(f->graph, id);
            bool runs = f->readers[id] > 0 || t->output;
            for (int i = 0; runs && i < t->nsrc; i++) {
                if (t->src[i] != concat)
                    continue;
                if (pass == 0 && (i > 0 || t->nsrc > 2 || !takes_two(f, t)))
                    return;
                if (pass == 1)
                    read_two(f, t, concat);
            }
        }
    if (f->readers[concat->id] == 0 && !concat->output)
        for (int i = 0; i < concat->nsrc; i++)
            f->readers[concat->src[i]->id]--;
}

static void split_concats(fusing *f)
{
    for (int id = 0; (f->joins & LT_FUSE_CONCAT) && id < lt_graph_nodes(f->graph); id++) {
        const lt_tensor *t = lt_graph_node(f->graph, id);
        if (t->op == LT_OP_CONCAT && f->readers[id] > 0)
            split_concat(f, t);
    }
}

bool lt_fuse(const lt_graph *g, unsigned joins, lt_fused *out, lt_error *err)
{
    size_t count = (size_t)lt_graph_nodes(g);
    fusing f = {joins, lt_graph_new(), lt_alloc_array(count, sizeof *f.node),
                lt_alloc_array(count, sizeof *f.readers)};
    bool ok = copy_graph(g, f.graph, err);
    if (ok) {
        count_readers(&f);
        fuse_neighbours(&f);
        list_weights(&f);
        merge_products(&f);
        split_concats(&f);
        find_views(&f);
        for (int id = 0; id < lt_graph_nodes(g); id++)
            f.node[id].needed =
                !f.node[id].view && (lt_graph_node(f.graph, id)->output || f.readers[id] > 0);
    }
    free(f.readers);
    *out = (lt_fused){f.graph, f.node};
    if (!ok)
        lt_fused_done(out);
    return ok;
}

void lt_fused_done(lt_fused *f)
{
    lt_graph_free(f->graph);
    free(f->node);
    *f = (lt_fused){0};
}

lt_tensor *lt_fused_extra(const lt_fused *f, const lt_tensor *t)
{
    int x = f->node[t->id].two ? 2 : 1;
    return t->nsrc > x ? t->src[x] : NULL;
}

double lt_fused_flop(const lt_fused *f, const lt_tensor *t)
{
    double flop = lt_tensor_flop(t);
    if (f->node[t->id].two) {
        int last = t->src[0]->shape.ndim - 1;
        flop += flop * (double)t->src[1]->shape.dim[last] / (double)t->src[0]->shape.dim[last];
    }
    switch (f->node[t->id].form) {
    case LT_FUSED_UPSAMPLE:
        return flop * 4 / 9;
    case LT_FUSED_GEGLU:
        return flop * 2;
    default:
        return flop;
    }
}
