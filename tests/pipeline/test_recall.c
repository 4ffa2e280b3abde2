/* Settings from PNG texts: what we write comes back, what others write as far as we can follow. */
#include "pipeline/recall.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/meta.h"
#include "sample/sampler.h"
#include "support/check.h"

static void from(const char *key, const char *text, lt_params *out, lt_buf *notes)
{
    lt_png_texts texts = {0};
    lt_png_texts_add(&texts, key, text);
    CHECK_OK(lt_recall_texts(&texts, out, notes, err));
    lt_png_texts_done(&texts);
}

static void test_ours(void **state)
{
    (void)state;
    lt_params p, back;
    lt_buf json = {0}, notes = {0};
    lt_params_init(&p);
    lt_params_add_prompt(&p, "a \"fox\",\nin snow");
    CHECK_OK(lt_params_set(&p, lt_params_find("negative-prompt"), "blurry", err));
    CHECK_OK(lt_params_set(&p, lt_params_find("timestep-spacing"), "leading", err));
    CHECK_OK(lt_params_set(&p, lt_params_find("unet"), "other", err));
    CHECK_OK(lt_params_set_seeds(&p, "18446744073709551615", false, err));
    CHECK_OK(lt_params_set(&p, lt_params_find("variation-seed"), "4000000000", err));
    CHECK_OK(lt_params_set(&p, lt_params_find("variation-strength"), "0.15", err));
    lt_meta meta = {.params = &p,
                    .model = "demo",
                    .backend = "cpu",
                    .dtype = LT_BF16,
                    .sampler = &lt_sampler_euler_a,
                    .guidance_scale = 4.25,
                    .steps = 17,
                    .width = 128,
                    .height = 64,
                    .images = 1,
                    .per_prompt = 1,
                    .shown = 3,
                    .tiled = true};
    lt_meta_json(&meta, 0, &json);
    from(LT_META_JSON, json.data, &back, &notes);
    assert_string_equal(back.prompts[0], p.prompts[0]);
    assert_string_equal(back.negative_prompt, "blurry");
    assert_string_equal(back.scheduler, "euler_a");
    assert_string_equal(back.timestep_spacing, "leading");
    assert_string_equal(back.model, "demo");
    assert_string_equal(back.unet, "other");
    assert_true(back.seeds[0] == UINT64_MAX);
    assert_true(back.variation_seed == 4000000000.0 && back.variation_strength == 0.15);
    assert_true(back.guidance_scale == 4.25);
    assert_int_equal(back.steps, 17);
    assert_int_equal(back.size.width, 128);
    assert_int_equal(back.size.height, 64);
    assert_null(back.dtype);
    assert_null(back.vae_tiling);
    assert_int_equal(notes.len, 0);
    lt_params_done(&back);
    lt_params_done(&p);
    lt_buf_done(&json);
}

static void origin_of(const char *json, lt_params *p, lt_origin *o, lt_buf *notes)
{
    lt_png_texts texts = {0};
    lt_png_texts_add(&texts, LT_META_JSON, json);
    CHECK_OK(lt_recall_origin(&texts, p, o, notes, err));
    lt_png_texts_done(&texts);
}

