/* test_params.c - settings from text, seeds, and the order of pictures. */
#include "pipeline/params.h"

#include <math.h>

#include "support/check.h"

static const lt_param_info *row(const char *flag)
{
    for (int i = 0; i < lt_param_count; i++)
        if (strcmp(lt_param_infos[i].flag, flag) == 0)
            return &lt_param_infos[i];
    fail_msg("no setting --%s", flag);
    return NULL;
}

static void test_values(void **state)
{
    (void)state;
    lt_params p;
    lt_params_init(&p);
    assert_true(isnan(p.guidance_scale));
    CHECK_OK(lt_params_set(&p, row("guidance-scale"), "7.25", err));
    CHECK_OK(lt_params_set(&p, row("steps"), "70", err));
    CHECK_OK(lt_params_set(&p, row("size"), "512x384", err));
    CHECK_OK(lt_params_set(&p, row("model"), "a/b", err));
    CHECK_OK(lt_params_set(&p, row("model"), "c/d", err)); /* the last one counts */
    assert_true(p.guidance_scale == 7.25 && p.steps == 70);
    assert_true(p.size.width == 512 && p.size.height == 384);
    assert_string_equal(p.model, "c/d");
    lt_params_done(&p);
}

static void test_wrong_values(void **state)
{
    (void)state;
    const char *const wrong[][2] = {
        {"steps", "0"},
        {"steps", ""},
        {"steps", "-3"},
        {"steps", "1e3"},
        {"steps", "12 "},
        {"steps", "0x10"},
        {"steps", "99999999999"},
        {"guidance-scale", ""},
        {"guidance-scale", "7,5"},
        {"guidance-scale", "nan"},
        {"guidance-scale", "inf"},
        {"guidance-scale", "1e999"},
        {"guidance-scale", "7.5x"},
        {"size", "512"},
        {"size", "512x"},
        {"size", "x512"},
        {"size", "0x512"},
        {"size", "512x99999"},
        {"size", "512x512x3"},
        {"model", "\xFF"},
    };
    lt_params p;
    lt_params_init(&p);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char flag[32] = "--";
        strcat(flag, wrong[i][0]);
        CHECK_FAILS(lt_params_set(&p, row(wrong[i][0]), wrong[i][1], err), LT_ERR_ARGUMENT, flag);
    }
    assert_null(p.model);
    lt_params_done(&p);
}

static void test_seeds(void **state)
{
    (void)state;
    lt_params p;
    lt_params_init(&p);
    CHECK_OK(lt_params_set_seeds(&p, "42,43..46,7", true, err));
    const uint64_t want[] = {42, 43, 44, 45, 46, 7};
    assert_int_equal(p.seed_count, 6);
    assert_memory_equal(p.seeds, want, sizeof want);
    CHECK_OK(lt_params_set_seeds(&p, "-1", false, err)); /* wraps as in torch */
    assert_true(p.seeds[0] == UINT64_MAX);
    CHECK_OK(lt_params_set_seeds(&p, "18446744073709551615", false, err));
    assert_true(p.seeds[0] == UINT64_MAX);
    const char *const wrong[] = {"",
                                 "x",
                                 "1,",
                                 ",1",
                                 "1..",
                                 "5..4",
                                 "1...3",
                                 "1 2",
                                 "18446744073709551616",
                                 "-9223372036854775809",
                                 "0..4096",
                                 "0..18446744073709551615"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILS(lt_params_set_seeds(&p, wrong[i], true, err), LT_ERR_ARGUMENT, "--seeds");
    CHECK_FAILS(lt_params_set_seeds(&p, "1,2", false, err), LT_ERR_ARGUMENT, "--seed is '1,2'");
    lt_params_done(&p);
}

static lt_params two_prompts(void)
{
    lt_params p;
    lt_params_init(&p);
    lt_params_add_prompt(&p, "a");
    lt_params_add_prompt(&p, "b");
    return p;
}

/* Which seed and place every picture has, in the order in which they are made. */
static void check_order(const lt_params *p, int count, const uint64_t *seeds, const int *places)
{
    assert_int_equal(lt_params_images(p), count);
    for (int i = 0; i < count; i++) {
        int place;
        assert_true(lt_params_seed(p, i, &place) == seeds[i]);
        assert_int_equal(place, places[i]);
    }
}

static void test_order(void **state)
{
    (void)state;
    const int none[4] = {0}, stream[4] = {0, 1, 2, 3};
    lt_params p = two_prompts();
    p.batch = 2;
    CHECK_OK(lt_params_set_seeds(&p, "44", false, err));
    CHECK_OK(lt_params_check(&p, err));
    check_order(&p, 4, (const uint64_t[]){44, 44, 44, 44}, stream);
    p.batch = 0;
    CHECK_OK(lt_params_set_seeds(&p, "5,6", true, err));
    CHECK_OK(lt_params_check(&p, err));
    check_order(&p, 4, (const uint64_t[]){5, 6, 5, 6}, none);
    p.batch = 1; /* one seed a picture */
    CHECK_OK(lt_params_check(&p, err));
    check_order(&p, 2, (const uint64_t[]){5, 6}, none);
    p.batch = 3;
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "--seeds has 2 seeds, expected 6");
    lt_params_done(&p);
}

