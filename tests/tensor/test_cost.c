/* test_cost.c - the arithmetic of each kind of node, against numbers worked out by hand. */
#include "support/check.h"
#include "tensor/cost.h"

static lt_tensor *input(lt_graph *g, const char *name, int ndim, int64_t a, int64_t b, int64_t c,
                        int64_t d)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = ndim, .dim = {a, b, c, d}});
}

static void test_products(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *image = input(g, "image", 4, 2, 8, 6, 3), *rows = input(g, "rows", 3, 2, 5, 4, 0);
    lt_tensor *text = input(g, "text", 3, 2, 7, 4, 0);
    (void)state;
    /* 2 x 8 x 6 pixels, 10 channels out, 3 in, 9 places: 25,920 multiplications. */
    assert_true(lt_tensor_flop(lt_conv2d(g, "c", image, 10, 3)) == 51840);
    /* Half the height and width. */
    assert_true(lt_tensor_flop(lt_conv2d_down(g, "d", image, 10, false)) == 12960);
    assert_true(lt_tensor_flop(lt_linear(g, "l", rows, 11, true)) == 2.0 * 2 * 5 * 11 * 4);
    /* Scores of 5 queries with 7 tokens over 4 channels, then the same again with the values. */
    assert_true(lt_tensor_flop(lt_attention(g, rows, text, text, 2, false)) == 4.0 * 2 * 5 * 7 * 4);
    assert_true(lt_tensor_flop(lt_activation(g, LT_SILU, rows)) == 0);
    assert_true(lt_tensor_flop(image) == 0);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