/* The whole of what lt_meta_json says, for this very picture. */
static void test_origin(void **state)
{
    (void)state;
    const float frames[][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}, {13, 14, 15, 16}};
    lt_params p, back;
    lt_origin o;
    lt_trail trail = {0};
    lt_buf json = {0}, notes = {0};
    lt_params_init(&p);
    lt_params_add_prompt(&p, "x");
    CHECK_OK(lt_params_set_seeds(&p, "7", false, err));
    CHECK_OK(lt_params_set(&p, lt_params_find("latents"), "n.safetensors", err));
    for (int k = 0; k < 4; k++)
        lt_trail_add(&trail, frames[k], 2, 2);
    lt_meta meta = {.params = &p,
                    .model = "demo",
                    .backend = "cpu",
                    .dtype = LT_BF16,
                    .sampler = &lt_sampler_lms,
                    .steps = 5,
                    .width = 16,
                    .height = 16,
                    .images = 2,
                    .per_prompt = 2,
                    .shown = 2,
                    .lens = LT_LENS_X0,
                    .forked = 1,
                    .trail = &trail};
    lt_meta_json(&meta, 1, &json);
    assert_true(strlen(strstr(json.data, ",\"trail\"")) <= lt_meta_trail_bytes(2));
    origin_of(json.data, &back, &o, &notes);
    assert_string_equal(back.backend, "cpu");
    assert_string_equal(back.dtype, "bf16");
    assert_string_equal(back.latents, "n.safetensors");
    assert_true(o.ours && o.lens == LT_LENS_X0);
    assert_int_equal(o.image, 1);
    assert_int_equal(o.place, 1);
    assert_int_equal(o.of, 2);
    assert_int_equal(o.shown, 2);
    assert_int_equal(o.forked, 1);
    assert_true(*o.version);
    assert_int_equal(o.trail.frames, 3); /* up to the frame that is shown */
    for (int k = 0; k < 3; k++)
        assert_true(lt_trail_at(&o.trail, k, 0) == lt_trail_at(&trail, k, 1));
    assert_int_equal(notes.len, 0);
    lt_trail_done(&trail);
    lt_origin_done(&o);
    lt_params_done(&back);
    lt_params_done(&p);
    lt_buf_done(&json);
}

