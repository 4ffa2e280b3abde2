/* graph.c - the recorder: nodes, parameters by path, shape rules; see graph.h. */
#include "tensor/graph.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"

enum { SCOPES = 16, SCOPE_BYTES = 512 };

typedef struct list {
    void **items;
    int count, cap;
} list;

struct lt_graph {
    lt_arena *arena;
    list nodes, params, outputs, names, wanted, offered; /* outputs and names go together */
    int *buckets; /* parameter indices by path hash, -1 empty; open addressing */
    int bucket_count;
    char scope[SCOPE_BYTES];
    size_t cut[SCOPES];
    int depth;
    lt_error error; /* the first one; code NONE while all is well */
    lt_tensor *broken;
};

static const char *const op_names[LT_OP_COUNT] = {
#define LT_OP(name, text, what) [LT_OP_##name] = text,
#include "tensor/ops.def"
#undef LT_OP
};

const char *lt_op_name(lt_op op)
{
    return op_names[op];
}

static void push(list *l, void *item)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->items = lt_grow(l->items, (size_t)l->cap, sizeof *l->items);
    }
    l->items[l->count++] = item;
}

lt_graph *lt_graph_new(void)
{
    lt_graph *g = lt_alloc(sizeof *g);
    g->arena = lt_arena_new();
    g->broken = lt_arena_alloc(g->arena, sizeof *g->broken);
    g->broken->shape = (lt_shape){.ndim = 4, .dim = {1, 1, 1, 1}};
    return g;
}

void lt_graph_free(lt_graph *g)
{
    if (!g)
        return;
    lt_arena_free(g->arena);
    list *lists[] = {&g->nodes, &g->params, &g->outputs, &g->names, &g->wanted, &g->offered};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        free(lists[i]->items);
    free(g->buckets);
    free(g);
}

bool lt_graph_ok(const lt_graph *g, lt_error *err)
{
    if (g->error.code == LT_ERR_NONE)
        return true;
    *err = g->error;
    return false;
}

int lt_graph_nodes(const lt_graph *g)
{
    return g->nodes.count;
}

lt_tensor *lt_graph_node(const lt_graph *g, int id)
{
    return g->nodes.items[id];
}

int lt_graph_params(const lt_graph *g)
{
    return g->params.count;
}

lt_param *lt_graph_param(const lt_graph *g, int index)
{
    return g->params.items[index];
}

lt_tensor *lt_graph_find(const lt_graph *g, const char *name)
{
    for (int i = 0; i < g->names.count; i++)
        if (strcmp(g->names.items[i], name) == 0)
            return g->outputs.items[i];
    return NULL;
}

/* ---- scopes and parameters ---- */

void lt_enter(lt_graph *g, const char *format, ...)
{
    LT_ASSERT(g->depth < SCOPES);
    size_t n = g->cut[g->depth++] = strlen(g->scope);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(g->scope + n, sizeof g->scope - n, format, args);
    va_end(args);
    LT_ASSERT(more >= 0 && n + (size_t)more + 2 <= sizeof g->scope);
    memcpy(g->scope + n + (size_t)more, ".", 2);
}

void lt_leave(lt_graph *g)
{
    LT_ASSERT(g->depth > 0);
    g->scope[g->cut[--g->depth]] = '\0';
}

static uint64_t hash(const char *s)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a */
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001B3u;
    return h;
}

/* The bucket that holds `path`, or the empty one where it belongs. */
static int *bucket(const lt_graph *g, const char *path)
{
    for (uint64_t i = hash(path);; i++) {
        int *b = &g->buckets[i % (uint64_t)g->bucket_count];
        if (*b < 0 || strcmp(lt_graph_param(g, *b)->path, path) == 0)
            return b;
    }
}

static void grow_buckets(lt_graph *g)
{
    if (2 * (g->params.count + 1) <= g->bucket_count)
        return;
    g->bucket_count = g->bucket_count ? 2 * g->bucket_count : 256;
    g->buckets = lt_grow(g->buckets, (size_t)g->bucket_count, sizeof *g->buckets);
    for (int i = 0; i < g->bucket_count; i++)
        g->buckets[i] = -1;
    for (int i = 0; i < g->params.count; i++)
        *bucket(g, lt_graph_param(g, i)->path) = i;
}

