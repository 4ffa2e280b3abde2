/* The UNet's graph where no picture shows a fault: the eps of its norms, and its taps. */
#include <stdio.h>

#include "model/unet.h"
#include "support/check.h"

static lt_tensor *input(lt_graph *g, const char *name, int ndim, int64_t a, int64_t b, int64_t c,
                        int64_t d)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = ndim, .dim = {a, b, c, d}});
}

static lt_graph *record(const char *variant, int h, int w)
{
    char dir[256];
    lt_unet_config c;
    snprintf(dir, sizeof dir, LT_TEST_DATA "/tiny/%s/unet", variant);
    CHECK_OK(lt_unet_config_read(dir, &c, err));
    lt_graph *g = lt_graph_new();
    lt_want(g, "*");
    lt_tensor *x = input(g, "latents", 4, 2, h, w, 4);
    lt_tensor *time = input(g, "time", 2, 2, c.channels[0], 0, 0);
    lt_tensor *text = input(g, "text", 3, 2, 77, c.cross_attention_dim, 0);
    lt_tensor *eps = lt_unet(g, &c, x, time, text);
    CHECK_OK(lt_graph_ok(g, err));
    assert_true(lt_shape_equal(&eps->shape, &x->shape));
    return g;
}

static bool in_transformer(const char *name)
{
    const char *at = strstr(name, "attentions.");
    return at && !strstr(at, "resnets.");
}

/* diffusers: 1e-5 in every layer norm, 1e-6 before proj_in, the config's elsewhere (odd: 1e-6). */
static void check_eps(const char *variant, float config_eps)
{
    int layer_norms = 0, group_norms = 0;
    lt_graph *g = record(variant, 8, 8);
    for (int i = 0; i < lt_graph_nodes(g); i++) {
        const lt_tensor *t = lt_graph_node(g, i);
        if (t->op == LT_OP_LAYER_NORM) {
            assert_true(t->u.norm.eps == 1e-5f);
            layer_norms++;
        } else if (t->op == LT_OP_GROUP_NORM) {
            assert_true(t->u.norm.eps == (in_transformer(t->name) ? 1e-6f : config_eps));
            group_norms++;
        }
    }
    assert_true(layer_norms >= 3);
    assert_true(group_norms >= 3);
    lt_graph_free(g);
}

static void test_eps(void **state)
{
    (void)state;
    check_eps("sd1", 1e-5f);
    check_eps("odd", 1e-6f);
}

/* Any size: the way up follows the skips where a side does not halve evenly. */
static void test_sizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 9}, {64, 3}, {7, 5}, {9, 17}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        lt_graph_free(record("sd1", sizes[i][0], sizes[i][1]));
    lt_graph_free(record("odd", 7, 5));
    lt_graph_free(record("odd", 9, 17));
}

static void test_taps(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lt_shape shape;
    } taps[] = {
        {"down_blocks.0.resnets.0.out", {4, {2, 8, 8, 32}}},
        {"down_blocks.0.attentions.1.out", {4, {2, 8, 8, 32}}},
        {"down_blocks.1.downsamplers.0.out", {4, {2, 2, 2, 64}}},
        {"mid_block.resnets.1.out", {4, {2, 1, 1, 96}}},
        {"up_blocks.0.upsamplers.0.out", {4, {2, 2, 2, 96}}},
        {"up_blocks.3.attentions.2.out", {4, {2, 8, 8, 32}}},
        {"down_blocks.0.attentions.0.transformer_blocks.0.attn1.map", {3, {2, 64, 64}}},
        {"mid_block.attentions.0.transformer_blocks.0.attn2.map", {3, {2, 1, 77}}},
    };
    lt_graph *g = record("sd1", 8, 8);
    for (size_t i = 0; i < sizeof taps / sizeof *taps; i++) {
        const lt_tensor *t = lt_graph_find(g, taps[i].name);
        if (!t || !lt_shape_equal(&t->shape, &taps[i].shape))
            fail_msg("tap %s", taps[i].name);
    }
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_eps), cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_taps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