/* A stranger's numbers and fingerprints are looked at; own generators have no place. */
static void test_odd_origins(void **state)
{
    (void)state;
    static const struct {
        const char *json, *notes;
        int place, of, image, shown;
    } rows[] = {
        {"{\"prompt\":\"x\",\"images\":3,\"own_generator\":true,\"image\":2}", "", 0, 1, 2, -1},
        {"{\"prompt\":\"x\",\"images\":3,\"place\":3}", "place", 0, 3, 0, -1},
        {"{\"prompt\":\"x\",\"images\":1e9,\"place\":\"1\"}", "images, place", 0, 1, 0, -1},
        {"{\"prompt\":\"x\",\"shown_step\":-1}", "shown_step", 0, 1, 0, -1},
        {"{\"prompt\":\"x\",\"shown_step\":0}", "", 0, 1, 0, 0},
        {"{\"prompt\":\"x\",\"trail\":[\"0123456789abcdef\",\"0123\"]}", "trail", 0, 1, 0, -1},
        {"{\"prompt\":\"x\",\"trail\":[\"-123456789abcdef\"]}", "trail", 0, 1, 0, -1},
        {"{\"prompt\":\"x\",\"trail\":[7]}", "trail", 0, 1, 0, -1},
        {"{\"prompt\":\"x\",\"trail\":7}", "", 0, 1, 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lt_params p;
        lt_origin o;
        lt_buf notes = {0};
        origin_of(rows[i].json, &p, &o, &notes);
        assert_string_equal(notes.len ? notes.data : "", rows[i].notes);
        assert_int_equal(o.place, rows[i].place);
        assert_int_equal(o.of, rows[i].of);
        assert_int_equal(o.image, rows[i].image);
        assert_int_equal(o.shown, rows[i].shown);
        assert_int_equal(o.trail.frames, 0);
        lt_origin_done(&o);
        lt_params_done(&p);
        lt_buf_done(&notes);
    }
}

static void test_of_many(void **state)
{
    (void)state;
    lt_params back;
    lt_buf notes = {0};
    from(LT_META_JSON, "{\"prompt\":\"x\",\"seed\":7,\"images\":4,\"steps\":\"many\"}", &back,
         &notes);
    assert_string_equal(notes.data, "steps, its place among several pictures");
    assert_int_equal(back.seeds[0], 7);
    assert_int_equal(back.steps, 0);
    lt_params_done(&back);
    lt_buf_clear(&notes); /* with a generator of its own it has no place */
    from(LT_META_JSON, "{\"prompt\":\"x\",\"seed\":7,\"images\":4,\"own_generator\":true}", &back,
         &notes);
    assert_int_equal(notes.len, 0);
    lt_params_done(&back);
    lt_buf_done(&notes);
}

static void test_others(void **state)
{
    (void)state;
    lt_params back;
    lt_buf notes = {0};
    from(LT_META_PARAMETERS,
         "a fox\nin snow\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, "
         "Seed: 1234, Size: 512x768, Model hash: 6ce0161689, Variation seed: 99, "
         "Variation seed strength: 0.3, Clip skip: 2",
         &back, &notes);
    assert_string_equal(back.prompts[0], "a fox\nin snow");
    assert_string_equal(back.negative_prompt, "blurry");
    assert_int_equal(back.steps, 20);
    assert_string_equal(back.scheduler, "euler_a");
    assert_true(back.guidance_scale == 7);
    assert_int_equal(back.seeds[0], 1234);
    assert_int_equal(back.size.height, 768);
    assert_true(back.variation_seed == 99 && back.variation_strength == 0.3);
    assert_string_equal(notes.data, "Model hash, Clip skip");
    lt_params_done(&back);
    lt_buf_clear(&notes);
    from(LT_META_PARAMETERS, "x\nSteps: 9, Sampler: DPM++ 2M, Seed: -5, CFG scale: abc", &back,
         &notes);
    assert_null(back.scheduler);
    assert_true(back.seeds[0] == (uint64_t)-5);
    assert_true(isnan(back.guidance_scale));
    assert_string_equal(notes.data, "Sampler, guidance-scale");
    lt_params_done(&back);
    lt_buf_done(&notes);
}

static lt_meta meta_of(const lt_params *p, double guidance_scale)
{
    return (lt_meta){.params = p,
                     .model = "demo",
                     .backend = "cpu",
                     .sampler = &lt_sampler_euler_a,
                     .guidance_scale = guidance_scale,
                     .steps = 5,
                     .width = 64,
                     .height = 64,
                     .images = 1,
                     .per_prompt = 1,
                     .shown = 5};
}

/* A file of several pictures: the settings of one to go on with, but it is none of ours itself. */
static void test_parts(void **state)
{
    (void)state;
    enum { LONG = LT_PNG_MAX_TEXT / 2 };
    lt_params p, back;
    lt_png_texts texts = {0};
    lt_origin origin;
    lt_buf one = {0}, two = {0}, notes = {0};
    lt_params_init(&p);
    lt_params_add_prompt(&p, "a fox");
    CHECK_OK(lt_params_set_seeds(&p, "7", false, err));
    lt_meta_part parts[] = {{meta_of(&p, 3), 0}, {meta_of(&p, 4), 0}};
    lt_meta_parts_texts(parts, 2, 1, &texts);
    assert_int_equal(texts.count, 2);
    lt_meta_json(&parts[0].meta, 0, &one);
    lt_meta_json(&parts[1].meta, 0, &two);
    char *both = lt_format("[%s,%s]", one.data, two.data);
    assert_string_equal(lt_png_texts_get(&texts, LT_META_PICTURES), both);
    CHECK_OK(lt_recall_origin(&texts, &back, &origin, &notes, err));
    assert_false(origin.ours);
    assert_true(back.guidance_scale == 4);
    lt_params_done(&back);
    lt_png_texts_done(&texts);
    free(both);

    char *prompt = lt_alloc(LONG + 1); /* what no chunk can hold is left out, and the rest stays */
    memset(prompt, 'x', LONG);
    free(p.prompts[0]);
    p.prompts[0] = prompt;
    lt_meta_parts_texts(parts, 2, 0, &texts);
    assert_int_equal(texts.count, 1);
    assert_non_null(lt_png_texts_get(&texts, LT_META_PARAMETERS));
    lt_png_texts_done(&texts);
    lt_buf_done(&one);
    lt_buf_done(&two);
    lt_buf_done(&notes);
    lt_params_done(&p);
}

static void test_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "[1]", "{\"prompt\"", "", "null"};
    lt_params p;
    lt_buf notes = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lt_png_texts t = {0};
        lt_png_texts_add(&t, LT_META_JSON, texts[i]);
        CHECK_FAILS(lt_recall_texts(&t, &p, &notes, err), LT_ERR_FORMAT, "no settings");
        lt_params_done(&p);
        lt_png_texts_done(&t);
    }
    assert_false(lt_recall_parameters("only a prompt", &p, &notes));
    lt_params_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_odd_origins), cmocka_unit_test(test_of_many),
        cmocka_unit_test(test_others),      cmocka_unit_test(test_parts),
        cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
