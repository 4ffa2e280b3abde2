/*
 * conv.h and attention.h on a device whose plans take the time that the test says (fake_cudnn.h):
 * which plan is taken, what it is given, and what is kept of the choice.
 */
#define _XOPEN_SOURCE 700
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/kernels.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
#include "described.h"
#include "fake_cublaslt.h"
#include "fake_cudnn.h"
#include "support/check.h"
#include "support/temp.h"
#include "tensor/half.h"

typedef struct bench {
    char *home;
    fake_device device;
} bench;

/* What our kernels were asked for; and how far from cuDNN's the numbers of attention are. */
static struct {
    int attentions, softmaxes;
    float off;
    bool refuse;
} kernels;

/* The fake cuDNN leaves its result as it was. */
bool lt_kernel_attention(lt_gpu_stream *s, const lt_scores_args *a, lt_error *err)
{
    const char *theirs = fake_operand(LT_CUDNN_Y);
    (void)s;
    kernels.attentions++;
    if (kernels.refuse)
        return lt_fail(err, LT_ERR_DEVICE, NULL, "not expected");
    for (int64_t i = 0; theirs && i < a->n * a->s * a->heads * a->d; i++) {
        float x;
        lt_to_f32(&x, theirs + 2 * i, a->dtype, 1);
        x *= 1 + kernels.off;
        lt_from_f32((char *)a->y + 2 * i, a->dtype, &x, 1);
    }
    return true;
}

bool lt_kernel_softmax(lt_gpu_stream *s, const lt_softmax_args *a, lt_error *err)
{
    (void)s, (void)a, (void)err;
    kernels.softmaxes++;
    return true;
}

static void open_stream(bench *b)
{
    double forever[FAKE_PLANS];
    for (int i = 0; i < FAKE_PLANS; i++)
        forever[i] = 100 - i * 0.001;
    fake_dnn = (fake_cudnn){.stream = fake_stream_open(&b->device), .last = -1};
    memcpy(fake_dnn.seconds, forever, sizeof forever);
    fake_cublas = (fake_cublaslt){.stream = fake_dnn.stream, .seconds = {3, 1, 2}, .count = 1};
    kernels.attentions = kernels.softmaxes = 0;
    kernels.off = 0;
    kernels.refuse = false;
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
    assert_int_equal(b->device.allocations, b->device.frees);
    fake_stream_close(fake_dnn.stream);
    assert_int_equal(fake_dnn.handles, 0);
    temp_dir_remove(b->home);
    free(b);
    return 0;
}

static const lt_conv_shape shape = {.dtype = LT_F16,
                                    .n = 2,
                                    .h = 16,
                                    .w = 16,
                                    .in = 64,
                                    .out = 64,
                                    .kernel = 3,
                                    .stride = 2,
                                    .bottom = 1,
                                    .right = 1,
                                    .bias = true,
                                    .addend = true};

/* The plan that cuDNN proposes as the i-th, as JSON; owned by the caller. */
static char *proposed(int i, size_t *workspace)
{
    lt_cudnn *c = described("h100");
    lt_cudnn_graph *g;
    lt_cudnn_plan *plan[LT_PLANS_TRIED];
    lt_buf json = {0};
    int count;
    CHECK_OK(lt_cudnn_conv(c, &shape, &g, err));
    CHECK_OK(lt_cudnn_plans(c, g, LT_PLANS_WORKSPACE, LT_PLANS_TRIED, plan, &count, err));
    assert_true(i < count);
    CHECK_OK(lt_cudnn_plan_save(plan[i], &json, err));
    *workspace = lt_cudnn_plan_about(plan[i]).workspace;
    for (int k = 0; k < count; k++)
        lt_cudnn_plan_free(plan[k]);
    lt_cudnn_graph_free(g);
    lt_cudnn_free(c);
    return json.data;
}

static void check_kept(int i)
{
    char key[LT_SHAPE_WORDS];
    size_t bytes, workspace;
    char *want = proposed(i, &workspace);
    const char *got = lt_plan_cache_find(lt_plans_cache(fake_dnn.stream),
                                         lt_conv_shape_text(&shape, key), &bytes);
    assert_non_null(got);
    assert_string_equal(got, want);
    assert_int_equal(lt_gpu_workspace_size(fake_dnn.stream), workspace);
    free(want);
}

static void test_conv_fastest(void **state)
{
    bench *b = *state;
    lt_conv *c = NULL;
    int x, w, bias, z, y;
    fake_dnn.seconds[5] = 1;
    CHECK_OK(lt_conv_new(fake_dnn.stream, &shape, &c, err));
    assert_int_equal(fake_dnn.plans, LT_PLANS_TRIED);
    check_kept(5);
    CHECK_OK(lt_conv_run(fake_dnn.stream, c, &x, &w, &bias, &z, &y, err));
    assert_int_equal(fake_dnn.last, 5);
    assert_int_equal(fake_dnn.operands, 5);
    assert_ptr_equal(fake_operand(LT_CUDNN_X), &x);
    assert_ptr_equal(fake_operand(LT_CUDNN_W), &w);
    assert_ptr_equal(fake_operand(LT_CUDNN_BIAS), &bias);
    assert_ptr_equal(fake_operand(LT_CUDNN_Z), &z);
    assert_ptr_equal(fake_operand(LT_CUDNN_Y), &y);
    assert_ptr_equal(fake_dnn.workspace, lt_gpu_workspace(fake_dnn.stream));
    lt_conv_free(c);

    /* the next program measures nothing */
    fake_stream_close(fake_dnn.stream);
    open_stream(b);
    int allocations = b->device.allocations;
    CHECK_OK(lt_conv_new(fake_dnn.stream, &shape, &c, err));
    assert_int_equal(b->device.allocations, allocations);
    assert_int_equal(fake_dnn.plans, 0);
    check_kept(5);
    lt_conv_free(c);
}