static void test_check(void **state)
{
    (void)state;
    lt_params p;
    lt_params_init(&p);
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "no prompt");
    lt_params_add_prompt(&p, ""); /* the empty prompt is a prompt */
    CHECK_OK(lt_params_check(&p, err));
    assert_int_equal(p.seed_count, 1); /* drawn, and small enough that torch uses all of it */
    assert_true(p.seeds[0] <= UINT32_MAX);
    p.steps = 1001;
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "--steps is 1001, expected 1 to 1000");
    p.steps = 0;
    lt_params_add_prompt(&p, "a\xC3");
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "prompt 2 is not UTF-8: byte 1");
    lt_params_done(&p);
}

/* Each picture of its own generator varies by a seed of its own; one generator has one. */
static void test_variation(void **state)
{
    (void)state;
    lt_params p = two_prompts();
    uint64_t seed;
    double strength;
    CHECK_OK(lt_params_set_seeds(&p, "5,5,5", true, err));
    CHECK_OK(lt_params_check(&p, err));
    assert_false(lt_params_variation(&p, 0, &seed, &strength));
    CHECK_OK(lt_params_set(&p, row("variation-seed"), "4294967294", err));
    CHECK_OK(lt_params_check(&p, err));
    for (int i = 0; i < 6; i++) {
        assert_true(lt_params_variation(&p, i, &seed, &strength));
        assert_true(seed == (uint32_t)(4294967294 + (uint32_t)(i % 3)));
        assert_true(strength == 0.1);
    }
    p.own_generators = false;
    p.seed_count = 1;
    assert_true(lt_params_variation(&p, 4, &seed, &strength));
    assert_true(seed == 4294967294);
    CHECK_OK(lt_params_set(&p, row("variation-strength"), "0", err));
    assert_false(lt_params_variation(&p, 0, &seed, &strength));
    lt_params_unset(&p, row("variation-seed")); /* a strength alone draws one */
    CHECK_OK(lt_params_set(&p, row("variation-strength"), "0.5", err));
    CHECK_OK(lt_params_check(&p, err));
    assert_true(lt_params_variation(&p, 0, &seed, &strength) && strength == 0.5);
    assert_true(p.variation_seed == (double)seed && seed <= UINT32_MAX);
    p.variation_seed = 1.5;
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "--variation-seed is 1.5");
    p.variation_seed = 4294967296.0;
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "--variation-seed is 4294967296");
    p.variation_seed = 1;
    p.variation_strength = 1.01;
    CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "--variation-strength is 1.01");
    lt_params_done(&p);
}

static void test_init_image(void **state)
{
    (void)state;
    lt_params p;
    lt_params_init(&p);
    lt_params_add_prompt(&p, "x");
    assert_true(lt_params_strength(&p) == 0.8);
    CHECK_OK(lt_params_set(&p, row("init-image"), "a.png", err));
    CHECK_OK(lt_params_set(&p, row("strength"), "1", err));
    CHECK_OK(lt_params_check(&p, err));
    assert_true(lt_params_strength(&p) == 1);
    static const char *const wrong[] = {"0", "-0.5", "1.001"};
    for (int i = 0; i < 3; i++) {
        CHECK_OK(lt_params_set(&p, row("strength"), wrong[i], err));
        CHECK_FAILS(lt_params_check(&p, err), LT_ERR_ARGUMENT, "expected above 0 to 1");
    }
    lt_params_done(&p);
}

static void test_copy(void **state)
{
    (void)state;
    lt_params p = two_prompts(), q;
    CHECK_OK(lt_params_set(&p, row("negative-prompt"), "blurry", err));
    CHECK_OK(lt_params_set_seeds(&p, "1,2", true, err));
    lt_params_copy(&q, &p);
    lt_params_done(&p);
    assert_string_equal(q.prompts[1], "b");
    assert_string_equal(q.negative_prompt, "blurry");
    assert_true(q.seeds[1] == 2);
    lt_params_done(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),    cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_seeds),     cmocka_unit_test(test_order),
        cmocka_unit_test(test_check),     cmocka_unit_test(test_copy),
        cmocka_unit_test(test_variation), cmocka_unit_test(test_init_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
