/* The form: what is typed, what is refused, notches, and the settings that come out. */
#include "tui/form.h"

#include <math.h>

#include "support/check.h"

static lt_form form_of(const char *prompt)
{
    lt_form f;
    lt_params p;
    lt_params_init(&p);
    if (prompt)
        lt_params_add_prompt(&p, prompt);
    lt_form_init(&f, &p);
    lt_params_done(&p);
    return f;
}

static const char *next(const lt_form *f, const char *label)
{
    static char text[512];
    int row = lt_form_row_of(label);
    assert_true(row >= 0);
    lt_form_next(f, row, text, sizeof text);
    return text;
}

static void set(lt_form *f, const char *label, const char *text)
{
    CHECK_OK(lt_form_set(f, lt_form_row_of(label), text, err));
}

/* One row for every setting but the prompts and the file of noise, and one for the seed. */
static void test_rows(void **state)
{
    (void)state;
    assert_int_equal(lt_form_rows(), lt_param_count - 2 + 1);
    assert_int_equal(lt_form_row_of("latents"), -1);
    for (int i = 0; i < lt_form_rows(); i++) {
        assert_int_equal(lt_form_row_of(lt_form_label(i)), i);
        assert_true(*lt_form_help(i));
    }
}

static void test_values(void **state)
{
    (void)state;
    lt_form f = form_of("a fox");
    lt_params p;
    set(&f, "guidance-scale", "3.5");
    set(&f, "steps", "12");
    set(&f, "seed", "-1");
    set(&f, "size", "64x128");
    set(&f, "scheduler", "euler");
    CHECK_OK(lt_form_params(&f, &p, err));
    assert_string_equal(p.prompts[0], "a fox");
    assert_true(p.guidance_scale == 3.5);
    assert_int_equal(p.steps, 12);
    assert_true(p.seed_count == 1 && p.seeds[0] == UINT64_MAX);
    assert_int_equal(p.size.height, 128);
    assert_string_equal(p.scheduler, "euler");
    lt_params_done(&p);
    set(&f, "steps", "");
    set(&f, "seed", "random");
    assert_string_equal(next(&f, "seed"), "random");
    CHECK_OK(lt_form_params(&f, &p, err));
    assert_int_equal(p.steps, 0);
    assert_int_equal(p.seed_count, 1); /* drawn */
    lt_params_done(&p);
    lt_form_done(&f);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"steps", "0"},
        {"steps", "1001"},
        {"steps", "many"},
        {"size", "64"},
        {"size", "64x9999"},
        {"seed", "4,5"},
        {"seed", "x"},
        {"scheduler", "ddim"},
        {"guidance-scale", "1,5"},
        {"timestep-spacing", "odd"},
        {"threads", "-1"},
    };
    lt_form f = form_of(NULL);
    set(&f, "steps", "7");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        lt_error err = {0};
        if (lt_form_set(&f, lt_form_row_of(wrong[i][0]), wrong[i][1], &err))
            fail_msg("%s '%s' was taken", wrong[i][0], wrong[i][1]);
        assert_int_equal(err.code, LT_ERR_ARGUMENT);
    }
    assert_string_equal(next(&f, "steps"), "7");
    lt_form_done(&f);
}

static bool type(lt_form *f, const char *label, const char *text, lt_error *err)
{
    return lt_form_type(f, lt_form_row_of(label), text, err);
}

/* What the form shows can be typed, and what cannot be meant is refused at once. */
static void test_typed(void **state)
{
    (void)state;
    lt_form f = form_of(NULL);
    lt_model_facts facts = {.name = (char *)"demo", .backend = (char *)"cpu", .factor = 8};
    set(&f, "init-image", "none");
    CHECK_OK(type(&f, "init-image", "none", err));
    assert_null(f.next.init_image);
    CHECK_OK(type(&f, "variation-seed", "7", err));
    CHECK_OK(type(&f, "variation-seed", "none", err));
    CHECK_OK(type(&f, "timestep-spacing", "trailing", err));
    CHECK_OK(type(&f, "timestep-spacing", "the scheduler's", err));
    assert_null(f.next.timestep_spacing);
    CHECK_FAILS(type(&f, "init-image", "/no/such.png", err), LT_ERR_IO,
                "cannot open '/no/such.png': No such file");
    CHECK_FAILS(type(&f, "variation-seed", "x", err), LT_ERR_ARGUMENT,
                "variation-seed is 'x', expected a whole number such as 42");
    CHECK_FAILS(type(&f, "steps", "1001", err), LT_ERR_ARGUMENT, "steps is 1001, expected 1 to");
    CHECK_OK(type(&f, "size", "129x128", err)); /* the model is not known yet */
    f.facts = &facts;
    CHECK_FAILS(type(&f, "size", "100x128", err), LT_ERR_ARGUMENT,
                "size is 100x128, expected multiples of 8 pixels");
    CHECK_OK(type(&f, "size", "104x128", err));
    set(&f, "model", "another");
    CHECK_OK(type(&f, "size", "100x128", err));
    f.facts = NULL;
    lt_form_done(&f);
}

static void nudge(lt_form *f, const char *label, int by, const char *expected)
{
    assert_true(lt_form_nudge(f, lt_form_row_of(label), by));
    assert_string_equal(next(f, label), expected);
}

static void test_notches(void **state)
{
    (void)state;
    lt_model_facts facts = {.side = 128,
                            .factor = 8,
                            .steps = 30,
                            .guidance_scale = 7.5,
                            .sampler = "lms",
                            .name = (char[]){"demo"},
                            .backend = (char[]){"cpu"},
                            .dtype = "f32"};
    lt_form f = form_of("x");
    f.facts = &facts;
    nudge(&f, "guidance-scale", 1, "8");
    nudge(&f, "guidance-scale", -1, "7.5");
    nudge(&f, "steps", -1, "29");
    nudge(&f, "size", 1, "192x192");
    nudge(&f, "size", -1, "128x128");
    nudge(&f, "scheduler", 1, "lms-blog");
    nudge(&f, "scheduler", -1, "lms");
    nudge(&f, "scheduler", -1, "euler_a");
    nudge(&f, "timestep-spacing", 1, "linspace");
    nudge(&f, "strength", -1, "0.75");
    nudge(&f, "strength", 1, "0.8");
    lt_form_seed(&f, 0);
    nudge(&f, "seed", -1, "18446744073709551615");
    set(&f, "steps", "1");
    assert_false(lt_form_nudge(&f, lt_form_row_of("steps"), -1));
    assert_false(lt_form_nudge(&f, lt_form_row_of("model"), 1));
    lt_form_reset(&f, lt_form_row_of("steps"));
    assert_string_equal(next(&f, "steps"), "30");
    lt_form_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_typed),
                                       cmocka_unit_test(test_notches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