static void broken(lt_graph *g, const char *format, ...) LT_PRINTF(2, 3);
static void broken(lt_graph *g, const char *format, ...)
{
    char text[512];
    if (g->error.code != LT_ERR_NONE)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_fail(&g->error, LT_ERR_MODEL, NULL, "cannot build the model at '%s': %s", g->scope, text);
}

static lt_param *param(lt_graph *g, const char *name, const char *leaf, lt_shape shape)
{
    grow_buckets(g);
    char *path = lt_arena_format(g->arena, "%s%s%s%s", g->scope, name, *leaf ? "." : "", leaf);
    int *b = bucket(g, path);
    if (*b >= 0) {
        lt_param *known = lt_graph_param(g, *b);
        char was[64], now[64];
        if (!lt_shape_equal(&known->shape, &shape))
            broken(g, "'%s' is used as %s and as %s", path, lt_shape_text(&known->shape, was),
                   lt_shape_text(&shape, now));
        return known;
    }
    lt_param *p = lt_arena_alloc(g->arena, sizeof *p);
    *p = (lt_param){.path = path, .shape = shape};
    *b = g->params.count;
    push(&g->params, p);
    return p;
}

static lt_shape shape1(int64_t a)
{
    return (lt_shape){.ndim = 1, .dim = {a}};
}

static lt_shape shape2(int64_t a, int64_t b)
{
    return (lt_shape){.ndim = 2, .dim = {a, b}};
}

static lt_shape shape4(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (lt_shape){.ndim = 4, .dim = {a, b, c, d}};
}

static int64_t last(const lt_tensor *x)
{
    return x->shape.dim[x->shape.ndim - 1];
}

static lt_shape with_last(const lt_tensor *x, int64_t n)
{
    lt_shape s = x->shape;
    s.dim[s.ndim - 1] = n;
    return s;
}

static lt_tensor *node(lt_graph *g, lt_op op, const char *name, lt_shape shape, int nsrc,
                       lt_tensor *const src[])
{
    if (g->error.code != LT_ERR_NONE)
        return g->broken;
    for (int i = 0; i < shape.ndim; i++)
        if (shape.dim[i] < 1 || shape.dim[i] > INT32_MAX) {
            char text[64];
            broken(g, "%s would be %s", name, lt_shape_text(&shape, text));
            return g->broken;
        }
    lt_tensor *t = lt_arena_alloc(g->arena, sizeof *t);
    t->op = op;
    t->id = g->nodes.count;
    t->name = lt_arena_format(g->arena, "%s%s", g->scope, name);
    t->shape = shape;
    t->dtype = LT_F32;
    t->nsrc = nsrc;
    for (int i = 0; i < nsrc; i++)
        t->src[i] = src[i];
    push(&g->nodes, t);
    return t;
}

static lt_tensor *node1(lt_graph *g, lt_op op, const char *name, lt_shape shape, lt_tensor *x)
{
    return node(g, op, name, shape, 1, (lt_tensor *[]){x});
}

/* ---- inputs, outputs, taps ---- */

static void publish(lt_graph *g, const char *name, lt_tensor *x)
{
    push(&g->names, lt_arena_strdup(g->arena, name));
    push(&g->outputs, x);
}

lt_tensor *lt_input(lt_graph *g, const char *name, lt_dtype dtype, lt_shape shape)
{
    lt_tensor *t = node(g, LT_OP_INPUT, name, shape, 0, NULL);
    t->dtype = dtype;
    publish(g, name, t);
    return t;
}

lt_tensor *lt_output(lt_graph *g, const char *name, lt_tensor *x)
{
    x->output = true;
    publish(g, name, x);
    return x;
}

void lt_want(lt_graph *g, const char *pattern)
{
    push(&g->wanted, lt_arena_strdup(g->arena, pattern));
}

