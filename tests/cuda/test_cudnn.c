/* The wrapper around cuDNN: plans as JSON, and what cuDNN says when it refuses. */
#include <stdlib.h>

#include "base/file.h"
#include "cuda/plans.h"
#include "described.h"
#include "fake_device.h"
#include "support/check.h"

static lt_conv_shape conv_3x3(lt_dtype dtype)
{
    return (lt_conv_shape){.dtype = dtype,
                           .n = 2,
                           .h = 32,
                           .w = 32,
                           .in = 64,
                           .out = 96,
                           .kernel = 3,
                           .stride = 1,
                           .top = 1,
                           .left = 1,
                           .bottom = 1,
                           .right = 1,
                           .bias = true,
                           .addend = true};
}

static lt_attention_shape attention_of(int d)
{
    return (lt_attention_shape){.dtype = LT_F16,
                                .n = 2,
                                .heads = 4,
                                .d = d,
                                .s = 256,
                                .t = 77,
                                .q_row = 4 * d,
                                .k_row = 8 * d,
                                .v_row = 8 * d};
}

static int plans_of(const lt_cudnn *c, const lt_cudnn_graph *g, int most, lt_cudnn_plan **out)
{
    int count = 0;
    CHECK_OK(lt_cudnn_plans(c, g, LT_PLANS_WORKSPACE, most, out, &count, err));
    return count;
}

/* Saved, loaded and saved again is the same text, and asks for as much workspace. */
static void check_round(const lt_cudnn *c, const lt_cudnn_plan *p)
{
    lt_buf first = {0}, second = {0};
    lt_cudnn_plan *again = NULL;
    CHECK_OK(lt_cudnn_plan_save(p, &first, err));
    assert_true(first.len > 2 && first.data[0] == '{');
    CHECK_OK(lt_cudnn_plan_load(c, first.data, first.len, &again, err));
    CHECK_OK(lt_cudnn_plan_save(again, &second, err));
    assert_string_equal(first.data, second.data);
    assert_int_equal(lt_cudnn_plan_about(p).workspace, lt_cudnn_plan_about(again).workspace);
    lt_cudnn_plan_free(again);
    lt_buf_done(&first);
    lt_buf_done(&second);
}

static void test_conv_saved(void **state)
{
    lt_cudnn *c = described("h100");
    lt_conv_shape s = conv_3x3(LT_F16);
    lt_cudnn_plan *p[LT_PLANS_TRIED];
    lt_cudnn_graph *g;
    (void)state;
    CHECK_OK(lt_cudnn_conv(c, &s, &g, err));
    int count = plans_of(c, g, LT_PLANS_TRIED, p);
    lt_cudnn_graph_free(g); /* plans live on */
    assert_true(count > 4);
    for (int i = 0; i < count; i++) {
        assert_false(lt_cudnn_plan_about(p[i]).compiled);
        check_round(c, p[i]);
        lt_cudnn_plan_free(p[i]);
    }
    lt_cudnn_free(c);
}

static void test_attention_saved(void **state)
{
    (void)state;
    if (!lt_cudnn_has_attention())
        skip();
    lt_cudnn *c = described("a100");
    lt_attention_shape s = attention_of(40);
    lt_cudnn_plan *p = NULL;
    lt_cudnn_graph *g;
    CHECK_OK(lt_cudnn_attention(c, &s, &g, err));
    assert_int_equal(plans_of(c, g, 1, &p), 1);
    lt_cudnn_graph_free(g);
    assert_true(lt_cudnn_plan_about(p).compiled);
    check_round(c, p);
    lt_cudnn_plan_free(p);
    lt_cudnn_free(c);
}

/* All but an addend without a bias come with the library; f32 is not rounded to TF32. */
static void test_orders(void **state)
{
    lt_cudnn *c = described("h100");
    (void)state;
    for (int dtype = LT_F32; dtype <= LT_BF16; dtype++)
        for (int how = 0; how < 4; how++) {
            lt_conv_shape s = conv_3x3((lt_dtype)dtype);
            lt_cudnn_plan *p[LT_PLANS_TRIED];
            lt_cudnn_graph *g;
            s.bias = how & 1;
            s.addend = how & 2;
            CHECK_OK(lt_cudnn_conv(c, &s, &g, err));
            int count = plans_of(c, g, s.bias ? LT_PLANS_TRIED : 1, p);
            for (int i = 0; i < count; i++) {
                assert_int_equal(lt_cudnn_plan_about(p[i]).compiled, s.addend && !s.bias);
                if (dtype == LT_F32 || i == 0)
                    assert_int_equal(lt_cudnn_plan_about(p[i]).tensor_cores, dtype != LT_F32);
                lt_cudnn_plan_free(p[i]);
            }
            lt_cudnn_graph_free(g);
        }
    lt_cudnn_free(c);
}

