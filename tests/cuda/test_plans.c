/*
 * Every convolution and attention of the text encoder, the UNet and the VAE is planned by cuDNN for
 * devices that are not here (tests/data/cuda/), from the shapes of the real graphs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cpu/op_cases.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
#include "described.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "support/check.h"

/* What cuDNN compiles for an attention takes 0.3 s and is not looked at by a sanitizer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { EVERY_ATTENTION = false };
#else
enum { EVERY_ATTENTION = true };
#endif

enum { SHAPES = 512, TOKENS = 77 };

/* What the networks ask for, each shape once. */
typedef struct wishes {
    lt_conv_shape conv[SHAPES];
    lt_attention_shape attention[SHAPES];
    int convs, attentions, matmuls, parts;
    int sd14; /* of the attentions, the first: Stable Diffusion 1.4's */
} wishes;

static lt_shape image(int n, int h, int w, int c)
{
    return (lt_shape){.ndim = 4, .dim = {n, h, w, c}};
}

static void add_conv(wishes *w, const lt_conv_shape *s)
{
    char a[LT_SHAPE_WORDS], b[LT_SHAPE_WORDS];
    for (int i = 0; i < w->convs; i++)
        if (strcmp(lt_conv_shape_text(s, a), lt_conv_shape_text(&w->conv[i], b)) == 0)
            return;
    assert_in_range(w->convs, 0, SHAPES - 1);
    w->conv[w->convs++] = *s;
}

static void add_attention(wishes *w, const lt_attention_shape *s)
{
    char a[LT_SHAPE_WORDS], b[LT_SHAPE_WORDS];
    for (int i = 0; i < w->attentions; i++)
        if (strcmp(lt_attention_shape_text(s, a), lt_attention_shape_text(&w->attention[i], b)) ==
            0)
            return;
    assert_in_range(w->attentions, 0, SHAPES - 1);
    w->attention[w->attentions++] = *s;
}

/* Every product and attention that runs is one of the three. */
static void collect(wishes *w, lt_graph *g, lt_tensor *out)
{
    lt_fused f = {0};
    lt_output(g, "out", out);
    CHECK_OK(lt_graph_ok(g, err));
    CHECK_OK(lt_fuse(g, LT_FUSE_CONCAT, &f, err));
    for (int i = 0; i < lt_graph_nodes(f.graph); i++) {
        const lt_tensor *t = lt_graph_node(f.graph, i);
        lt_conv_shape conv;
        lt_attention_shape attention;
        lt_matmul_shape matmul[2];
        if (!f.node[i].needed)
            continue;
        int matmuls = lt_matmul_shapes_of(&f, t, LT_F16, matmul);
        bool is_conv = lt_conv_shape_of(&f, t, LT_F16, &conv);
        bool product = t->op == LT_OP_CONV2D || t->op == LT_OP_LINEAR;
        assert_int_equal((matmuls > 0) + is_conv, product);
        if (is_conv)
            add_conv(w, &conv);
        if (lt_attention_shape_of(&f, t, LT_F16, &attention))
            add_attention(w, &attention);
        w->matmuls += matmuls;
        w->parts += matmuls == 2;
    }
    lt_fused_done(&f);
    lt_graph_free(g);
}

static void collect_text(wishes *w, const lt_clip_config *c)
{
    lt_graph *g = lt_graph_new();
    lt_shape ids = {.ndim = 2, .dim = {1, c->max_position_embeddings}};
    collect(w, g, lt_clip_text(g, c, lt_input(g, "ids", LT_I32, ids)));
}

typedef lt_tensor *unet_record(lt_graph *g, const lt_unet_config *c, lt_tensor *latents,
                               lt_tensor *shifts, lt_tensor *text);

static void collect_unet(wishes *w, unet_record *record, const lt_unet_config *c, int side, int n,
                         int texts)
{
    lt_graph *g = lt_graph_new();
    lt_shape shifts = {.ndim = 2, .dim = {1, lt_unet_shifts(c)}};
    lt_shape text = {.ndim = 3, .dim = {texts, TOKENS, c->cross_attention_dim}};
    collect(w, g,
            record(g, c, lt_input(g, "latents", LT_F32, image(n, side, side, c->in_channels)),
                   lt_input(g, "shifts", LT_F32, shifts), lt_input(g, "text", LT_F32, text)));
}