static bool is_wanted(const lt_graph *g, const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; i < g->wanted.count; i++) {
        const char *pattern = g->wanted.items[i], *star = strchr(pattern, '*');
        size_t before = star ? (size_t)(star - pattern) : 0, after = star ? strlen(star + 1) : 0;
        if (star ? n >= before + after && strncmp(name, pattern, before) == 0 &&
                       strcmp(name + n - after, star + 1) == 0
                 : strcmp(name, pattern) == 0)
            return true;
    }
    return false;
}

/* Notes the offer of "<scope><name>"; returns that name if somebody wants it. */
static const char *offer(lt_graph *g, const char *name)
{
    if (g->error.code != LT_ERR_NONE)
        return NULL;
    char *full = lt_arena_format(g->arena, "%s%s", g->scope, name);
    push(&g->offered, full);
    return is_wanted(g, full) ? full : NULL;
}

lt_tensor *lt_tap(lt_graph *g, const char *name, lt_tensor *x)
{
    const char *full = offer(g, name);
    if (full)
        lt_output(g, full, x);
    return x;
}

const char *lt_graph_offered(const lt_graph *g, int i)
{
    return i < g->offered.count ? g->offered.items[i] : NULL;
}

/* ---- layers ---- */

static lt_tensor *convolution(lt_graph *g, const char *name, lt_tensor *x, int out, int kernel,
                              int stride, bool asymmetric)
{
    if (x->shape.ndim != 4) {
        broken(g, "%s needs an image", name);
        return g->broken;
    }
    int before = asymmetric ? 0 : kernel / 2, after = kernel / 2;
    if (asymmetric)
        after = 1;
    int64_t h = (x->shape.dim[1] + before + after - kernel + stride) / stride; /* 0: too small */
    int64_t w = (x->shape.dim[2] + before + after - kernel + stride) / stride;
    lt_tensor *t = node1(g, LT_OP_CONV2D, name, shape4(x->shape.dim[0], h, w, out), x);
    if (t == g->broken)
        return t;
    t->u.conv.kernel = kernel;
    t->u.conv.stride = stride;
    t->u.conv.top = t->u.conv.left = before;
    t->u.conv.bottom = t->u.conv.right = after;
    t->weight = param(g, name, "weight", shape4(out, last(x), kernel, kernel));
    t->bias = param(g, name, "bias", shape1(out));
    return t;
}

lt_tensor *lt_conv2d(lt_graph *g, const char *name, lt_tensor *x, int out_channels, int kernel)
{
    return convolution(g, name, x, out_channels, kernel, 1, false);
}

lt_tensor *lt_conv2d_down(lt_graph *g, const char *name, lt_tensor *x, int out_channels,
                          bool asymmetric)
{
    return convolution(g, name, x, out_channels, 3, 2, asymmetric);
}

lt_tensor *lt_linear(lt_graph *g, const char *name, lt_tensor *x, int out_features, bool bias)
{
    lt_tensor *t = node1(g, LT_OP_LINEAR, name, with_last(x, out_features), x);
    if (t == g->broken)
        return t;
    t->weight = param(g, name, "weight", shape2(out_features, last(x)));
    t->bias = bias ? param(g, name, "bias", shape1(out_features)) : NULL;
    return t;
}

static lt_tensor *norm(lt_graph *g, lt_op op, const char *name, lt_tensor *x, int groups, float eps)
{
    if (groups < 1 || last(x) % groups != 0) {
        broken(g, "%s cannot split %" PRId64 " channels into %d groups", name, last(x), groups);
        return g->broken;
    }
    lt_tensor *t = node1(g, op, name, x->shape, x);
    if (t == g->broken)
        return t;
    t->u.norm.groups = groups;
    t->u.norm.eps = eps;
    t->weight = param(g, name, "weight", shape1(last(x)));
    t->bias = param(g, name, "bias", shape1(last(x)));
    return t;
}

lt_tensor *lt_group_norm(lt_graph *g, const char *name, lt_tensor *x, int groups, float eps)
{
    return norm(g, LT_OP_GROUP_NORM, name, x, groups, eps);
}

