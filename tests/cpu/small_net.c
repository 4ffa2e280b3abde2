/* small_net.c - see small_net.h. */
#include "small_net.h"

#include "support/check.h"

/* A residual block and a transformer block on [n,size,size,32], as in Stable Diffusion. */
static lt_tensor *small_net(lt_graph *g, int n, int size)
{
    lt_shape image = {.ndim = 4, .dim = {n, size, size, 32}};
    lt_shape rows = {.ndim = 3, .dim = {n, size * size, 32}}, time = {.ndim = 2, .dim = {n, 16}};
    lt_tensor *x = lt_input(g, "x", LT_F32, image), *t = lt_input(g, "t", LT_F32, time);
    lt_tensor *h = lt_activation(g, LT_SILU, lt_group_norm(g, "norm1", x, 8, 1e-5F));
    h = lt_conv2d(g, "conv1", h, 32, 3);
    h = lt_add(g, h, lt_linear(g, "time", t, 32, true));
    h = lt_activation(g, LT_SILU, lt_tap(g, "norm2", lt_group_norm(g, "norm2", h, 8, 1e-5F)));
    h = lt_tap(g, "conv2", lt_conv2d(g, "conv2", h, 32, 3));
    x = lt_reshape(g, lt_add(g, x, h), rows);
    h = lt_layer_norm(g, "ln1", x, 1e-5F);
    lt_tensor *q = lt_linear(g, "q", h, 32, false), *k = lt_linear(g, "k", h, 32, false);
    h = lt_attention(g, q, k, lt_linear(g, "v", h, 32, false), 4, false);
    x = lt_add(g, lt_linear(g, "out", h, 32, true), x);
    h = lt_geglu(g, lt_linear(g, "up", lt_layer_norm(g, "ln2", x, 1e-5F), 256, true));
    x = lt_add(g, lt_linear(g, "down", h, 32, true), x);
    x = lt_conv2d_down(g, "smaller", lt_reshape(g, x, image), 64, false);
    return lt_conv2d(g, "last", lt_resize(g, x, size, size), 4, 3);
}

net net_new(int n, int size, const char *want, const net *like)
{
    net t = {.g = lt_graph_new()};
    if (want)
        lt_want(t.g, want);
    t.y = lt_output(t.g, "y", small_net(t.g, n, size));
    CHECK_OK(lt_graph_ok(t.g, err));
    if (!like)
        t.w = graph_weights_set(t.g, 3, LT_F32, 0);
    for (int i = 0; like && i < lt_graph_params(t.g); i++)
        lt_graph_param(t.g, i)->source = lt_graph_param(like->g, i)->source;
    return t;
}

void net_free(net *t)
{
    graph_weights_free(&t->w);
    lt_graph_free(t->g);
}