static void collect_vae(wishes *w, const lt_vae_config *c, int side)
{
    lt_graph *g = lt_graph_new();
    lt_tensor *z = lt_input(g, "z", LT_F32, image(1, side, side, c->latent_channels));
    collect(w, g, lt_vae_decode(g, c, z));
    g = lt_graph_new();
    int pixels = side * c->factor;
    collect(w, g, lt_vae_encode(g, c, lt_input(g, "image", LT_F32, image(1, pixels, pixels, 3))));
}

/* The networks of a model at `side` latents, for 1, 2 and 4 pictures, of one prompt or of several,
 * with and without guidance. */
static void collect_model(wishes *w, const char *dir, int side)
{
    lt_clip_config clip;
    lt_unet_config unet;
    lt_vae_config vae;
    char *part = lt_path_join(dir, "text_encoder");
    CHECK_OK(lt_clip_config_read(part, &clip, err));
    free(part);
    part = lt_path_join(dir, "unet");
    CHECK_OK(lt_unet_config_read(part, &unet, err));
    free(part);
    part = lt_path_join(dir, "vae");
    CHECK_OK(lt_vae_config_read(part, &vae, err));
    free(part);
    collect_text(w, &clip);
    for (int n = 1; n <= 4; n *= 2) {
        collect_unet(w, lt_unet, &unet, side, n, n);
        collect_unet(w, lt_unet, &unet, side, n, 2 * n);
        collect_unet(w, lt_unet_of_one, &unet, side, n, 1);
        collect_unet(w, lt_unet_of_one, &unet, side, n, 2);
    }
    collect_vae(w, &vae, side);
}

/* What plans of a graph have in common. */
typedef struct planned {
    int count, compiled; /* plans, and those of them that are compiled at run time */
    size_t workspace;    /* the largest */
} planned;

static planned plan(const lt_cudnn *c, const lt_cudnn_graph *g, int most)
{
    lt_cudnn_plan *p[LT_PLANS_TRIED] = {NULL};
    planned all = {0};
    CHECK_OK(lt_cudnn_plans(c, g, LT_PLANS_WORKSPACE, most, p, &all.count, err));
    assert_in_range(all.count, 1, most);
    for (int i = 0; i < all.count; i++) {
        lt_cudnn_about about = lt_cudnn_plan_about(p[i]);
        all.compiled += about.compiled;
        all.workspace = about.workspace > all.workspace ? about.workspace : all.workspace;
        lt_cudnn_plan_free(p[i]);
    }
    assert_in_range(all.workspace, 0, LT_PLANS_WORKSPACE);
    return all;
}

/* As many plans of each as a device would measure; none of them may need a compiler. */
static void plan_convs(const char *device, const wishes *w, lt_dtype dtype)
{
    lt_cudnn *c = described(device);
    double start = lt_clock();
    planned sum = {0};
    int least = LT_PLANS_TRIED;
    for (int i = 0; i < w->convs; i++) {
        char text[LT_SHAPE_WORDS];
        lt_conv_shape s = w->conv[i];
        lt_cudnn_graph *g = NULL;
        s.dtype = dtype;
        CHECK_OK(lt_cudnn_conv(c, &s, &g, err));
        planned all = plan(c, g, LT_PLANS_TRIED);
        if (all.compiled)
            fail_msg("%s: %s is compiled at run time", device, lt_conv_shape_text(&s, text));
        sum.count += all.count;
        sum.workspace = all.workspace > sum.workspace ? all.workspace : sum.workspace;
        least = all.count < least ? all.count : least;
        lt_cudnn_graph_free(g);
    }
    print_message("%s %s: %d convolutions, %d plans, at least %d each, workspace at most %zu, "
                  "%.1f s\n",
                  device, lt_dtype_name(dtype), w->convs, sum.count, least, sum.workspace,
                  lt_clock() - start);
    lt_cudnn_free(c);
}

