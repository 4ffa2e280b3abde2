/* small_net.h - a residual block and a transformer block, as in Stable Diffusion, to run on any
 * backend; for tests. */
#pragma once

#include "graph_run.h"

/* x [n,size,size,32] and t [n,16] -> y [n,size,size,4] */
typedef struct net {
    lt_graph *g;
    lt_tensor *y;
    graph_weights w;
} net;

/* want: taps, or NULL.  Weights of every net made here are equal, and at the same place if `like`
 * is given. */
net net_new(int n, int size, const char *want, const net *like);
void net_free(net *t);
