/*
 * conv.h, attention.h and matmul.h over a device that is only described: what is made, kept in the
 * cache of plans and taken from it, and what happens where the libraries refuse.  Running ends at
 * cuDNN, which has no handle.
 */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
#include "described.h"
#include "fake_device.h"
#include "support/check.h"
#include "support/temp.h"

static lt_scores_args last_scores; /* what lt_kernel_attention was given */

bool lt_kernel_attention(lt_gpu_stream *s, const lt_scores_args *a, lt_error *err)
{
    (void)s, (void)err;
    last_scores = *a;
    return true;
}

bool lt_kernel_softmax(lt_gpu_stream *s, const lt_softmax_args *a, lt_error *err)
{
    (void)s, (void)a;
    return lt_fail(err, LT_ERR_DEVICE, NULL, "not expected");
}

typedef struct bench {
    char *home;
    fake_device device;
    lt_gpu_stream *stream;
} bench;

static void destroy(void *c)
{
    lt_cudnn_free(c);
}

/* A stream of a device that is not there. */
static void open_stream(bench *b)
{
    b->stream = fake_stream_open(&b->device);
    *lt_gpu_slot(b->stream, LT_GPU_SLOT_CUDNN, destroy) = described("h100");
}

static void reopen_stream(bench *b)
{
    fake_stream_close(b->stream);
    open_stream(b);
}

