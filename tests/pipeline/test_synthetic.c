/* test_synthetic.c - the shapes are the published ones, and every parameter has numbers of its own.
 */
#include "pipeline/synthetic.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "support/check.h"
#include "tensor/cost.h"
#include "tensor/half.h"

#define CONFIGS LT_TEST_DATA "/tiny/sd14/"

static const lt_synthetic_model *sd14(void)
{
    const lt_synthetic_model *m;
    CHECK_OK(lt_synthetic_find("sd14", &m, err));
    return m;
}

static void test_names(void **state)
{
    const lt_synthetic_model *m;
    (void)state;
    assert_string_equal(sd14()->name, "sd14");
    CHECK_FAILS(lt_synthetic_find("sd99", &m, err), LT_ERR_ARGUMENT,
                "--synthetic is 'sd99', expected sd14");
}

/* The configs are constants; the files that they were taken from are read here. */
static void test_configs(void **state)
{
    const lt_synthetic_model *m = sd14();
    lt_clip_config clip;
    lt_vae_config vae;
    (void)state;
    CHECK_OK(lt_clip_config_read(CONFIGS "text_encoder", &clip, err));
    assert_int_equal(m->clip.vocab_size, clip.vocab_size);
    assert_int_equal(m->clip.hidden_size, clip.hidden_size);
    assert_int_equal(m->clip.intermediate_size, clip.intermediate_size);
    assert_int_equal(m->clip.num_hidden_layers, clip.num_hidden_layers);
    assert_int_equal(m->clip.num_attention_heads, clip.num_attention_heads);
    assert_int_equal(m->clip.max_position_embeddings, clip.max_position_embeddings);
    assert_int_equal(m->clip.hidden_act, clip.hidden_act);
    assert_true(m->clip.layer_norm_eps == clip.layer_norm_eps);
    assert_int_equal(m->clip.eos_token_id, clip.eos_token_id);
    CHECK_OK(lt_vae_config_read(CONFIGS "vae", &vae, err));
    assert_int_equal(m->vae.levels, vae.levels);
    assert_memory_equal(m->vae.channels, vae.channels, sizeof vae.channels);
    assert_int_equal(m->vae.layers_per_block, vae.layers_per_block);
    assert_int_equal(m->vae.latent_channels, vae.latent_channels);
    assert_int_equal(m->vae.norm_num_groups, vae.norm_num_groups);
    assert_true(m->vae.scaling_factor == vae.scaling_factor);
    assert_int_equal(m->vae.sample_size, vae.sample_size);
    assert_int_equal(m->vae.factor, vae.factor);
}

static void test_unet_config(void **state)
{
    const lt_unet_config *m = &sd14()->unet;
    lt_unet_config u;
    (void)state;
    CHECK_OK(lt_unet_config_read(CONFIGS "unet", &u, err));
    assert_int_equal(m->levels, u.levels);
    assert_memory_equal(m->channels, u.channels, sizeof u.channels);
    assert_memory_equal(m->down_attends, u.down_attends, sizeof u.down_attends);
    assert_memory_equal(m->up_attends, u.up_attends, sizeof u.up_attends);
    assert_memory_equal(m->layers, u.layers, sizeof u.layers);
    assert_memory_equal(m->depth, u.depth, sizeof u.depth);
    assert_memory_equal(m->heads, u.heads, sizeof u.heads);
    assert_int_equal(m->in_channels, u.in_channels);
    assert_int_equal(m->out_channels, u.out_channels);
    assert_int_equal(m->cross_attention_dim, u.cross_attention_dim);
    assert_int_equal(m->norm_num_groups, u.norm_num_groups);
    assert_true(m->norm_eps == u.norm_eps && m->freq_shift == u.freq_shift);
    assert_int_equal(m->mid_block, u.mid_block);
    assert_true(m->mid_block_scale_factor == u.mid_block_scale_factor);
    assert_int_equal(m->use_linear_projection, u.use_linear_projection);
    assert_int_equal(m->flip_sin_to_cos, u.flip_sin_to_cos);
    assert_int_equal(m->asymmetric_downsample, u.asymmetric_downsample);
    assert_int_equal(m->center_input_sample, u.center_input_sample);
    assert_int_equal(m->sample_size, u.sample_size);
}

static lt_tensor *input(lt_graph *g, const char *name, lt_dtype dtype, int ndim, int64_t a,
                        int64_t b, int64_t c, int64_t d)
{
    return lt_input(g, name, dtype, (lt_shape){.ndim = ndim, .dim = {a, b, c, d}});
}

/* One picture of side x side latents. */
static lt_graph *record_unet(int side)
{
    const lt_unet_config *c = &sd14()->unet;
    lt_graph *g = lt_graph_new();
    lt_tensor *x = input(g, "latents", LT_F32, 4, 1, side, side, 4);
    lt_tensor *time = input(g, "time", LT_F32, 2, 1, 320, 0, 0);
    lt_unet(g, c, x, lt_unet_time(g, c, time), input(g, "text", LT_F32, 3, 1, 77, 768, 0));
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}