static void test_conv_without_extras(void **state)
{
    lt_conv *c = NULL;
    lt_conv_shape s = shape;
    int x, w, y;
    (void)state;
    s.bias = s.addend = false;
    CHECK_OK(lt_conv_new(fake_dnn.stream, &s, &c, err));
    CHECK_OK(lt_conv_run(fake_dnn.stream, c, &x, &w, NULL, NULL, &y, err));
    assert_int_equal(fake_dnn.operands, 3);
    lt_conv_free(c);
}

/* Where there is no memory to measure in, cuDNN's own order counts. */
static void test_conv_no_memory(void **state)
{
    bench *b = *state;
    lt_conv *c = NULL;
    b->device.no_memory = true;
    CHECK_OK(lt_conv_new(fake_dnn.stream, &shape, &c, err));
    assert_int_equal(fake_dnn.plans, 0);
    check_kept(0);
    lt_conv_free(c);
}

static void test_conv_broken(void **state)
{
    bench *b = *state;
    lt_conv *c = NULL;
    b->device.broken = true;
    CHECK_FAILS(lt_conv_new(fake_dnn.stream, &shape, &c, err), LT_ERR_DEVICE, "is broken");
}

static void test_attention(void **state)
{
    const lt_attention_shape s = {.dtype = LT_F16,
                                  .n = 2,
                                  .heads = 2,
                                  .d = 64,
                                  .s = 32,
                                  .t = 77,
                                  .q_row = 128,
                                  .k_row = 256,
                                  .v_row = 256};
    lt_attention_op *a = NULL;
    int q, k, v, y;
    (void)state;
    if (!lt_cudnn_has_attention())
        skip();
    CHECK_OK(lt_attention_op_new(fake_dnn.stream, &s, &a, err));
    assert_null(lt_attention_why_ours(a));
    CHECK_OK(lt_attention_op_run(fake_dnn.stream, a, &q, &k, &v, &y, err));
    assert_int_equal(fake_dnn.operands, 5);
    assert_ptr_equal(fake_operand(LT_CUDNN_Q), &q);
    assert_ptr_equal(fake_operand(LT_CUDNN_K), &k);
    assert_ptr_equal(fake_operand(LT_CUDNN_V), &v);
    assert_ptr_equal(fake_operand(LT_CUDNN_Y), &y);
    assert_float_equal(*(const float *)fake_operand(LT_CUDNN_SCALE), 0.125f, 0);
    lt_attention_op_free(a);
}

static const lt_attention_shape vae = {.dtype = LT_F16,
                                       .n = 1,
                                       .heads = 1,
                                       .d = 512,
                                       .s = 32,
                                       .t = 32,
                                       .q_row = 1536,
                                       .k_row = 1536,
                                       .v_row = 1536};

/* Runs it: by whom was it done? */
static void check_wide(lt_dtype dtype, int plans, int softmaxes, int attentions, const char *why)
{
    static char x[32 * 1536 * 4], y[32 * 512 * 4];
    lt_attention_op *a = NULL;
    lt_attention_shape s = vae;
    s.dtype = dtype;
    CHECK_OK(lt_attention_op_new(fake_dnn.stream, &s, &a, err));
    if (why)
        assert_non_null(strstr(lt_attention_why_ours(a), why));
    else
        assert_null(lt_attention_why_ours(a));
    int before = kernels.attentions;
    kernels.refuse = false;
    fake_dnn.last = -1;
    fake_dnn.operands = 0;
    CHECK_OK(lt_attention_op_run(fake_dnn.stream, a, x, x + 1024, x + 2048, y, err));
    assert_int_equal(fake_dnn.last >= 0, plans);
    assert_int_equal(kernels.softmaxes, softmaxes);
    assert_int_equal(kernels.attentions - before, attentions);
    lt_attention_op_free(a);
}

/* Heads wider than cuDNN documents: its plan is taken if its numbers are ours, else blocks. */
static void test_wide_heads(void **state)
{
    (void)state;
    if (!lt_cudnn_has_attention())
        skip();
    check_wide(LT_F16, 1, 0, 0, NULL);
    assert_int_equal(kernels.attentions, 1);
    check_wide(LT_F16, 1, 0, 0, NULL); /* also of a plan that was kept */
    assert_int_equal(kernels.attentions, 2);
    kernels.off = 0.01f;
    check_wide(LT_F16, 1, 0, 0, NULL);
    kernels.off = 0.1f;
    check_wide(LT_F16, 0, 1, 0, "cuDNN is 0.091 off our kernel's numbers");
    check_wide(LT_F32, 0, 2, 0, "cuDNN has no attention in f32");
}

/* It cannot be asked; and then, there are no products either. */
static void test_wide_heads_not_asked(void **state)
{
    bench *b = *state;
    if (!lt_cudnn_has_attention())
        skip();
    kernels.refuse = true;
    check_wide(LT_F16, 0, 1, 0, "not expected");
    b->device.no_memory = true;
    check_wide(LT_F16, 0, 2, 0, "no memory");
    fake_cublas.stale = true;
    fake_cublas.count = 0;
    check_wide(LT_F16, 0, 2, 1, "no memory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_conv_fastest),         TEST(test_conv_without_extras), TEST(test_conv_no_memory),
        TEST(test_conv_broken),          TEST(test_attention),           TEST(test_wide_heads),
        TEST(test_wide_heads_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