static void test_described_wrong(void **state)
{
    lt_cudnn *c = NULL;
    lt_buf json = {0};
    (void)state;
    CHECK_FAILS(lt_cudnn_describe("not JSON", &c, err), LT_ERR_DEVICE, "description of a device");
    CHECK_FAILS(lt_cudnn_describe("{}", &c, err), LT_ERR_DEVICE, "BAD_PARAM");
    CHECK_OK(lt_file_read(LT_TEST_DATA "/cuda/h100.json", 1 << 16, &json, err));
    char *key = strstr(json.data, "warpSize");
    assert_non_null(key);
    *key = 'W';
    CHECK_FAILS(lt_cudnn_describe(json.data, &c, err), LT_ERR_DEVICE, "HasMember");
    lt_buf_done(&json);
}

static void test_loaded_wrong(void **state)
{
    lt_cudnn *c = described("h100");
    lt_cudnn_plan *p = NULL;
    (void)state;
    CHECK_FAILS(lt_cudnn_plan_load(c, "nonsense", 8, &p, err), LT_ERR_DEVICE, "cuDNN: ");
    CHECK_FAILS(lt_cudnn_plan_load(c, "{}", 2, &p, err), LT_ERR_DEVICE, "cuDNN: ");
    lt_cudnn_free(c);
}

/* cuDNN's own words are in the message, after the shape. */
static void test_refused(void **state)
{
    lt_cudnn *c = described("h100");
    lt_cudnn_graph *g = NULL;
    (void)state;
    lt_conv_shape s = conv_3x3(LT_F16);
    s.n = 0;
    CHECK_FAILS(lt_cudnn_conv(c, &s, &g, err), LT_ERR_DEVICE, "conv f16 [0,32,32,64] to 96");
    CHECK_FAILS(lt_cudnn_conv(c, &s, &g, err), LT_ERR_DEVICE, "BAD_PARAM");
    lt_cudnn_free(c);
}

static void test_attention_refused(void **state)
{
    (void)state;
    if (!lt_cudnn_has_attention())
        skip();
    lt_cudnn *c = described("h100");
    lt_cudnn_graph *g = NULL;
    lt_cudnn_plan *p = NULL;
    int count = 0;
    lt_attention_shape a = attention_of(40);
    a.dtype = LT_F32;
    CHECK_FAILS(lt_cudnn_attention(c, &a, &g, err), LT_ERR_DEVICE, "in f32");
    a = attention_of(40);
    a.causal = true;
    CHECK_FAILS(lt_cudnn_attention(c, &a, &g, err), LT_ERR_DEVICE, "not causal");
    a = attention_of(41);
    CHECK_OK(lt_cudnn_attention(c, &a, &g, err));
    CHECK_FAILS(lt_cudnn_plans(c, g, LT_PLANS_WORKSPACE, 1, &p, &count, err), LT_ERR_DEVICE,
                "cuDNN: no engine for this graph: NOT_SUPPORTED, ");
    lt_cudnn_graph_free(g);
    lt_cudnn_free(c);
}

/* An engine that wants more than the bound gives way to the next. */
static void test_workspace(void **state)
{
    lt_cudnn *c = described("h100");
    lt_conv_shape s = conv_3x3(LT_F32);
    lt_cudnn_plan *p[LT_PLANS_TRIED];
    lt_cudnn_graph *g;
    int more = 0;
    (void)state;
    CHECK_OK(lt_cudnn_conv(c, &s, &g, err));
    int all = plans_of(c, g, LT_PLANS_TRIED, p);
    for (int i = 0; i < all; i++) {
        more += lt_cudnn_plan_about(p[i]).workspace > 0;
        lt_cudnn_plan_free(p[i]);
    }
    assert_true(more > 0);
    int count = 0;
    CHECK_OK(lt_cudnn_plans(c, g, 0, LT_PLANS_TRIED, p, &count, err));
    assert_int_equal(count, all - more);
    for (int i = 0; i < count; i++) {
        assert_int_equal(lt_cudnn_plan_about(p[i]).workspace, 0);
        lt_cudnn_plan_free(p[i]);
    }
    lt_cudnn_graph_free(g);
    lt_cudnn_free(c);
}

/* There is no device here: cuDNN says so. */
static void test_no_device(void **state)
{
    fake_device d = {0};
    lt_gpu_stream *s = fake_stream_open(&d);
    lt_cudnn *c = NULL;
    (void)state;
    CHECK_FAILS(lt_cudnn_of(s, &c, err), LT_ERR_DEVICE, "cuDNN: no handle for the device: ");
    CHECK_FAILS(lt_cudnn_of(s, &c, err), LT_ERR_DEVICE, "cuDNN: no handle for the device: ");
    fake_stream_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_saved),
        cmocka_unit_test(test_attention_saved),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_described_wrong),
        cmocka_unit_test(test_loaded_wrong),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_attention_refused),
        cmocka_unit_test(test_workspace),
        cmocka_unit_test(test_no_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
