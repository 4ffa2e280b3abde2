/* op_cases.c - see op_cases.h. */
#include "op_cases.h"

#include <stddef.h>

static lt_tensor *image(lt_graph *g, const op_case *c, const char *name)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 4, .dim = {c->n, c->h, c->w, c->c}});
}

static lt_tensor *rows(lt_graph *g, const char *name, int n, int s, int c)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 3, .dim = {n, s, c}});
}

static lt_tensor *conv(lt_graph *g, const op_case *c)
{
    return lt_conv2d(g, "conv", image(g, c, "x"), c->o, c->extra);
}

static lt_tensor *conv_down(lt_graph *g, const op_case *c)
{
    return lt_conv2d_down(g, "conv", image(g, c, "x"), c->o, c->extra != 0);
}

static lt_tensor *linear(lt_graph *g, const op_case *c)
{
    return lt_linear(g, "fc", rows(g, "x", c->n, c->h, c->c), c->o, c->extra != 0);
}

static lt_tensor *vector(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->c}};
    return lt_linear(g, "fc", lt_input(g, "x", LT_F32, s), c->o, true);
}

static lt_tensor *group_norm(lt_graph *g, const op_case *c)
{
    return lt_group_norm(g, "norm", image(g, c, "x"), c->o, 1e-5F);
}

/* A mean of 100 times the deviation: sums of squares without it would lose everything. */
static lt_tensor *group_norm_far(lt_graph *g, const op_case *c)
{
    lt_tensor *x = lt_scale(g, image(g, c, "x"), 1.0F, 100.0F);
    return lt_group_norm(g, "norm", x, c->o, 1e-5F);
}

static lt_tensor *layer_norm(lt_graph *g, const op_case *c)
{
    return lt_layer_norm(g, "norm", rows(g, "x", c->n, c->h, c->c), 1e-5F);
}

static lt_tensor *activation(lt_graph *g, const op_case *c)
{
    return lt_activation(g, (lt_act)c->extra, rows(g, "x", c->n, c->h, c->c));
}

static lt_tensor *geglu(lt_graph *g, const op_case *c)
{
    return lt_geglu(g, rows(g, "x", c->n, c->h, c->c));
}

/* A linear and its geglu: c wide, o after it. */
static lt_tensor *gated(lt_graph *g, const op_case *c)
{
    return lt_geglu(g, lt_linear(g, "fc", rows(g, "x", c->n, c->h, c->c), 2 * c->o, c->extra != 0));
}

/* Three linears of one x, or two of one text, and the attention of o heads that reads them. */
static lt_tensor *attention_of_linears(lt_graph *g, const op_case *c)
{
    lt_tensor *x = rows(g, "x", c->n, c->h, c->c);
    lt_tensor *text = c->w ? rows(g, "text", c->n, c->w, c->c / 2) : x;
    lt_tensor *q = lt_linear(g, "q", x, c->c, c->extra != 0);
    lt_tensor *k = lt_linear(g, "k", text, c->c, c->extra != 0);
    return lt_attention(g, q, k, lt_linear(g, "v", text, c->c, c->extra != 0), c->o, false);
}

/* Doubled, then a 3x3 convolution. */
static lt_tensor *upsample(lt_graph *g, const op_case *c)
{
    return lt_conv2d(g, "conv", lt_resize(g, image(g, c, "x"), 2 * c->h, 2 * c->w), c->o, 3);
}

/* h queries, w tokens, o heads */
static lt_tensor *attention(lt_graph *g, const op_case *c)
{
    lt_tensor *q = rows(g, "q", c->n, c->h, c->c), *k = rows(g, "k", c->n, c->w, c->c);
    return lt_attention(g, q, k, rows(g, "v", c->n, c->w, c->c), c->o, c->extra != 0);
}

static lt_tensor *attention_map(lt_graph *g, const op_case *c)
{
    lt_want(g, "map");
    lt_tensor *attended = attention(g, c);
    return lt_graph_ok(g, &(lt_error){0}) ? lt_graph_node(g, attended->id - 1) : attended;
}

static lt_tensor *rgb(lt_graph *g, const op_case *c)
{
    return lt_to_rgb(g, image(g, c, "x"));
}

