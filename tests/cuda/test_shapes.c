/* What nodes of a fused graph ask for: small graphs whose shapes are counted by hand. */
#include <stdlib.h>

#include "cuda/shapes.h"
#include "support/check.h"

static lt_fused fuse(lt_graph *g, lt_tensor *out)
{
    lt_fused f = {0};
    lt_output(g, "out", out);
    CHECK_OK(lt_graph_ok(g, err));
    CHECK_OK(lt_fuse(g, LT_FUSE_CONCAT, &f, err));
    lt_graph_free(g);
    return f;
}

/* The n-th node that runs and is an op, counted from 0. */
static const lt_tensor *nth(const lt_fused *f, lt_op op, int n)
{
    for (int i = 0; i < lt_graph_nodes(f->graph); i++) {
        const lt_tensor *t = lt_graph_node(f->graph, i);
        if (f->node[i].needed && t->op == op && n-- == 0)
            return t;
    }
    fail_msg("no such %s", lt_op_name(op));
    return NULL;
}

static lt_tensor *image(lt_graph *g, const char *name, int n, int h, int w, int c)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = 4, .dim = {n, h, w, c}});
}

static void check_words(const char *got, const char *want)
{
    assert_string_equal(got, want);
}

static void test_convolutions(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *x = image(g, "x", 2, 6, 5, 8), *z = image(g, "z", 2, 6, 5, 8);
    char words[LT_SHAPE_WORDS];
    lt_conv_shape s;
    lt_matmul_shape m[2];
    int height, width;
    (void)state;
    lt_tensor *y = lt_add(g, lt_conv2d(g, "same", x, 8, 3), z);   /* [2,6,5,8] */
    lt_fused f = fuse(g, lt_conv2d_down(g, "half", y, 12, true)); /* [2,3,2,12] */
    assert_true(lt_conv_shape_of(&f, nth(&f, LT_OP_CONV2D, 0), LT_F16, &s));
    check_words(lt_conv_shape_text(&s, words),
                "conv f16 [2,6,5,8] to 8, 3x3, stride 1, pad 1 1 1 1, addend, bias");
    lt_conv_shape_out(&s, &height, &width);
    assert_int_equal(height, 6);
    assert_int_equal(width, 5);
    const lt_tensor *half = nth(&f, LT_OP_CONV2D, 1);
    assert_true(lt_conv_shape_of(&f, half, LT_BF16, &s));
    check_words(lt_conv_shape_text(&s, words),
                "conv bf16 [2,6,5,8] to 12, 3x3, stride 2, pad 0 0 1 1, bias");
    lt_conv_shape_out(&s, &height, &width);
    assert_int_equal(height, half->shape.dim[1]);
    assert_int_equal(width, half->shape.dim[2]);
    assert_int_equal(lt_matmul_shapes_of(&f, half, LT_F16, m), 0);
    s.h = s.w = 1;
    lt_conv_shape_out(&s, &height, &width);
    assert_int_equal(height, 0);
    assert_int_equal(width, 0);
    lt_fused_done(&f);
}

/* A 1x1 convolution over two images is two matmuls of pixels; the bias and what is added are the
 * first's. */
static void test_two(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *a = image(g, "a", 2, 6, 5, 8), *b = image(g, "b", 2, 6, 5, 4);
    lt_tensor *z = image(g, "z", 2, 6, 5, 16);
    lt_matmul_shape m[2];
    lt_conv_shape s;
    char words[LT_SHAPE_WORDS];
    (void)state;
    lt_tensor *ab = lt_concat(g, a, b); /* [2,6,5,12] */
    lt_fused f = fuse(g, lt_add(g, lt_conv2d(g, "shortcut", ab, 16, 1), z));
    const lt_tensor *t = nth(&f, LT_OP_CONV2D, 0);
    assert_false(lt_conv_shape_of(&f, t, LT_F16, &s));
    assert_int_equal(lt_matmul_shapes_of(&f, t, LT_F16, m), 2);
    check_words(lt_matmul_shape_text(&m[0], words),
                "matmul f16 [60,8] to 16, rows 8 12 16, addend, bias");
    check_words(lt_matmul_shape_text(&m[1], words),
                "matmul f16 [60,4] to 16, rows 4 12 16, addend");
    lt_fused_done(&f);
}

/* q, k and v of one text are parts of one product's rows; q of another is a tensor of its own. */
static void test_attention(void **state)
{
    for (int cross = 0; cross < 2; cross++) {
        lt_graph *g = lt_graph_new();
        lt_tensor *x = lt_input(g, "x", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 9, 24}});
        lt_tensor *text = lt_input(g, "text", LT_F32, (lt_shape){.ndim = 3, .dim = {2, 7, 10}});
        lt_tensor *from = cross ? text : x;
        lt_tensor *q = lt_linear(g, "q", x, 24, false);
        lt_tensor *k = lt_linear(g, "k", from, 24, false), *v = lt_linear(g, "v", from, 24, false);
        lt_attention_shape s;
        lt_matmul_shape m[2];
        char words[LT_SHAPE_WORDS];
        (void)state;
        lt_fused f = fuse(g, lt_attention(g, q, k, v, 3, !cross));
        assert_true(lt_attention_shape_of(&f, nth(&f, LT_OP_ATTENTION, 0), LT_F16, &s));
        check_words(lt_attention_shape_text(&s, words),
                    cross ? "attention f16 2 x 3 heads of 8, 9 to 7, rows 24 48 48"
                          : "attention f16 2 x 3 heads of 8, 9 to 9, rows 72 72 72, causal");
        const lt_tensor *wide = nth(&f, LT_OP_LINEAR, cross);
        assert_int_equal(lt_matmul_shapes_of(&f, wide, LT_F32, m), 1);
        check_words(lt_matmul_shape_text(&m[0], words),
                    cross ? "matmul f32 [14,10] to 48, rows 10 10 48"
                          : "matmul f32 [18,24] to 72, rows 24 24 72");
        assert_false(lt_attention_shape_of(&f, wide, LT_F16, &s));
        lt_fused_done(&f);
    }
}

/* The largest numbers there are fit: no two shapes become one by being cut. */
static void test_words(void **state)
{
    enum { MANY = 2147483647 };
    const int64_t most = INT64_MAX;
    const lt_conv_shape c = {LT_BF16, MANY, MANY, MANY, MANY, MANY, MANY,
                             MANY,    MANY, MANY, MANY, MANY, true, true};
    const lt_matmul_shape m = {LT_BF16, most, most, most, most, most, most, true, true, true, true};
    const lt_attention_shape a = {LT_BF16, MANY, MANY, MANY, most, most, most, most, most, true};
    char words[LT_SHAPE_WORDS];
    (void)state;
    assert_non_null(strstr(lt_conv_shape_text(&c, words), "bias"));
    assert_non_null(strstr(lt_matmul_shape_text(&m, words), "bias, turned, wide"));
    assert_non_null(strstr(lt_attention_shape_text(&a, words), "causal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions),
        cmocka_unit_test(test_two),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