lt_tensor *lt_layer_norm(lt_graph *g, const char *name, lt_tensor *x, float eps)
{
    return norm(g, LT_OP_LAYER_NORM, name, x, 1, eps);
}

lt_tensor *lt_activation(lt_graph *g, lt_act act, lt_tensor *x)
{
    lt_tensor *t = node1(g, LT_OP_ACTIVATION, "activation", x->shape, x);
    if (t != g->broken)
        t->u.act = act;
    return t;
}

lt_tensor *lt_geglu(lt_graph *g, lt_tensor *x)
{
    if (last(x) % 2 != 0) {
        broken(g, "geglu needs an even width, not %" PRId64, last(x));
        return g->broken;
    }
    return node1(g, LT_OP_GEGLU, "geglu", with_last(x, last(x) / 2), x);
}

static lt_tensor *attention_map(lt_graph *g, lt_tensor *q, lt_tensor *k, int heads, bool causal)
{
    lt_shape shape = q->shape;
    shape.dim[2] = k->shape.dim[1];
    lt_tensor *m = node(g, LT_OP_ATTENTION_MAP, "map", shape, 2, (lt_tensor *[]){q, k});
    m->u.attention.heads = heads;
    m->u.attention.each = q->shape.dim[1];
    m->u.attention.causal = causal;
    return m;
}

static lt_tensor *attend(lt_graph *g, lt_tensor *q, lt_tensor *k, lt_tensor *v, int heads,
                         bool causal)
{
    lt_tensor *t = node(g, LT_OP_ATTENTION, "attention", q->shape, 3, (lt_tensor *[]){q, k, v});
    t->u.attention.heads = heads;
    t->u.attention.each = q->shape.dim[1];
    t->u.attention.causal = causal;
    return t;
}

/* Queries of several images that look at the same tokens are those of one longer image: [N,S,C] as
 * [M,(N/M)*S,C]. */
static lt_tensor *attend_together(lt_graph *g, lt_tensor *q, lt_tensor *k, lt_tensor *v, int heads)
{
    lt_shape apart = q->shape, together = q->shape;
    together.dim[0] = k->shape.dim[0];
    together.dim[1] *= apart.dim[0] / k->shape.dim[0];
    q = lt_reshape(g, q, together);
    const char *map = offer(g, "map");
    if (map) {
        lt_shape each = apart;
        each.dim[2] = k->shape.dim[1];
        lt_tensor *m = attention_map(g, q, k, heads, false);
        m->u.attention.each = apart.dim[1];
        lt_output(g, map, lt_reshape(g, m, each));
    }
    lt_tensor *t = attend(g, q, k, v, heads, false);
    t->u.attention.each = apart.dim[1];
    return lt_reshape(g, t, apart);
}

lt_tensor *lt_attention(lt_graph *g, lt_tensor *q, lt_tensor *k, lt_tensor *v, int heads,
                        bool causal)
{
    if (g->error.code != LT_ERR_NONE)
        return g->broken;
    int64_t images = q->shape.dim[0], contexts = k->shape.dim[0];
    if (q->shape.ndim != 3 || !lt_shape_equal(&k->shape, &v->shape) || last(q) != last(k) ||
        images % contexts != 0 || (causal && images != contexts) || heads < 1 ||
        last(q) % heads != 0) {
        char a[64], b[64];
        broken(g, "attention of %d heads does not fit q %s and k %s", heads,
               lt_shape_text(&q->shape, a), lt_shape_text(&k->shape, b));
        return g->broken;
    }
    if (images != contexts)
        return attend_together(g, q, k, v, heads);
    const char *map = offer(g, "map");
    if (map)
        lt_output(g, map, attention_map(g, q, k, heads, causal));
    return attend(g, q, k, v, heads, causal);
}