/* Two texts for n images: each for half of them. */
static lt_tensor *attention_of_two(lt_graph *g, const op_case *c)
{
    lt_tensor *x = rows(g, "x", c->n, c->h, c->c), *text = rows(g, "text", 2, c->w, c->c / 2);
    lt_tensor *q = lt_linear(g, "q", x, c->c, false), *k = lt_linear(g, "k", text, c->c, false);
    return lt_attention(g, q, k, lt_linear(g, "v", text, c->c, false), c->o, false);
}

static lt_tensor *map_of_two(lt_graph *g, const op_case *c)
{
    lt_want(g, "map");
    lt_tensor *attended = attention_of_two(g, c);
    return lt_graph_ok(g, &(lt_error){0}) ? lt_graph_find(g, "map") : attended;
}

static lt_tensor *add(lt_graph *g, const op_case *c)
{
    return lt_add(g, image(g, c, "a"), image(g, c, "b"));
}

static lt_tensor *add_per_image(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->c}};
    return lt_add(g, image(g, c, "a"), lt_input(g, "b", LT_F32, s));
}

static lt_tensor *add_to_all(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {1, c->c}};
    return lt_add(g, image(g, c, "a"), lt_input(g, "b", LT_F32, s));
}

static lt_tensor *repeat(lt_graph *g, const op_case *c)
{
    return lt_repeat(g, image(g, c, "x"), c->o);
}

static lt_tensor *concat(lt_graph *g, const op_case *c)
{
    op_case other = *c;
    other.c = c->o;
    return lt_concat(g, image(g, c, "a"), image(g, &other, "b"));
}

static lt_tensor *resize(lt_graph *g, const op_case *c)
{
    return lt_resize(g, image(g, c, "x"), c->o, c->extra);
}

/* c wide, vocabulary 50 */
static lt_tensor *embed(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->h}};
    return lt_embed(g, "tokens", "positions", lt_input(g, "ids", LT_I32, s), 50, c->c);
}

static lt_tensor *slice(lt_graph *g, const op_case *c)
{
    return lt_slice(g, image(g, c, "x"), c->o, c->extra);
}

static lt_tensor *scale(lt_graph *g, const op_case *c)
{
    return lt_scale(g, image(g, c, "x"), 2.5F, -0.75F);
}

static lt_tensor *reshape(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 3, .dim = {c->n, c->h * c->w, c->c}};
    return lt_scale(g, lt_reshape(g, image(g, c, "x"), s), 0.5F, 0.0F);
}

/* ---- patterns that are joined ---- */
static lt_tensor *conv_residual(lt_graph *g, const op_case *c)
{
    lt_tensor *x = image(g, c, "x");
    return lt_add(g, x, lt_conv2d(g, "conv", x, c->c, c->extra));
}

static lt_tensor *two_products(lt_graph *g, const op_case *c)
{
    lt_tensor *x = image(g, c, "x"), *near = lt_conv2d(g, "short", x, c->o, 1);
    return lt_add(g, near, lt_conv2d(g, "conv", x, c->o, 3));
}

static lt_tensor *linear_residual(lt_graph *g, const op_case *c)
{
    lt_tensor *x = rows(g, "x", c->n, c->h, c->c);
    return lt_add(g, lt_linear(g, "fc", x, c->c, c->extra != 0), x);
}

static lt_tensor *norm_silu(lt_graph *g, const op_case *c)
{
    return lt_activation(g, LT_SILU, group_norm(g, c));
}

static lt_tensor *shift_norm_silu(lt_graph *g, const op_case *c)
{
    lt_tensor *shifted = add_per_image(g, c);
    return lt_activation(g, LT_SILU, lt_group_norm(g, "norm", shifted, c->o, 1e-5F));
}

static lt_tensor *shift_all_norm(lt_graph *g, const op_case *c)
{
    return lt_group_norm(g, "norm", add_to_all(g, c), c->o, 1e-5F);
}

static lt_tensor *layer_norm_gelu(lt_graph *g, const op_case *c)
{
    return lt_activation(g, LT_GELU, layer_norm(g, c));
}

/* A concat that only norms and 1x1 products read; extra: channels of its second part. */
static lt_tensor *concat_of(lt_graph *g, const op_case *c)
{
    op_case other = *c;
    other.c = c->extra;
    return lt_concat(g, image(g, c, "a"), image(g, &other, "b"));
}

