/* The UNet's graph where no picture shows a fault: the eps of its norms, and its taps. */
#include <stdio.h>

#include "model/unet.h"
#include "support/check.h"

static lt_tensor *input(lt_graph *g, const char *name, int ndim, int64_t a, int64_t b, int64_t c,
                        int64_t d)
{
    return lt_input(g, name, LT_F32, (lt_shape){.ndim = ndim, .dim = {a, b, c, d}});
}

/* `latents` pictures for two texts. */
static lt_graph *record_for(const char *variant, int latents, int h, int w)
{
    char dir[256];
    lt_unet_config c;
    snprintf(dir, sizeof dir, LT_TEST_DATA "/tiny/%s/unet", variant);
    CHECK_OK(lt_unet_config_read(dir, &c, err));
    lt_graph *g = lt_graph_new();
    lt_want(g, "*");
    lt_tensor *x = input(g, "latents", 4, latents, h, w, 4);
    lt_tensor *time = input(g, "time", 2, latents, c.channels[0], 0, 0);
    lt_tensor *text = input(g, "text", 3, 2, 77, c.cross_attention_dim, 0);
    lt_tensor *eps = lt_unet(g, &c, x, lt_unet_time(g, &c, time), text);
    CHECK_OK(lt_graph_ok(g, err));
    lt_shape every = x->shape;
    every.dim[0] = 2;
    assert_true(lt_shape_equal(&eps->shape, &every));
    return g;
}

static lt_graph *record(const char *variant, int h, int w)
{
    return record_for(variant, 2, h, w);
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

/* What depends on time alone is a graph of its own, and the shifts of both are the same. */
static void test_time(void **state)
{
    static const char *const variants[] = {"sd1", "sd2", "bk-tiny", "small-sd", "odd"};
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        char dir[256];
        lt_unet_config c;
        int before, shifted = 0;
        snprintf(dir, sizeof dir, LT_TEST_DATA "/tiny/%s/unet", variants[i]);
        CHECK_OK(lt_unet_config_read(dir, &c, err));
        lt_graph *g = lt_graph_new();
        lt_tensor *shifts = lt_unet_time(g, &c, input(g, "time", 2, 5, c.channels[0], 0, 0));
        assert_true(lt_shape_equal(&shifts->shape, &(lt_shape){2, {5, lt_unet_shifts(&c)}}));
        before = lt_graph_nodes(g);
        shifts = input(g, "shifts", 2, 1, lt_unet_shifts(&c), 0, 0);
        lt_unet(g, &c, input(g, "latents", 4, 1, 8, 8, c.in_channels), shifts,
                input(g, "text", 3, 1, 77, c.cross_attention_dim, 0));
        CHECK_OK(lt_graph_ok(g, err));
        int64_t taken = 0;
        for (int id = before; id < lt_graph_nodes(g); id++) {
            const lt_tensor *t = lt_graph_node(g, id);
            assert_null(strstr(t->name, "time_emb"));
            if (t->op != LT_OP_SLICE || t->src[0] != shifts)
                continue;
            assert_int_equal(t->u.slice.from, taken);
            taken = t->u.slice.to;
            shifted++;
        }
        assert_int_equal(taken, lt_unet_shifts(&c));
        assert_true(shifted >= 6);
        lt_graph_free(g);
    }
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

static int64_t rows_of(const lt_graph *g, const char *tap)
{
    const lt_tensor *t = lt_graph_find(g, tap);
    if (!t)
        fail_msg("no tap %s", tap);
    return t->shape.dim[0];
}

/* One picture, two texts: until the first of them comes in there is one of everything, in any
 * family, and the way up finds as many skips as it needs.  (That the numbers are those of both
 * halves apart is what the golden runs with guidance say.) */
static void test_shared_halves(void **state)
{
    static const char *const variants[] = {"sd1", "sd2", "bk-tiny", "small-sd", "odd"};
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        lt_graph *g = record_for(variants[i], 1, 9, 7);
        int repeats = 0;
        for (int id = 0; id < lt_graph_nodes(g); id++)
            repeats += lt_graph_node(g, id)->op == LT_OP_REPEAT;
        assert_true(repeats >= 2);
        assert_int_equal(rows_of(g, "down_blocks.0.resnets.0.out"), 1);
        lt_graph_free(g);
    }
    lt_graph *g = record_for("sd1", 1, 8, 8);
    const char *block = "down_blocks.0.attentions.0.transformer_blocks.0";
    char map[128];
    snprintf(map, sizeof map, "%s.attn1.map", block);
    assert_int_equal(rows_of(g, map), 1);
    snprintf(map, sizeof map, "%s.attn2.map", block);
    assert_int_equal(rows_of(g, map), 2);
    assert_int_equal(rows_of(g, "down_blocks.0.resnets.1.out"), 2);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_eps), cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_time), cmocka_unit_test(test_taps),
                                       cmocka_unit_test(test_shared_halves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
