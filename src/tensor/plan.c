/*
 * plan.c - first fit over lifetimes; see plan.h.
 *
 * Nodes are placed in the order in which they run.  Each takes the lowest offset that no value
 * alive at the same time overlaps.  Values alive are few (skips, a block's branches), so scanning
 * them is cheap.
 */
#include "tensor/plan.h"

#include <stdlib.h>

#include "base/mem.h"

enum { ALIGN = 64 };

typedef struct interval {
    size_t from, to;
    int dies; /* the last node that reads it */
} interval;

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static bool has_own_bytes(const lt_tensor *t, const lt_plan_hints *h)
{
    return t->op != LT_OP_RESHAPE && !(h->view && h->view[t->id]);
}

/* Written before the first node runs, or by an earlier run. */
static bool is_fixed(const lt_tensor *t, const lt_plan_hints *h)
{
    return t->op == LT_OP_INPUT || (h->keep && h->keep[t->id]);
}

/* last[id]: the last node that reads a root's bytes; the node count for what outlives the run. */
static void lifetimes(const lt_graph *g, const lt_plan_hints *h, int *root, int *last)
{
    int n = lt_graph_nodes(g);
    for (int id = 0; id < n; id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        root[id] = has_own_bytes(t, h) ? id : root[t->src[0]->id];
        last[id] = id;
        for (int i = 0; i < t->nsrc; i++)
            last[root[t->src[i]->id]] = id;
    }
    for (int id = 0; id < n; id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        if (t->output || is_fixed(t, h))
            last[root[id]] = n;
    }
}

/* The root whose bytes node id takes over, or -1. */
static int taken_over(const lt_tensor *t, const lt_plan_hints *h, const int *root, const int *last)
{
    if (!h->onto || h->onto[t->id] < 0 || is_fixed(t, h))
        return -1;
    int from = root[h->onto[t->id]], times = 0;
    for (int i = 0; i < t->nsrc; i++)
        times += root[t->src[i]->id] == from;
    return times == 1 && last[from] == t->id && h->size[from] == h->size[t->id] ? from : -1;
}

/* Joins results to the bytes they take over; roots change, and lifetimes with them. */
static void take_over(const lt_graph *g, const lt_plan_hints *h, int *root, int *last)
{
    for (int id = 0; h->onto && id < lt_graph_nodes(g); id++) {
        const lt_tensor *t = lt_graph_node(g, id);
        int from = has_own_bytes(t, h) ? taken_over(t, h, root, last) : -1;
        if (!has_own_bytes(t, h))
            root[id] = root[t->src[0]->id];
        if (from < 0)
            continue;
        root[id] = from;
        last[from] = last[id];
    }
}

/* The lowest offset with `bytes` free between the intervals, which are sorted by `from`. */
static size_t first_fit(const interval *alive, int count, size_t bytes)
{
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        if (alive[i].from >= at && alive[i].from - at >= bytes)
            return at;
        if (alive[i].to > at)
            at = alive[i].to;
    }
    return at;
}

static int drop_dead(interval *alive, int count, int now)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (alive[i].dies >= now)
            alive[kept++] = alive[i];
    return kept;
}

static void insert(interval *alive, int count, interval add)
{
    int i = count;
    for (; i > 0 && alive[i - 1].from > add.from; i--)
        alive[i] = alive[i - 1];
    alive[i] = add;
}

bool lt_plan_make(const lt_graph *g, const lt_plan_hints *hints, lt_plan *out, lt_error *err)
{
    int n = lt_graph_nodes(g);
    size_t count = (size_t)n;
    lt_plan plan = {.offset = lt_alloc_array(count, sizeof *plan.offset),
                    .root = lt_alloc_array(count, sizeof *plan.root)};
    int *dies = lt_alloc_array(count, sizeof *dies);
    interval *alive = lt_alloc_array(count + 1, sizeof *alive);
    int living = 0;
    bool ok = true;

    lifetimes(g, hints, plan.root, dies);
    take_over(g, hints, plan.root, dies);
    /* Inputs and what is kept are there before the first node runs: they are placed first. */
    for (int pass = 0; pass < 2 && ok; pass++)
        for (int id = 0; id < n && ok; id++) {
            const lt_tensor *t = lt_graph_node(g, id);
            bool fixed = is_fixed(t, hints);
            if (pass == 1 && !fixed)
                living = drop_dead(alive, living, id);
            if (plan.root[id] != id)
                plan.offset[id] = SIZE_MAX;
            if (plan.root[id] != id || fixed != (pass == 0))
                continue;
            size_t size = hints->size[id], bytes = aligned(size ? size : 1);
            size_t at = first_fit(alive, living, bytes);
            if (size > SIZE_MAX / 4 || at > SIZE_MAX / 4)
                ok = lt_fail(err, LT_ERR_MEMORY, "use a smaller --size or --batch",
                             "cannot plan the memory of '%s': too large", t->name);
            insert(alive, living++, (interval){at, at + bytes, dies[id]});
            plan.offset[id] = at;
            if (at + bytes > plan.bytes)
                plan.bytes = at + bytes;
        }
    free(dies);
    free(alive);
    if (ok)
        *out = plan;
    else
        lt_plan_done(&plan);
    return ok;
}

void lt_plan_done(lt_plan *plan)
{
    free(plan->offset);
    free(plan->root);
    *plan = (lt_plan){0};
}