static int setup(void **state)
{
    bench *b = lt_alloc(sizeof *b);
    b->home = temp_dir();
    assert_int_equal(setenv("XDG_CACHE_HOME", b->home, 1), 0);
    open_stream(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;
    fake_stream_close(b->stream);
    temp_dir_remove(b->home);
    free(b);
    return 0;
}

static const lt_conv_shape conv = {.dtype = LT_F16,
                                   .n = 2,
                                   .h = 16,
                                   .w = 16,
                                   .in = 64,
                                   .out = 64,
                                   .kernel = 3,
                                   .stride = 1,
                                   .top = 1,
                                   .left = 1,
                                   .bottom = 1,
                                   .right = 1,
                                   .bias = true,
                                   .addend = true};

static const lt_attention_shape attention = {.dtype = LT_F16,
                                             .n = 2,
                                             .heads = 2,
                                             .d = 40,
                                             .s = 64,
                                             .t = 77,
                                             .q_row = 80,
                                             .k_row = 160,
                                             .v_row = 160};

/* The cache's text of a key; NULL if it has none. */
static const char *kept(lt_gpu_stream *s, const char *key)
{
    size_t bytes;
    return lt_plan_cache_find(lt_plans_cache(s), key, &bytes);
}

static void test_conv(void **state)
{
    bench *b = *state;
    lt_conv *c = NULL;
    char key[LT_SHAPE_WORDS];
    lt_conv_shape_text(&conv, key);
    assert_null(kept(b->stream, key));
    CHECK_OK(lt_conv_new(b->stream, &conv, &c, err));
    char *json = lt_strdup(kept(b->stream, key));
    assert_int_equal(json[0], '{');
    int x[4];
    CHECK_FAILS(lt_conv_run(b->stream, c, x, x, x, x, x, err), LT_ERR_DEVICE, "running a plan");
    lt_conv_free(c);

    reopen_stream(b);
    assert_string_equal(kept(b->stream, key), json); /* through the file */
    CHECK_OK(lt_conv_new(b->stream, &conv, &c, err));
    assert_string_equal(kept(b->stream, key), json);
    lt_conv_free(c);
    lt_conv_free(NULL);
    free(json);
}

/* What the cache has, counts: a plan of another workspace is the one that is taken. */
static void test_conv_from_cache(void **state)
{
    bench *b = *state;
    lt_conv *c = NULL;
    lt_cudnn *target;
    lt_cudnn_graph *g;
    lt_cudnn_plan *plan[LT_PLANS_TRIED];
    char key[LT_SHAPE_WORDS];
    int count, other = 0;
    CHECK_OK(lt_cudnn_of(b->stream, &target, err));
    CHECK_OK(lt_cudnn_conv(target, &conv, &g, err));
    CHECK_OK(lt_cudnn_plans(target, g, LT_PLANS_WORKSPACE, LT_PLANS_TRIED, plan, &count, err));
    for (int i = 0; i < count; i++)
        if (lt_cudnn_plan_about(plan[i]).workspace > lt_cudnn_plan_about(plan[other]).workspace)
            other = i;
    lt_buf json = {0};
    CHECK_OK(lt_cudnn_plan_save(plan[other], &json, err));
    lt_plan_cache_put(lt_plans_cache(b->stream), lt_conv_shape_text(&conv, key), json.data,
                      json.len);
    CHECK_OK(lt_conv_new(b->stream, &conv, &c, err));
    assert_int_equal(lt_gpu_workspace_size(b->stream), lt_cudnn_plan_about(plan[other]).workspace);
    assert_string_equal(kept(b->stream, key), json.data);
    lt_conv_free(c);
    lt_buf_done(&json);
    for (int i = 0; i < count; i++)
        lt_cudnn_plan_free(plan[i]);
    lt_cudnn_graph_free(g);
}

/* Nonsense in the cache is planned anew. */
static void test_conv_from_nonsense(void **state)
{
    bench *b = *state;
    lt_conv *c = NULL;
    char key[LT_SHAPE_WORDS];
    lt_plan_cache_put(lt_plans_cache(b->stream), lt_conv_shape_text(&conv, key), "{\"a\":1}", 7);
    lt_plans_save(b->stream);
    CHECK_OK(lt_conv_new(b->stream, &conv, &c, err));
    assert_non_null(strstr(kept(b->stream, key), "engine"));
    lt_conv_free(c);
}

static void test_conv_refused(void **state)
{
    bench *b = *state;
    lt_conv_shape s = conv;
    lt_conv *c = NULL;
    s.h = 0;
    CHECK_FAILS(lt_conv_new(b->stream, &s, &c, err), LT_ERR_DEVICE, "conv f16 [2,0,16,64]");
}

static void check_kernel(bench *b, const lt_attention_shape *s, const char *why)
{
    lt_attention_op *a = NULL;
    int q, k, v, y;
    last_scores = (lt_scores_args){0};
    CHECK_OK(lt_attention_op_new(b->stream, s, &a, err));
    assert_non_null(strstr(lt_attention_why_ours(a), why));
    CHECK_OK(lt_attention_op_run(b->stream, a, &q, &k, &v, &y, err));
    assert_ptr_equal(last_scores.q, &q);
    assert_ptr_equal(last_scores.k, &k);
    assert_ptr_equal(last_scores.v, &v);
    assert_ptr_equal(last_scores.y, &y);
    assert_int_equal(last_scores.dtype, s->dtype);
    assert_int_equal(last_scores.d, s->d);
    assert_int_equal(last_scores.t, s->t);
    assert_int_equal(last_scores.v_row, s->v_row);
    assert_int_equal(last_scores.causal, s->causal);
    lt_attention_op_free(a);
}

/* What cuDNN does not take goes to our kernel. */
static void test_attention_kernel(void **state)
{
    bench *b = *state;
    if (!lt_cudnn_has_attention())
        skip();
    lt_attention_shape s = attention;
    s.causal = true;
    check_kernel(b, &s, "not causal");
    s = attention;
    s.dtype = LT_F32;
    check_kernel(b, &s, "f32");
    s = attention;
    s.d = 41;
    check_kernel(b, &s, "cuDNN: ");
    lt_attention_op_free(NULL);
}

static void test_attention_plan(void **state)
{
    bench *b = *state;
    lt_attention_op *a = NULL;
    char key[LT_SHAPE_WORDS];
    int q;
    if (!lt_cudnn_has_attention())
        skip();
    last_scores = (lt_scores_args){0};
    CHECK_OK(lt_attention_op_new(b->stream, &attention, &a, err));
    assert_null(lt_attention_why_ours(a));
    assert_non_null(kept(b->stream, lt_attention_shape_text(&attention, key)));
    CHECK_FAILS(lt_attention_op_run(b->stream, a, &q, &q, &q, &q, err), LT_ERR_DEVICE, "cuDNN: ");
    assert_null(last_scores.q);
    lt_attention_op_free(a);
}

/* Without any device there is no attention either: the handle's failure is told. */
static void test_attention_without(void **state)
{
    bench *b = *state;
    lt_attention_op *a = NULL;
    lt_gpu_stream *s = fake_stream_open(&b->device);
    CHECK_FAILS(lt_attention_op_new(s, &attention, &a, err), LT_ERR_DEVICE, "no handle");
    fake_stream_close(s);
}

/* cuBLASLt has no devices that are only described: it gets as far as its handle. */
static void test_matmul(void **state)
{
    bench *b = *state;
    lt_matmul *m = NULL;
    lt_matmul_shape s = {.dtype = LT_F16,
                         .rows = 64,
                         .in = 32,
                         .out = 48,
                         .x_row = 32,
                         .w_row = 32,
                         .y_row = 48,
                         .bias = true};
    CHECK_FAILS(
        lt_matmul_new(b->stream, &s, &m, err), LT_ERR_DEVICE,
        "matmul f16 [64,32] to 48, rows 32 32 48, bias: cuBLASLt: no handle for the device");
    s.dtype = LT_F32;
    s.bias = false;
    CHECK_FAILS(lt_matmul_new(b->stream, &s, &m, err), LT_ERR_DEVICE, "matmul f32");
    s.x_row = 31;
    CHECK_FAILS(lt_matmul_new(b->stream, &s, &m, err), LT_ERR_ARGUMENT, "rows 31 32 48");
    lt_matmul_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_conv),
        TEST(test_conv_from_cache),
        TEST(test_conv_from_nonsense),
        TEST(test_conv_refused),
        TEST(test_attention_kernel),
        TEST(test_attention_plan),
        TEST(test_attention_without),
        TEST(test_matmul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