static wishes *everything(void)
{
    wishes *w = lt_alloc(sizeof *w);
    collect_model(w, LT_TEST_DATA "/tiny/sd14", 64);
    w->sd14 = w->attentions;
    collect_model(w, LT_ASSETS "/demo", 16);
    return w;
}

static void test_convolutions(void **state)
{
    wishes *w = everything();
    (void)state;
    print_message("%d convolutions, %d attentions, %d matmuls of which %d over two tensors\n",
                  w->convs, w->attentions, w->matmuls, w->parts);
    plan_convs("h100", w, LT_F16);
    plan_convs("h100", w, LT_BF16);
    plan_convs("a100", w, LT_F16);
    plan_convs("a100", w, LT_BF16);
    plan_convs("rtx4090", w, LT_F16);
    plan_convs("rtx4090", w, LT_BF16);
    plan_convs("h100", w, LT_F32);
    plan_convs("a100", w, LT_F32);
    plan_convs("rtx4090", w, LT_F32);
    free(w);
}

/* The odd cases that tools/gpu-check.sh begins with have plans, too. */
static void test_odd_convolutions(void **state)
{
    static const char *const devices[] = {"h100", "a100", "rtx4090"};
    wishes *w = lt_alloc(sizeof *w);
    (void)state;
    for (int i = 0; i < op_cases_count; i++) {
        lt_graph *g = lt_graph_new();
        collect(w, g, op_cases[i].build(g, &op_cases[i]));
    }
    assert_in_range(w->convs, 10, SHAPES);
    for (int i = 0; i < 3; i++)
        for (int dtype = LT_F32; dtype <= LT_BF16; dtype++)
            plan_convs(devices[i], w, (lt_dtype)dtype);
    free(w);
}

/* The first `all` shapes, and of the others one of each width of heads. */
static void plan_attentions(const char *device, const wishes *w, lt_dtype dtype, int all)
{
    lt_cudnn *c = described(device);
    double start = lt_clock();
    bool seen[1024] = {false};
    int accepted = 0, refused = 0;
    for (int i = 0; i < w->attentions; i++) {
        lt_attention_shape s = w->attention[i];
        lt_cudnn_graph *g = NULL;
        s.dtype = dtype;
        if (s.causal) {
            CHECK_FAILS(lt_cudnn_attention(c, &s, &g, err), LT_ERR_DEVICE, "not causal");
            refused++;
            continue;
        }
        if (i >= all && seen[s.d])
            continue;
        seen[s.d] = true;
        CHECK_OK(lt_cudnn_attention(c, &s, &g, err));
        assert_in_range(plan(c, g, 1).workspace, 0, 4096);
        lt_cudnn_graph_free(g);
        accepted++;
    }
    print_message("%s %s: %d of %d attentions planned, %d causal, %.1f s\n", device,
                  lt_dtype_name(dtype), accepted, w->attentions, refused, lt_clock() - start);
    lt_cudnn_free(c);
}

/* Every shape of Stable Diffusion 1.4 on every device, the demo model's on one; in bf16 one of each
 * width of heads. */
static void check_attentions(const char *device, bool demo)
{
    if (!lt_cudnn_has_attention())
        skip();
    wishes *w = everything();
    plan_attentions(device, w, LT_F16, !EVERY_ATTENTION ? 0 : demo ? w->attentions : w->sd14);
    plan_attentions(device, w, LT_BF16, 0);
    free(w);
}

static void test_attentions_h100(void **state)
{
    (void)state;
    check_attentions("h100", true);
}

static void test_attentions_a100(void **state)
{
    (void)state;
    check_attentions("a100", false);
}

static void test_attentions_rtx4090(void **state)
{
    (void)state;
    check_attentions("rtx4090", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolutions),       cmocka_unit_test(test_odd_convolutions),
        cmocka_unit_test(test_attentions_h100),    cmocka_unit_test(test_attentions_a100),
        cmocka_unit_test(test_attentions_rtx4090),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
