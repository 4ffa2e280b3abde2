/*
 * graph.h - a computation recorded once and replayed by a backend.
 *
 * Model code calls a builder function per layer; each appends a node and returns it.  Nothing is
 * computed.  A parameter is named by the path in the checkpoint: the scopes entered with lt_enter,
 * joined by dots, then the layer's name, then `weight` or `bias`.  Naming a parameter twice shares
 * it.
 *
 * The graph keeps the first error (a shape that does not fit, memory) and turns every later call
 * into a no-op that returns a harmless node, so that model code is straight-line; ask lt_graph_ok
 * once.
 *
 * A graph owns its nodes and is freed as a whole.  It belongs to one thread at a time; once built
 * it is only read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "tensor/tensor.h"

typedef enum lt_op {
#define LT_OP(name, text, what) LT_OP_##name,
#include "tensor/ops.def"
#undef LT_OP
    LT_OP_COUNT
} lt_op;

const char *lt_op_name(lt_op op);

typedef enum lt_act { LT_SILU, LT_GELU, LT_QUICK_GELU } lt_act;

/* Where a parameter's numbers are.  Set by weights/bind.c before compile; the memory must stay
 * valid until every program compiled from the graph is discarded and the backend has forgotten the
 * source. */
typedef struct lt_source {
    const void *data; /* borrowed; may be unaligned; row-major as the checkpoint stores it */
    lt_dtype dtype;   /* LT_F32, LT_F16 or LT_BF16 */
} lt_source;

/* Layouts are torch's: convolution [O,C,k,k], linear [O,C], norms and biases [C], embeddings [V,D].
 */
typedef struct lt_param {
    const char *path; /* "down_blocks.0.resnets.0.conv1.weight"; owned by the graph */
    lt_shape shape;
    lt_source source;
} lt_param;

typedef struct lt_tensor lt_tensor;
struct lt_tensor {
    lt_op op;
    int id;           /* index in the graph; inputs of a node have smaller ids */
    const char *name; /* scope and layer, for profiles and errors; owned by the graph */
    lt_shape shape;
    lt_dtype dtype; /* LT_I32 for token ids, LT_U8 for RGB, LT_F32 for everything else: a backend
                       may store LT_F32 values in a narrower type */
    int nsrc;
    lt_tensor *src[3];       /* EMBED: ids.  ATTENTION: q k v.  ATTENTION_MAP: q k */
    lt_param *weight, *bias; /* NULL where the op has none.  EMBED: tokens, positions */
    bool output;             /* readable after a run */
    union {
        struct {
            int kernel, stride;           /* square kernel */
            int top, left, bottom, right; /* zero padding */
        } conv;
        struct {
            int groups; /* LAYER_NORM: 1 */
            float eps;
        } norm;
        struct {
            int heads;
            int64_t each; /* queries of one image, of which a row of q may hold several */
            bool causal;  /* token s sees tokens 0..s */
        } attention;
        struct {
            int64_t from, to;
        } slice;
        struct {
            float mul, add;
        } scale;
        lt_act act;
    } u;
};

typedef struct lt_graph lt_graph;

lt_graph *lt_graph_new(void);
void lt_graph_free(lt_graph *g); /* NULL is fine */

/* False with the first error if any builder call failed. */
bool lt_graph_ok(const lt_graph *g, lt_error *err) LT_WARN_UNUSED;

int lt_graph_nodes(const lt_graph *g);
lt_tensor *lt_graph_node(const lt_graph *g, int id);
int lt_graph_params(const lt_graph *g);
lt_param *lt_graph_param(const lt_graph *g, int index);
lt_tensor *lt_graph_find(const lt_graph *g,
                         const char *name); /* an input, output or tap, or NULL */

/* Scopes of parameter names: lt_enter(g, "down_blocks.%d", i) ... lt_leave(g). */
void lt_enter(lt_graph *g, const char *format, ...) LT_PRINTF(2, 3);
void lt_leave(lt_graph *g);

lt_tensor *lt_input(lt_graph *g, const char *name, lt_dtype dtype, lt_shape shape);
lt_tensor *lt_output(lt_graph *g, const char *name, lt_tensor *x); /* marks and returns x */

/*
 * Taps: intermediate tensors that somebody may want to see.  Model code offers them by name; they
 * are outputs only if lt_want was called with a matching pattern before the model was built, and
 * cost nothing otherwise.  A pattern is a name, or has one '*', which stands for anything.  Offered
 * names are the scope plus `name`; attention layers offer "<scope>.map" (see ATTENTION_MAP) by
 * themselves.
 */
void lt_want(lt_graph *g, const char *pattern);
lt_tensor *lt_tap(lt_graph *g, const char *name, lt_tensor *x);
/* The names offered so far, wanted or not: the i-th, or NULL past the end. */
const char *lt_graph_offered(const lt_graph *g, int i);

/* Layers.  Shapes: x is [N,H,W,C] or [N,S,C]; see ops.def for the arithmetic. */
lt_tensor *lt_conv2d(lt_graph *g, const char *name, lt_tensor *x, int out_channels, int kernel);
/* 3x3, stride 2; asymmetric pads right and bottom by one, otherwise all four sides. */
lt_tensor *lt_conv2d_down(lt_graph *g, const char *name, lt_tensor *x, int out_channels,
                          bool asymmetric);
lt_tensor *lt_linear(lt_graph *g, const char *name, lt_tensor *x, int out_features, bool bias);
lt_tensor *lt_group_norm(lt_graph *g, const char *name, lt_tensor *x, int groups, float eps);
lt_tensor *lt_layer_norm(lt_graph *g, const char *name, lt_tensor *x, float eps);
lt_tensor *lt_activation(lt_graph *g, lt_act act, lt_tensor *x);
lt_tensor *lt_geglu(lt_graph *g, lt_tensor *x);
/* q [N,S,C], k and v [N,T,C]; or [M,T,C], each for N/M images of q one after another, which are
 * then one image of (N/M)*S queries to a backend. */
lt_tensor *lt_attention(lt_graph *g, lt_tensor *q, lt_tensor *k, lt_tensor *v, int heads,
                        bool causal);
lt_tensor *lt_add(lt_graph *g, lt_tensor *a, lt_tensor *b);
lt_tensor *lt_concat(lt_graph *g, lt_tensor *a, lt_tensor *b);
lt_tensor *lt_repeat(lt_graph *g, lt_tensor *x, int times);
lt_tensor *lt_resize(lt_graph *g, lt_tensor *x, int64_t height, int64_t width);
lt_tensor *lt_embed(lt_graph *g, const char *tokens, const char *positions, lt_tensor *ids,
                    int vocabulary, int width);
lt_tensor *lt_slice(lt_graph *g, lt_tensor *x, int64_t from, int64_t to);
lt_tensor *lt_scale(lt_graph *g, lt_tensor *x, float mul, float add);
/* Pictures as bytes, LT_U8 [count + LT_RGB_PARTS]: those of x one after another, and behind them
 * one for each LT_RGB_PARTS-th part of x (lt_rgb_part numbers, the last ones fewer or none): 1 if a
 * number in it is not finite, else 0. */
enum { LT_RGB_PARTS = 64 };
lt_tensor *lt_to_rgb(lt_graph *g, lt_tensor *x);
static inline int64_t lt_rgb_part(int64_t count)
{
    return (count + LT_RGB_PARTS - 1) / LT_RGB_PARTS;
}
lt_tensor *lt_reshape(lt_graph *g, lt_tensor *x, lt_shape shape);