lt_tensor *lt_add(lt_graph *g, lt_tensor *a, lt_tensor *b)
{
    bool per_image = a->shape.ndim == 4 && b->shape.ndim == 2 &&
                     (b->shape.dim[0] == a->shape.dim[0] || b->shape.dim[0] == 1) &&
                     last(a) == last(b);
    if (!per_image && !lt_shape_equal(&a->shape, &b->shape)) {
        char x[64], y[64];
        broken(g, "cannot add %s and %s", lt_shape_text(&a->shape, x), lt_shape_text(&b->shape, y));
        return g->broken;
    }
    return node(g, LT_OP_ADD, "add", a->shape, 2, (lt_tensor *[]){a, b});
}

lt_tensor *lt_concat(lt_graph *g, lt_tensor *a, lt_tensor *b)
{
    lt_shape same = with_last(b, last(a));
    if (!lt_shape_equal(&a->shape, &same)) {
        char x[64], y[64];
        broken(g, "cannot join %s and %s", lt_shape_text(&a->shape, x),
               lt_shape_text(&b->shape, y));
        return g->broken;
    }
    return node(g, LT_OP_CONCAT, "concat", with_last(a, last(a) + last(b)), 2,
                (lt_tensor *[]){a, b});
}

lt_tensor *lt_repeat(lt_graph *g, lt_tensor *x, int times)
{
    lt_shape shape = x->shape;
    shape.dim[0] *= times;
    return node1(g, LT_OP_REPEAT, "repeat", shape, x);
}

lt_tensor *lt_resize(lt_graph *g, lt_tensor *x, int64_t height, int64_t width)
{
    if (x->shape.ndim != 4) {
        broken(g, "resize needs an image");
        return g->broken;
    }
    return node1(g, LT_OP_RESIZE, "resize", shape4(x->shape.dim[0], height, width, last(x)), x);
}

lt_tensor *lt_embed(lt_graph *g, const char *tokens, const char *positions, lt_tensor *ids,
                    int vocabulary, int width)
{
    if (ids->dtype != LT_I32 || ids->shape.ndim != 2) {
        broken(g, "embed needs token ids");
        return g->broken;
    }
    int64_t n = ids->shape.dim[0], s = ids->shape.dim[1];
    lt_shape shape = {.ndim = 3, .dim = {n, s, width}};
    lt_tensor *t = node1(g, LT_OP_EMBED, "embed", shape, ids);
    if (t == g->broken)
        return t;
    t->weight = param(g, tokens, "weight", shape2(vocabulary, width));
    t->bias = param(g, positions, "weight", shape2(s, width));
    return t;
}

lt_tensor *lt_slice(lt_graph *g, lt_tensor *x, int64_t from, int64_t to)
{
    if (from < 0 || from >= to || to > last(x)) {
        broken(g, "no channels %" PRId64 "..%" PRId64 " in %" PRId64, from, to, last(x));
        return g->broken;
    }
    lt_tensor *t = node1(g, LT_OP_SLICE, "slice", with_last(x, to - from), x);
    if (t != g->broken) {
        t->u.slice.from = from;
        t->u.slice.to = to;
    }
    return t;
}

lt_tensor *lt_scale(lt_graph *g, lt_tensor *x, float mul, float add)
{
    lt_tensor *t = node1(g, LT_OP_SCALE, "scale", x->shape, x);
    if (t != g->broken) {
        t->u.scale.mul = mul;
        t->u.scale.add = add;
    }
    return t;
}

lt_tensor *lt_to_rgb(lt_graph *g, lt_tensor *x)
{
    lt_shape bytes = {.ndim = 1, .dim = {lt_shape_count(&x->shape) + LT_RGB_PARTS}};
    lt_tensor *t = node1(g, LT_OP_RGB, "rgb", bytes, x);
    if (t != g->broken)
        t->dtype = LT_U8;
    return t;
}

lt_tensor *lt_reshape(lt_graph *g, lt_tensor *x, lt_shape shape)
{
    if (lt_shape_count(&shape) != lt_shape_count(&x->shape)) {
        char a[64], b[64];
        broken(g, "cannot see %s as %s", lt_shape_text(&x->shape, a), lt_shape_text(&shape, b));
        return g->broken;
    }
    return node1(g, LT_OP_RESHAPE, "reshape", shape, x);
}
