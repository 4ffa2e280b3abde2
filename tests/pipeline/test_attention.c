/* test_attention.c - cross-attention maps: diffusers' numbers, what they cost when nobody asks, and
 * what is made of them. */
#include "pipeline/attention.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "pipeline/engine_impl.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "support/golden.h"

/* Largest difference to diffusers' in float32.  Measured: ref and cpu 2.1e-7, of values up to 0.28;
 * the promise is 1e-3. */
#define NEAR 2e-6

static double apart(const float *a, const float *b, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = golden_worse(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

/* ---- against diffusers ---- */

/* Attention of a golden's step and the unit that it was computed with. */
typedef struct seen {
    lt_attention_maps *of[2];
    lt_unit *unit;
} seen;

static void look(pipeline_rig *r, const golden *g, int step, bool one_prompt, seen *out)
{
    lt_engine *e = r->engine;
    size_t n = (size_t)g->images * (size_t)g->channels * (size_t)g->h * (size_t)g->w;
    float *times = golden_values(g, "sched.timesteps", NULL);
    float *cond = golden_values(g, "text.cond", NULL),
          *uncond = golden_values(g, "text.uncond", NULL);
    float *input = golden_step(g, step, "model_input", NULL);
    float *shifts = lt_alloc_array((size_t)lt_unet_shifts(&e->unet), sizeof *shifts);
    float *eps = lt_alloc_array(2 * n, sizeof *eps);
    for (int i = 0; i < g->images; i++)
        CHECK_OK(lt_attention_new(&e->unet, g->tokens, g->h, g->w, &out->of[i], err));
    CHECK_OK(lt_engine_time(e, 1, times + step, shifts, NULL, err));
    lt_unet_call call = {.images = g->images,
                         .h = g->h,
                         .w = g->w,
                         .latents = input,
                         .shifts = shifts,
                         .cond = cond,
                         .uncond = uncond,
                         .one_prompt = one_prompt,
                         .eps_cond = eps,
                         .eps_uncond = eps + n,
                         .attention = out->of};
    CHECK_OK(lt_engine_predict(e, &call, NULL, err));
    CHECK_OK(lt_programs_get(e->programs, lt_network_unet(true, true, one_prompt), g->images, g->h,
                             g->w, &out->unit, NULL, err));
    assert_int_equal(out->unit->in[2]->shape.dim[0], one_prompt ? 2 : 2 * g->images);
    float *all[] = {times, cond, uncond, input, shifts, eps};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* The golden's map of a layer of the unit, both pictures [B,S,T]; the caller's. */
static float *wanted(const golden *g, int step, const lt_tensor *map, size_t *n)
{
    char name[200];
    if (map->op == LT_OP_RESHAPE) /* of one prompt: the pictures were together */
        map = map->src[0];
    int layer = (int)(strlen(map->name) - strlen(".map"));
    snprintf(name, sizeof name, "step.%03d.map.%.*s", step, layer, map->name);
    return golden_values(g, name, n);
}

/* Every layer of a step as the UNet gives it, and the means that are kept. */
static double compare(pipeline_rig *r, const golden *g, int step, bool one_prompt)
{
    seen s;
    double worst = 0;
    const lt_tensor *map;
    look(r, g, step, one_prompt, &s);
    lt_attention_maps *mean[2];
    for (int i = 0; i < g->images; i++)
        CHECK_OK(lt_attention_new(&r->engine->unet, g->tokens, g->h, g->w, &mean[i], err));
    int layers = 0;
    for (; (map = lt_unit_map(s.unit, layers)); layers++) {
        size_t n, all = (size_t)lt_shape_count(&map->shape);
        float *got = lt_alloc_array(all, sizeof *got), *want = wanted(g, step, map, &n);
        CHECK_OK(r->engine->ops->read(s.unit->program, map, got, all, err));
        assert_int_equal(all, 2 * n);
        worst = golden_worse(worst, apart(got + n, want, n));
        for (int i = 0; i < g->images; i++)
            lt_attention_layer(mean[i], map->shape.dim[1],
                               want + (size_t)i * n / (size_t)g->images);
        free(got);
        free(want);
    }
    assert_int_equal(layers, 16);
    for (int i = 0; i < g->images; i++) {
        lt_attention_end(mean[i]);
        worst = golden_worse(worst,
                             apart(mean[i]->block, s.of[i]->block, mean[i]->bytes / sizeof(float)));
        for (int k = 0; k < mean[i]->count; k++)
            assert_int_equal(mean[i]->size[k].layers, s.of[i]->size[k].layers);
        lt_attention_free(mean[i]);
        lt_attention_free(s.of[i]);
    }
    return worst;
}

static void against_diffusers(const lt_backend_ops *ops)
{
    golden g = {0};
    pipeline_rig r;
    CHECK_OK(golden_open(LT_TEST_DATA, "attention", &g, err));
    pipeline_rig_open(g.model, ops, "f32", &r);
    for (int one = 0; one < 2; one++) {
        double first = compare(&r, &g, 0, one), last = compare(&r, &g, g.steps - 1, one);
        printf("%s: maps differ from diffusers' by at most %.2g and %.2g\n", ops->name, first,
               last);
        assert_true(first <= NEAR && last <= NEAR);
    }
    pipeline_rig_close(&r);
    golden_close(&g);
}

static void test_diffusers(void **state)
{
    (void)state;
    against_diffusers(&lt_ref_backend);
    against_diffusers(&lt_cpu_backend);
}

/* ---- free when off, and no byte changed when on ---- */

static void test_off(void **state)
{
    (void)state;
    lt_unit *plain, *tapped;
    for (int guided = 0; guided < 2; guided++) {
        lt_programs *p = pipeline_sd1.engine->programs;
        int maps = 0, at = 0;
        CHECK_OK(
            lt_programs_get(p, lt_network_unet(guided, false, false), 1, 8, 8, &plain, NULL, err));
        lt_unit before = *plain;
        CHECK_OK(
            lt_programs_get(p, lt_network_unet(guided, true, false), 1, 8, 8, &tapped, NULL, err));
        while (lt_unit_map(tapped, maps))
            maps++;
        assert_int_equal(maps, 16);
        assert_null(lt_unit_map(&before, 0));
        for (int i = 0; i < lt_graph_nodes(tapped->graph); i++) {
            const lt_tensor *t = lt_graph_node(tapped->graph, i);
            if (t->op != LT_OP_ATTENTION_MAP)
                assert_int_equal(lt_graph_node(before.graph, at++)->op, t->op);
        }
        assert_int_equal(at, lt_graph_nodes(before.graph));
    }
}

/* The run's latents after every step; attention is on in the steps of a mask. */
static float *latents_of(pipeline_rig *r, const lt_params *p, unsigned on, int drop, size_t *count)
{
    lt_run *run;
    lt_error fault = {0};
    lt_run_options options = {.params = p, .attention = on & 1};
    CHECK_OK(lt_run_begin(r->engine, &options, &run, NULL, err));
    const lt_run_view *v = lt_run_about(run);
    size_t n = (size_t)v->images * (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    float *all = lt_alloc_array(n * (size_t)v->steps, sizeof *all);
    while (v->done < v->steps) {
        bool wanted_now = on >> v->done & 1;
        if (v->done == drop)
            CHECK_OK(lt_run_drop(run, 0, NULL, err));
        CHECK_OK(lt_run_attend(run, wanted_now, NULL, err));
        if (lt_run_step(run, NULL, &fault) == LT_STEP_FAILED)
            fail_msg("%s", fault.message);
        assert_int_equal(v->attention != NULL, wanted_now);
        memcpy(all + n * (size_t)(v->done - 1), v->latents, n * sizeof *all);
    }
    *count = n * (size_t)v->steps;
    lt_run_free(run);
    return all;
}

static void same_bytes(pipeline_rig *r, double guidance, int batch, int drop)
{
    size_t n, m;
    lt_params p = pipeline_params("a fox", 4, batch > 1 ? "3,4" : "3", batch > 1, 0);
    p.guidance_scale = guidance;
    float *off = latents_of(r, &p, 0, drop, &n);
    for (unsigned on = 5; on <= 10; on += 5) { /* steps 1 and 3; 2 and 4 */
        float *with = latents_of(r, &p, on, drop, &m);
        assert_int_equal(n, m);
        assert_memory_equal(off, with, n * sizeof *off);
        free(with);
    }
    free(off);
    lt_params_done(&p);
}

static void test_same_bytes(void **state)
{
    (void)state;
    static const char *const types[] = {"f32", "bf16"};
    bool fast;
    same_bytes(&pipeline_sd1, 7.5, 1, -1);
    for (int i = 0; i < (lt_cpu_backend.supports(LT_BF16, &fast) ? 2 : 1); i++) {
        pipeline_rig r;
        pipeline_rig_open("sd1", &lt_cpu_backend, types[i], &r);
        same_bytes(&r, 7.5, 1, -1);
        same_bytes(&r, 1, 1, -1);
        same_bytes(&r, 7.5, 2, 2);
        pipeline_rig_close(&r);
    }
}

/* ---- words ---- */

static void check_word(const lt_prompt_words *w, int i, lt_word_kind kind, int from, int to,
                       const char *text)
{
    assert_true(i < w->count);
    assert_int_equal(w->at[i].kind, kind);
    assert_int_equal(w->at[i].from, from);
    assert_int_equal(w->at[i].to, to);
    assert_string_equal(w->at[i].text, text);
}

static lt_prompt_words parts_of(const char *prompt, lt_words_by by)
{
    lt_tokenizer *t;
    lt_tokens tokens;
    lt_prompt_words words;
    CHECK_OK(lt_tokenizer_open(LT_ASSETS "/clip-vit-large-patch14", &t, err));
    CHECK_OK(lt_tokenizer_encode(t, prompt, strlen(prompt), &tokens, err));
    lt_words_of(prompt, &tokens, by, &words);
    lt_tokens_done(&tokens);
    lt_tokenizer_close(t);
    return words;
}

static lt_prompt_words words_of(const char *prompt)
{
    return parts_of(prompt, LT_BY_WORD);
}

/* A word of several pieces is as many; its bytes are shared out among them. */
static void test_pieces(void **state)
{
    (void)state;
    lt_prompt_words all = words_of("a bioluminescent fox"),
                    w = parts_of("a bioluminescent fox", LT_BY_TOKEN);
    const lt_word *whole = &all.at[2];
    lt_buf text = {0};
    assert_string_equal(whole->text, "bioluminescent");
    assert_int_equal(w.count, all.count + whole->to - whole->from - 1);
    for (int i = 0; i < w.count - 1; i++) {
        assert_int_equal(w.at[i].from, i);
        assert_int_equal(w.at[i].to, i + 1);
        assert_int_equal(lt_words_at(&w, i), i);
        if (i >= whole->from && i < whole->to)
            lt_buf_str(&text, w.at[i].text);
    }
    assert_string_equal(text.data, "bioluminescent");
    check_word(&w, w.count - 1, LT_WORD_PADDING, w.count - 1, 77, "<padding>");
    assert_int_equal(lt_words_at(&w, 76), w.count - 1);
    assert_int_equal(lt_words_at(&all, whole->from), 2);
    assert_int_equal(lt_words_at(&all, whole->to - 1), 2);
    assert_int_equal(lt_words_at(&all, whole->to), 3);
    lt_words_done(&all);
    lt_words_done(&w);
    lt_buf_done(&text);
}

static void test_words(void **state)
{
    (void)state;
    lt_prompt_words w = words_of("a Fox, bioluminescent caf\xC3\xA9 \xF0\x9F\xA6\x8A");
    check_word(&w, 0, LT_WORD_START, 0, 1, "<start>");
    check_word(&w, 1, LT_WORD_PROMPT, 1, 2, "a");
    check_word(&w, 2, LT_WORD_PROMPT, 2, 3, "Fox");
    check_word(&w, 3, LT_WORD_PROMPT, 3, 4, ",");
    assert_string_equal(w.at[4].text, "bioluminescent");
    assert_true(w.at[4].to > w.at[4].from + 1); /* several pieces */
    assert_string_equal(w.at[5].text, "caf\xC3\xA9");
    assert_string_equal(w.at[6].text, "\xF0\x9F\xA6\x8A");
    int end = w.at[6].to;
    check_word(&w, 7, LT_WORD_END, end, end + 1, "<end>");
    check_word(&w, 8, LT_WORD_PADDING, end + 1, 77, "<padding>");
    assert_int_equal(w.count, 9);
    lt_prompt_words copy;
    lt_words_copy(&copy, &w);
    lt_words_done(&w);
    check_word(&copy, 2, LT_WORD_PROMPT, 2, 3, "Fox");
    lt_words_done(&copy);
}

/* Marks that the tokenizer puts into another order: the pieces' bytes do not ascend. */
static void test_words_marks(void **state)
{
    (void)state;
    lt_prompt_words w = words_of("a q\xCC\x87\xCC\x9B\xCC\xA7 fox");
    assert_int_equal(w.count, 7);
    assert_string_equal(w.at[2].text, "q");
    assert_string_equal(w.at[3].text, "\xCC\x87\xCC\x9B\xCC\xA7");
    assert_string_equal(w.at[4].text, "fox");
    lt_words_done(&w);
}

/* Nothing, and more than 75 tokens, of which the last word is cut in its middle. */
static void test_words_ends(void **state)
{
    (void)state;
    lt_buf prompt = {0};
    lt_prompt_words w = words_of("");
    check_word(&w, 0, LT_WORD_START, 0, 1, "<start>");
    check_word(&w, 1, LT_WORD_END, 1, 2, "<end>");
    check_word(&w, 2, LT_WORD_PADDING, 2, 77, "<padding>");
    lt_words_done(&w);
    for (int i = 0; i < 74; i++)
        lt_buf_str(&prompt, "fox ");
    lt_buf_str(&prompt, "bioluminescent fox");
    w = words_of(prompt.data);
    assert_int_equal(w.count, 77);
    assert_int_equal(w.at[75].from, 75);
    assert_int_equal(w.at[75].to, 76);
    assert_string_equal(w.at[75].text, "bi"); /* its first piece */
    check_word(&w, 76, LT_WORD_END, 76, 77, "<end>");
    lt_words_done(&w);
    lt_buf_done(&prompt);
}

/* ---- what is made of maps ---- */

/* Of sd1 at 8x8: layer values so that word 2 ("fox") has the right half, word 1 ("a") all of it
 * evenly and more, and the rest is the start's. */
static lt_attention_maps *planted(void)
{
    lt_attention_maps *a;
    CHECK_OK(lt_attention_new(&pipeline_sd1.engine->unet, 77, 8, 8, &a, err));
    assert_int_equal(a->count, 4);
    for (int k = 0; k < a->count; k++) {
        int h = a->size[k].h, w = a->size[k].w;
        float *map = lt_alloc_array((size_t)h * (size_t)w * 77, sizeof *map);
        for (int i = 0; i < h * w; i++) {
            float fox = i % w >= (w + 1) / 2 ? 0.2f : 0.05f;
            map[i * 77 + 1] = 0.3f;
            map[i * 77 + 2] = fox;
            map[i * 77] = 0.7f - fox;
        }
        lt_attention_layer(a, (int64_t)h * w, map);
        free(map);
    }
    lt_attention_end(a);
    a->words = words_of("a fox");
    return a;
}

static void test_shares(void **state)
{
    (void)state;
    lt_attention_maps *a = planted();
    for (int size = LT_ATTENTION_ALL; size < a->count; size++) {
        double sum = 0;
        for (int i = 0; i < a->words.count; i++)
            sum += lt_attention_share(a, size, &a->words.at[i]);
        assert_true(fabs(sum - 1) < 1e-6);
    }
    assert_true(fabs(lt_attention_share(a, 0, &a->words.at[1]) - 0.3) < 1e-6);
    assert_true(fabs(lt_attention_share(a, 0, &a->words.at[2]) - 0.125) < 1e-6);
    assert_int_equal(lt_attention_at(a, 0, 0.9, 0.5), 2); /* though "a" has more there */
    assert_int_equal(lt_attention_at(a, 0, 0.1, 0.5), 1);
    assert_int_equal(lt_attention_at(a, LT_ATTENTION_ALL, 0.95, 1), 2);
    lt_words_done(&a->words);
    a->words = words_of("");
    assert_int_equal(lt_attention_at(a, 0, 0.9, 0.5), -1);
    lt_attention_free(a);
}

/* Enlarged by hand: 2x2 to 8x8, at a corner, on a centre, and between. */
static void test_enlarges(void **state)
{
    (void)state;
    float out[64];
    lt_attention_maps *a;
    CHECK_OK(lt_attention_new(&pipeline_sd1.engine->unet, 77, 8, 8, &a, err));
    a->words = words_of("fox");
    for (int i = 0; i < 4; i++)
        a->size[2].at[i * 77 + 1] = (float)i;
    lt_attention_map(a, LT_ATTENTION_ALL, &a->words.at[1], out);
    assert_true(fabs((double)out[0]) < 1e-6);             /* before the first centre */
    assert_true(fabs((double)out[63] - 3.0 / 4) < 1e-6);  /* behind the last */
    assert_true(fabs((double)out[3] - 0.375 / 4) < 1e-6); /* at 3.5 of centres 2 and 6 */
    assert_true(fabs((double)out[24] - 0.75 / 4) < 1e-6); /* the same downwards, 2 apart */
    lt_attention_free(a);
}

static void test_mean(void **state)
{
    (void)state;
    lt_attention_maps *all[2] = {planted(), planted()}, *mean;
    all[1]->size[0].at[2] += 0.5f;
    CHECK_OK(lt_attention_mean((const lt_attention_maps *const *)all, 2, &mean, err));
    assert_true(fabs((double)(mean->size[0].at[2] - all[0]->size[0].at[2]) - 0.25) < 1e-6);
    assert_int_equal(mean->size[3].layers, 1);
    assert_string_equal(mean->words.at[2].text, "fox");
    lt_attention_free(mean);
    lt_attention_free(all[0]);
    lt_attention_free(all[1]);
}

static void test_draws(void **state)
{
    (void)state;
    lt_image *grey, *out;
    lt_attention_maps *a = planted();
    lt_attention_range range = lt_attention_range_of(a, 0, &a->words.at[2]);
    CHECK_OK(lt_image_new(64, 64, &grey, err));
    memset(grey->rgb, 128, lt_image_bytes(grey));
    CHECK_OK(lt_attention_draw(a, 0, &a->words.at[2], grey, &out, err));
    assert_true(fabs(range.min - 0.05) < 1e-6 && fabs(range.max - 0.2) < 1e-6);
    const unsigned char *left = out->rgb, *right = out->rgb + 3 * 63;
    assert_true(left[0] < 90 && abs(left[0] - left[1]) <= 1); /* as it was, darker */
    assert_true(right[0] > 200 && right[1] > 200);            /* the brightest colour */
    lt_image_unref(out);
    CHECK_OK(lt_attention_draw(a, 0, &a->words.at[1], grey, &out, err)); /* flat */
    assert_memory_equal(out->rgb, out->rgb + 3, lt_image_bytes(out) - 3);
    lt_image_unref(out);
    lt_image_unref(grey);
    lt_attention_free(a);
}

static void test_none(void **state)
{
    (void)state;
    lt_attention_maps *a;
    lt_unet_config c = {.levels = 2, .channels = {32, 64}};
    CHECK_FAILS(lt_attention_new(&c, 77, 8, 8, &a, err), LT_ERR_MODEL, "no cross-attention");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diffusers),   cmocka_unit_test(test_off),
        cmocka_unit_test(test_same_bytes),  cmocka_unit_test(test_words),
        cmocka_unit_test(test_pieces),      cmocka_unit_test(test_words_ends),
        cmocka_unit_test(test_words_marks), cmocka_unit_test(test_shares),
        cmocka_unit_test(test_enlarges),    cmocka_unit_test(test_mean),
        cmocka_unit_test(test_draws),       cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