static lt_tensor *resnet_of_concat(lt_graph *g, const op_case *c)
{
    lt_tensor *x = concat_of(g, c), *h = lt_group_norm(g, "norm", x, 4, 1e-5F);
    h = lt_conv2d(g, "conv", lt_activation(g, LT_SILU, h), c->o, 3);
    return lt_add(g, lt_conv2d(g, "short", x, c->o, 1), h);
}

static lt_tensor *linear_of_concat(lt_graph *g, const op_case *c)
{
    return lt_linear(g, "fc", concat_of(g, c), c->o, true);
}

static lt_tensor *shift_norm_of_concat(lt_graph *g, const op_case *c)
{
    lt_shape s = {.ndim = 2, .dim = {c->n, c->c + c->extra}};
    lt_tensor *x = lt_add(g, concat_of(g, c), lt_input(g, "shift", LT_F32, s));
    return lt_activation(g, LT_SILU, lt_group_norm(g, "norm", x, c->o, 1e-5F));
}

/* Slices of one product as queries, keys, values and shift: views. */
static lt_tensor *attention_of_slices(lt_graph *g, const op_case *c)
{
    lt_tensor *x = lt_linear(g, "fc", rows(g, "x", c->n, c->h, c->c), 3 * c->c, true);
    lt_tensor *q = lt_slice(g, x, 0, c->c), *k = lt_slice(g, x, c->c, 2 * c->c);
    return lt_attention(g, q, k, lt_slice(g, x, 2 * c->c, 3 * c->c), c->o, c->extra != 0);
}

/* One map of linears that become one product. */
static lt_tensor *map_of_linears(lt_graph *g, const op_case *c)
{
    lt_want(g, "map");
    lt_tensor *attended = attention_of_linears(g, c);
    return lt_graph_ok(g, &(lt_error){0}) ? lt_graph_node(g, attended->id - 1) : attended;
}