static lt_graph *record_decoder(int side)
{
    lt_graph *g = lt_graph_new();
    lt_vae_decode(g, &sd14()->vae, input(g, "image", LT_F32, 4, 1, side, side, 4));
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}

static lt_graph *record_text(void)
{
    lt_graph *g = lt_graph_new();
    lt_clip_text(g, &sd14()->clip, input(g, "ids", LT_I32, 2, 1, 77, 0, 0));
    CHECK_OK(lt_graph_ok(g, err));
    return g;
}

static double gmac(lt_graph *g)
{
    double flop = 0;
    for (int i = 0; i < lt_graph_nodes(g); i++)
        flop += lt_tensor_flop(lt_graph_node(g, i));
    lt_graph_free(g);
    return flop / 2e9;
}

/* The products of one pass at 512x512, as counted from diffusers' modules. */
static void test_work(void **state)
{
    (void)state;
    assert_true(fabs(gmac(record_unet(64)) / 401.6 - 1) < 0.02);
    assert_true(fabs(gmac(record_decoder(64)) / 1257 - 1) < 0.02);
    assert_true(fabs(gmac(record_text()) / 6.65 - 1) < 0.02);
}

static int compare_sources(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    return (x > y) - (x < y);
}

/* What a backend tells weights apart by differs for all of them. */
static void test_addresses_differ(void **state)
{
    lt_graph *g[3] = {record_text(), record_unet(8), record_decoder(8)};
    lt_synthetic *s = lt_synthetic_new();
    int count = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        CHECK_OK(lt_synthetic_bind(s, g[i], err));
        count += lt_graph_params(g[i]);
    }
    const void **all = lt_alloc_array((size_t)count, sizeof *all);
    count = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < lt_graph_params(g[i]); k++)
            all[count++] = lt_graph_param(g[i], k)->source.data;
    qsort(all, (size_t)count, sizeof *all, compare_sources);
    assert_int_equal(count, 196 + 686 + 140); /* 140 of the VAE's 248 are the decoder's */
    for (int i = 1; i < count; i++)
        assert_true(all[i - 1] < all[i]);
    free(all);
    lt_synthetic_free(s);
    for (int i = 0; i < 3; i++)
        lt_graph_free(g[i]);
}

/* Another size has the same weights: they are packed once. */
static void test_same_in_every_graph(void **state)
{
    lt_graph *a = record_unet(8), *b = record_unet(16);
    lt_synthetic *s = lt_synthetic_new();
    (void)state;
    CHECK_OK(lt_synthetic_bind(s, a, err));
    CHECK_OK(lt_synthetic_bind(s, b, err));
    assert_int_equal(lt_graph_params(a), lt_graph_params(b));
    for (int i = 0; i < lt_graph_params(a); i++)
        assert_ptr_equal(lt_graph_param(a, i)->source.data, lt_graph_param(b, i)->source.data);
    lt_synthetic_free(s);
    lt_graph_free(a);
    lt_graph_free(b);
}

/* Every number of every parameter is there (the sanitizer looks) and within its bounds. */
static void test_numbers(void **state)
{
    lt_graph *g = lt_graph_new();
    lt_synthetic *s = lt_synthetic_new();
    lt_tensor *x = input(g, "x", LT_F32, 4, 1, 1, 1, 32);
    float low[4] = {9, 9, 9, 9}, high[4] = {-9, -9, -9, -9};
    (void)state;
    x = lt_group_norm(g, "norm", x, 32, 1e-5f); /* parameters 0 and 1 */
    lt_conv2d(g, "conv", x, 500, 9);            /* 1.3 million: more than one pattern; 2 and 3 */
    CHECK_OK(lt_synthetic_bind(s, g, err));
    assert_int_equal(lt_graph_params(g), 4);
    for (int i = 0; i < 4; i++) {
        const lt_param *p = lt_graph_param(g, i);
        const uint16_t *half = p->source.data;
        assert_int_equal(p->source.dtype, LT_F16);
        for (int64_t k = 0; k < lt_shape_count(&p->shape); k++) {
            float v = lt_f16_to_f32(half[k]);
            low[i] = v < low[i] ? v : low[i];
            high[i] = v > high[i] ? v : high[i];
        }
    }
    assert_true(low[0] > 0.89f && high[0] < 1.11f && low[0] < high[0]);
    for (int i = 1; i < 4; i++)
        assert_true(low[i] > -0.036f && low[i] < 0 && high[i] < 0.036f && high[i] > 0);
    lt_synthetic_free(s);
    lt_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_configs),
        cmocka_unit_test(test_unet_config),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_addresses_differ),
        cmocka_unit_test(test_same_in_every_graph),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
