/*
 * cudnn.h - the part of cuDNN's graph API that a convolution and an attention need: operations are
 * described, plans that can do them are made, a plan is run.
 *
 * A target is a device, through a stream of it, or only the description of one (JSON, as cuDNN
 * writes it): plans are made for both by the same code, so that tests see without a device what a
 * device will be given.  LT_ERR_DEVICE carries cuDNN's own reason.  Everything belongs to one
 * thread, and plans must be freed before their target.
 */
#pragma once

#include "base/buf.h"
#include "cuda/attention.h"
#include "cuda/conv.h"
#include "cuda/stream.h"

typedef struct lt_cudnn lt_cudnn;             /* a target */
typedef struct lt_cudnn_graph lt_cudnn_graph; /* operations, described */
typedef struct lt_cudnn_plan lt_cudnn_plan;

/* The stream's own target, made at the first call and closed with the stream. */
bool lt_cudnn_of(lt_gpu_stream *s, lt_cudnn **out, lt_error *err) LT_WARN_UNUSED;
/* A device that is not there.  Its plans cannot be run. */
bool lt_cudnn_describe(const char *json, lt_cudnn **out, lt_error *err) LT_WARN_UNUSED;
void lt_cudnn_free(lt_cudnn *c);           /* of lt_cudnn_describe; NULL is fine */
bool lt_cudnn_is_there(const lt_cudnn *c); /* plans can be run */

/* The values of a graph; y is the result.  Attention: LT_CUDNN_SCALE is a float of the host's. */
typedef enum lt_cudnn_value {
    LT_CUDNN_X = 1,
    LT_CUDNN_W,
    LT_CUDNN_Z,
    LT_CUDNN_BIAS,
    LT_CUDNN_Q,
    LT_CUDNN_K,
    LT_CUDNN_V,
    LT_CUDNN_SCALE,
    LT_CUDNN_Y,
} lt_cudnn_value;
enum { LT_CUDNN_VALUES = 5 }; /* that a graph has at most */

/* conv, + z, + bias, in this order and with float32 between: what is compiled into the library.
 * Another order of the two additions would be compiled at run time. */
bool lt_cudnn_conv(const lt_cudnn *c, const lt_conv_shape *shape, lt_cudnn_graph **out,
                   lt_error *err) LT_WARN_UNUSED;
/* One node.  Fails where cuDNN has none: before 9.13.1, in f32, causal.  What it has no plan for
 * (d no multiple of 8) is said by lt_cudnn_plans. */
bool lt_cudnn_attention(const lt_cudnn *c, const lt_attention_shape *shape, lt_cudnn_graph **out,
                        lt_error *err) LT_WARN_UNUSED;
bool lt_cudnn_has_attention(void);           /* 9.13.1, when this was built and now */
void lt_cudnn_graph_free(lt_cudnn_graph *g); /* NULL is fine */

typedef struct lt_cudnn_about {
    int64_t engine;
    bool compiled;     /* at run time, in 0.3 to 1 s, not with the library */
    bool tensor_cores; /* in f32 that would be TF32 */
    size_t workspace;  /* bytes */
} lt_cudnn_about;

/* At most `most` plans, the likely fastest first, each with at most `workspace` bytes.  Engines
 * that are compiled at run time only where there are no others.  Left out are those that
 * give other numbers from run to run, add in less than float32, transform the image (Winograd,
 * FFT), and in f32 those that round what they multiply (TF32).  Frees with lt_cudnn_plan_free;
 * out[most].  At least one, or false. */
bool lt_cudnn_plans(const lt_cudnn *c, const lt_cudnn_graph *g, size_t workspace, int most,
                    lt_cudnn_plan *out[], int *count, lt_error *err) LT_WARN_UNUSED;
void lt_cudnn_plan_free(lt_cudnn_plan *p); /* NULL is fine */
lt_cudnn_about lt_cudnn_plan_about(const lt_cudnn_plan *p);

/* As JSON, which the same version of cuDNN loads for the same device (only the workspace is
 * known of it then).  Appends to *out. */
bool lt_cudnn_plan_save(const lt_cudnn_plan *p, lt_buf *out, lt_error *err) LT_WARN_UNUSED;
bool lt_cudnn_plan_load(const lt_cudnn *c, const char *json, size_t n, lt_cudnn_plan **out,
                        lt_error *err) LT_WARN_UNUSED;

/* Puts it into the target's stream. values[i]: what is at address[i]. */
bool lt_cudnn_run(const lt_cudnn *c, const lt_cudnn_plan *p, const lt_cudnn_value *values,
                  const void *const *address, int count, void *workspace,
                  lt_error *err) LT_WARN_UNUSED;