const op_case op_cases[] = {
    {LT_OP_CONV2D, conv, 1, 1, 1, 4, 8, 3},
    {LT_OP_CONV2D, conv, 2, 7, 5, 13, 7, 3},
    {LT_OP_CONV2D, conv, 3, 9, 11, 32, 48, 3},
    {LT_OP_CONV2D, conv, 1, 16, 16, 4, 320, 3},
    {LT_OP_CONV2D, conv, 1, 16, 16, 320, 4, 3},
    {LT_OP_CONV2D, conv, 1, 64, 64, 320, 32, 3},
    {LT_OP_CONV2D, conv, 2, 8, 8, 640, 64, 3},
    {LT_OP_CONV2D, conv, 2, 5, 3, 17, 33, 1},
    {LT_OP_CONV2D, conv, 1, 64, 64, 320, 64, 1},
    {LT_OP_CONV2D, conv, 1, 1, 1, 3, 1, 1},
    {LT_OP_CONV2D, upsample, 1, 1, 1, 3, 5, 0},
    {LT_OP_CONV2D, upsample, 2, 5, 7, 13, 11, 0},
    {LT_OP_CONV2D, upsample, 1, 16, 16, 64, 48, 0},
    {LT_OP_CONV2D, conv_down, 2, 8, 8, 16, 16, 0},
    {LT_OP_CONV2D, conv_down, 1, 7, 9, 5, 11, 0},
    {LT_OP_CONV2D, conv_down, 2, 8, 8, 16, 16, 1},
    {LT_OP_CONV2D, conv_down, 3, 9, 6, 7, 20, 1},
    {LT_OP_CONV2D, conv_down, 1, 64, 64, 128, 32, 1},
    {LT_OP_CONV2D, conv_residual, 2, 9, 7, 24, 0, 3},
    {LT_OP_CONV2D, conv_residual, 1, 32, 32, 64, 0, 3},
    {LT_OP_CONV2D, conv_residual, 3, 5, 5, 10, 0, 1},
    {LT_OP_CONV2D, two_products, 2, 6, 10, 12, 20, 0},
    {LT_OP_LINEAR, linear, 1, 1, 0, 1, 1, 1},
    {LT_OP_LINEAR, linear, 2, 77, 0, 64, 96, 1},
    {LT_OP_LINEAR, linear, 3, 5, 0, 13, 7, 0},
    {LT_OP_LINEAR, linear, 1, 4096, 0, 320, 40, 1},
    {LT_OP_LINEAR, linear, 1, 77, 0, 768, 320, 0},
    {LT_OP_LINEAR, linear, 2, 64, 0, 1280, 100, 1},
    {LT_OP_LINEAR, vector, 1, 0, 0, 320, 1280, 0},
    {LT_OP_LINEAR, vector, 3, 0, 0, 33, 65, 0},
    {LT_OP_LINEAR, linear_residual, 2, 33, 0, 40, 0, 1},
    {LT_OP_LINEAR, linear_residual, 1, 50, 0, 17, 0, 0},
    {LT_OP_GROUP_NORM, group_norm, 1, 1, 1, 32, 8, 0},
    {LT_OP_GROUP_NORM, group_norm, 2, 5, 7, 6, 3, 0},
    {LT_OP_GROUP_NORM, group_norm, 3, 9, 9, 96, 32, 0},
    {LT_OP_GROUP_NORM, group_norm, 1, 64, 64, 320, 32, 0},
    {LT_OP_GROUP_NORM, group_norm, 2, 3, 3, 2560, 32, 0},
    {LT_OP_GROUP_NORM, group_norm, 1, 3, 1, 20000, 1, 0},
    {LT_OP_GROUP_NORM, norm_silu, 2, 16, 16, 64, 32, 0},
    {LT_OP_GROUP_NORM, shift_norm_silu, 3, 11, 13, 640, 32, 0},
    {LT_OP_GROUP_NORM, shift_norm_silu, 2, 1, 1, 4, 2, 0},
    {LT_OP_LAYER_NORM, layer_norm, 1, 1, 0, 8, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm, 2, 77, 0, 768, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm, 3, 9, 0, 13, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm, 1, 4096, 0, 320, 0, 0},
    {LT_OP_LAYER_NORM, layer_norm_gelu, 2, 9, 0, 21, 0, 0},
    {LT_OP_ACTIVATION, activation, 1, 1, 0, 1, 0, LT_SILU},
    {LT_OP_ACTIVATION, activation, 3, 77, 0, 333, 0, LT_SILU},
    {LT_OP_ACTIVATION, activation, 3, 77, 0, 333, 0, LT_GELU},
    {LT_OP_ACTIVATION, activation, 3, 77, 0, 333, 0, LT_QUICK_GELU},
    {LT_OP_GEGLU, geglu, 1, 1, 0, 2, 0, 0},
    {LT_OP_GEGLU, geglu, 3, 7, 0, 26, 0, 0},
    {LT_OP_GEGLU, geglu, 1, 64, 0, 10240, 0, 0},
    {LT_OP_GEGLU, gated, 1, 1, 1, 4, 3, 1},
    {LT_OP_GEGLU, gated, 2, 77, 1, 96, 200, 0}, /* a block and the rest, in each image */
    {LT_OP_GEGLU, gated, 1, 64, 1, 320, 1280, 1},
    {LT_OP_ATTENTION, attention, 1, 1, 1, 8, 1, 0},
    {LT_OP_ATTENTION, attention, 2, 16, 77, 64, 8, 0},
    {LT_OP_ATTENTION, attention, 3, 7, 5, 9, 3, 0},
    {LT_OP_ATTENTION, attention, 2, 77, 77, 96, 12, 1},
    {LT_OP_ATTENTION, attention, 1, 5, 9, 12, 2, 1},
    {LT_OP_ATTENTION, attention, 1, 1024, 1024, 80, 2, 0},
    {LT_OP_ATTENTION, attention, 1, 300, 4096, 40, 1, 0},
    {LT_OP_ATTENTION, attention, 1, 130, 33, 512, 1, 0},
    {LT_OP_ATTENTION, attention, 2, 40, 1030, 48, 3, 0}, /* spans, the last one shorter */
    {LT_OP_ATTENTION, attention, 1, 600, 600, 16, 2, 1}, /* causal over spans */
    {LT_OP_ATTENTION, attention_of_linears, 2, 50, 0, 48, 3, 0},
    {LT_OP_ATTENTION, attention_of_linears, 2, 50, 0, 48, 3, 1},
    {LT_OP_ATTENTION, attention_of_linears, 2, 64, 77, 64, 8, 0},
    {LT_OP_ATTENTION, attention_of_two, 6, 25, 77, 48, 3, 0},
    {LT_OP_ATTENTION, attention_of_two, 4, 64, 77, 64, 8, 0},
    {LT_OP_ATTENTION_MAP, map_of_two, 6, 25, 77, 48, 3, 0},
    {LT_OP_ATTENTION_MAP, attention_map, 1, 1, 1, 8, 1, 0},
    {LT_OP_ATTENTION_MAP, attention_map, 2, 64, 77, 64, 8, 0},
    {LT_OP_ATTENTION_MAP, attention_map, 3, 131, 5, 9, 3, 1},
    {LT_OP_ADD, add, 1, 1, 1, 1, 0, 0},
    {LT_OP_ADD, add, 3, 7, 9, 13, 0, 0},
    {LT_OP_ADD, add, 1, 64, 64, 320, 0, 0},
    {LT_OP_ADD, add_per_image, 3, 7, 9, 13, 0, 0},
    {LT_OP_ADD, add_to_all, 3, 5, 7, 9, 0, 0},
    {LT_OP_ADD, add_per_image, 2, 16, 16, 1280, 0, 0},
    {LT_OP_CONCAT, concat, 3, 5, 7, 13, 6, 0},
    {LT_OP_CONCAT, concat, 1, 64, 64, 320, 320, 0},
    {LT_OP_REPEAT, repeat, 2, 3, 5, 7, 3, 0},
    {LT_OP_REPEAT, repeat, 1, 64, 64, 33, 2, 0},
    {LT_OP_RESIZE, resize, 2, 5, 7, 3, 10, 14},
    {LT_OP_RESIZE, resize, 1, 8, 8, 16, 5, 13},
    {LT_OP_RESIZE, resize, 1, 1, 1, 2, 3, 1},
    {LT_OP_EMBED, embed, 3, 11, 0, 24, 0, 0},
    {LT_OP_EMBED, embed, 2, 77, 0, 768, 0, 0},
    {LT_OP_SLICE, slice, 2, 5, 3, 17, 4, 9},
    {LT_OP_SLICE, slice, 1, 1, 1, 8, 0, 8},
    {LT_OP_SCALE, scale, 3, 9, 5, 7, 0, 0},
    {LT_OP_RGB, rgb, 1, 1, 1, 3, 0, 0}, /* fewer numbers than parts */
    {LT_OP_RGB, rgb, 1, 40, 31, 3, 0, 0},
    {LT_OP_RGB, rgb, 2, 9, 5, 3, 0, 0},
    {LT_OP_RESHAPE, reshape, 2, 3, 5, 7, 0, 0},
    {LT_OP_CONV2D, resnet_of_concat, 2, 6, 5, 24, 20, 8},
    {LT_OP_CONV2D, resnet_of_concat, 1, 9, 9, 64, 32, 32},
    {LT_OP_LINEAR, linear_of_concat, 2, 3, 7, 16, 11, 24},
    {LT_OP_GROUP_NORM, shift_all_norm, 3, 5, 7, 12, 3, 0},
    {LT_OP_GROUP_NORM, shift_norm_of_concat, 3, 5, 7, 24, 4, 8},
    {LT_OP_ATTENTION, attention_of_slices, 2, 21, 0, 32, 2, 0},
    {LT_OP_ATTENTION, attention_of_slices, 1, 33, 0, 64, 4, 1},
    {LT_OP_ATTENTION_MAP, map_of_linears, 2, 50, 0, 48, 3, 0},
    {LT_OP_ATTENTION_MAP, map_of_linears, 2, 33, 7, 48, 3, 0},
    {LT_OP_GROUP_NORM, group_norm_far, 2, 24, 24, 64, 32, 0},
};
const int op_cases_count = sizeof op_cases / sizeof *op_cases;

bool op_case_is_far(const op_case *c)
{
    return c->build == group_norm_far;
}

const op_case op_source_cases[] = {
    {LT_OP_CONV2D, conv, 1, 5, 5, 13, 20, 3},
    {LT_OP_LINEAR, linear, 2, 9, 0, 33, 17, 1},
    {LT_OP_GROUP_NORM, group_norm, 1, 4, 4, 16, 4, 0},
    {LT_OP_EMBED, embed, 2, 9, 0, 24, 0, 0},
};
const int op_source_cases_count = sizeof op_source_cases / sizeof *op_source_cases;
