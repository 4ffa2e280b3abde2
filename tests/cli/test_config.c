/* The file of settings: every key, what is wrong with a line, and who comes before whom. */
#define _POSIX_C_SOURCE 200809L
#include "cli/config.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/open.h"
#include "cli/studio_options.h"
#include "support/check.h"
#include "support/temp.h"

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};

static lt_config of(const char *text)
{
    lt_config c;
    char *dir = temp_dir(), *path = lt_path_join(dir, "latentty.conf");
    CHECK_OK(lt_file_write(path, text, strlen(text), err));
    lt_config_read(backends, path, &c);
    temp_dir_remove(dir);
    return c;
}

static void value_is(const lt_config *c, const char *key, const char *want)
{
    const char *text = lt_config_value_of(c, key);
    if (want)
        assert_string_equal(text, want);
    else
        assert_null(text);
}

/* tests/data/cli/every.conf has every key, and all of it arrives. */
static void test_every_key(void **state)
{
    (void)state;
    lt_config config;
    lt_params p;
    lt_tui_options o;
    lt_args none = {0};
    setenv("HOME", "/h", 1);
    lt_config_read(backends, lt_strdup(LT_TEST_DATA "/cli/every.conf"), &config);
    if (config.faults.count)
        fail_msg("%s", config.faults.all.data);
    for (int i = 0; lt_config_key(i); i++) {
        assert_true(*lt_config_fallback(i));
        if (!config.values[i].text)
            fail_msg("%s is not in every.conf", lt_config_key(i));
    }
    lt_context c = {.backends = backends, .args = &none, .config = &config};
    CHECK_OK(lt_open_params(&c, &p, err));
    assert_string_equal(p.negative_prompt, "blurry, #1");
    assert_true(p.guidance_scale == 4.5);
    assert_string_equal(p.device, "1");
    assert_true(p.steps == 12 && p.threads == 3 && p.size.width == 64 && p.size.height == 96);
    assert_string_equal(p.latents, "/h/noise.safetensors");
    assert_string_equal(p.init_image, "/h/first.png");
    assert_true(p.strength == 0.5);
    assert_string_equal(p.vae_tiling, "on");
    assert_string_equal(p.scheduler, "euler");
    assert_string_equal(p.timestep_spacing, "leading");
    assert_string_equal(p.model, "/h/models/mine");
    assert_string_equal(p.unet, "other/unet");
    assert_string_equal(p.vae, "other/vae");
    assert_string_equal(p.text_encoder, "other/text_encoder");
    assert_string_equal(p.tokenizer, "other/tokenizer");
    assert_string_equal(p.variant, "fp16");
    assert_string_equal(p.backend, "ref");
    assert_string_equal(p.dtype, "f32");
    value_is(&config, "seed", "77");
    CHECK_OK(lt_studio_options_read(&c, &o, err));
    assert_int_equal(o.graphics, LT_GRAPHICS_BLOCKS);
    assert_true(o.cell_width == 8 && o.cell_height == 17);
    assert_true(o.preview_budget > 0.19 && o.preview_budget < 0.21 && o.pace == 0.4);
    assert_int_equal(o.theme, LT_THEME_DARK);
    assert_true(!o.mouse && !o.history && o.history_max == (int64_t)500 << 20);
    lt_params_done(&p);
    lt_config_done(&config);
}

static void test_nothing(void **state)
{
    (void)state;
    lt_config config;
    lt_tui_options o;
    lt_args none = {0};
    lt_config_read(backends, NULL, &config);
    assert_int_equal(config.faults.count, 0);
    for (int i = 0; lt_config_key(i); i++)
        value_is(&config, lt_config_key(i), NULL);
    value_is(NULL, "steps", NULL);
    value_is(&config, "no such key", NULL);
    lt_context c = {.backends = backends, .args = &none, .config = &config};
    CHECK_OK(lt_studio_options_read(&c, &o, err));
    assert_true(o.mouse && o.history && o.history_max == (int64_t)5 << 30);
    assert_true(o.pace == 0 && o.preview_budget == 1 && o.theme == LT_THEME_AUTO);
    lt_config_done(&config);
}

/* A line alone is a fault that says so. */
static void wrong(const char *line, const char *why)
{
    lt_config c = of(line);
    if (c.faults.count != 1)
        fail_msg("'%s': %d faults: %s", line, c.faults.count,
                 c.faults.all.len ? c.faults.all.data : "");
    assert_memory_equal(c.faults.first, "latentty.conf:1: ", 17);
    if (strcmp(c.faults.first + 17, why) != 0)
        fail_msg("'%s': %s, not %s", line, c.faults.first + 17, why);
    for (int i = 0; lt_config_key(i); i++)
        value_is(&c, lt_config_key(i), NULL);
    lt_config_done(&c);
}

static void test_mistakes(void **state)
{
    (void)state;
    wrong("steps 3", "expected 'key = value', found 'steps 3'");
    wrong("stesp = 3", "there is no setting 'stesp'; steps is one");
    wrong("xyzzy = 3", "there is no setting 'xyzzy' (latentty config lists all)");
    wrong("prompt = a fox", "there is no setting 'prompt' (latentty config lists all)");
    wrong("= 3", "there is no setting '' (latentty config lists all)");
    wrong("steps =", "steps has no value");
    wrong("model = \"\"", "model has no value");
    wrong("steps = many", "steps is 'many', expected a whole number of at least 1");
    wrong("steps = 1001", "steps is 1001, expected 1 to 1000");
    wrong("seed = 1,2", "seed is '1,2', expected one whole number below 2^64");
    wrong("guidance-scale = 7,5", "guidance-scale is '7,5', expected a number such as 7.5");
    wrong("graphics = sixels",
          "graphics is 'sixels', expected auto, sixel, kitty, blocks, text or none");
    wrong("cell = 8", "cell is '8', expected the pixels of a character such as 10x20");
    wrong("preview-budget = 101", "preview-budget is '101', expected 0 to 100 percent, or none");
    wrong("pace = -1", "pace is '-1', expected 0 to 60 seconds");
    wrong("pace = 61", "pace is '61', expected 0 to 60 seconds");
    wrong("pace = .", "pace is '.', expected 0 to 60 seconds");
    wrong("theme = pink", "theme is 'pink', expected auto, dark, light or mono");
    wrong("mouse = yes", "mouse is 'yes', expected on or off");
    wrong("history = 1", "history is '1', expected on or off");
}

static void test_words_of_others(void **state)
{
    (void)state;
    static const char *const lines[] = {"scheduler = ddim", "timestep-spacing = even",
                                        "backend = abacus", "dtype = f8", "size = 64"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        lt_config c = of(lines[i]);
        assert_int_equal(c.faults.count, 1);
        lt_config_done(&c);
    }
}

/* The rest holds, and of two lines the first. */
static void test_the_rest_holds(void **state)
{
    (void)state;
    lt_config c = of("steps = 4\nnonsense\n\nsteps = 5\nscheduler = euler\n");
    assert_int_equal(c.faults.count, 2);
    assert_non_null(strstr(c.faults.all.data, "latentty.conf:2: "));
    assert_non_null(
        strstr(c.faults.all.data, "latentty.conf:4: steps was set in line 1 already\n"));
    value_is(&c, "steps", "4");
    value_is(&c, "scheduler", "euler");
    lt_config_done(&c);
    c = of("negative-prompt = \"\"\n"); /* an empty text is one */
    assert_int_equal(c.faults.count, 0);
    value_is(&c, "negative-prompt", "");
    lt_config_done(&c);
}

/* want: -1 where it is refused. */
static void size_is(const char *text, int64_t want)
{
    lt_tui_options o;
    const lt_studio_option *option = &lt_studio_options[lt_studio_option_count - 1];
    lt_studio_options_init(&o);
    assert_string_equal(option->name, "history.max-size");
    if (want >= 0) {
        CHECK_OK(option->set(&o, option->name, text, err));
        assert_true(o.history_max == want);
    } else {
        CHECK_FAILS(option->set(&o, option->name, text, err), LT_ERR_ARGUMENT,
                    "expected bytes such as 5G");
    }
}

static void test_bytes(void **state)
{
    (void)state;
    size_is("5G", (int64_t)5 << 30);
    size_is("1", 1);
    size_is("none", 0);
    size_is("100K", 100 << 10);
    size_is("7M", 7 << 20);
    size_is("8589934591G", (int64_t)8589934591 << 30);
    size_is("8589934592G", -1); /* 2^63 */
    size_is("9223372036854775807", INT64_MAX);
    size_is("9223372036854775808", -1);
    size_is("99999999999999999999999G", -1);
    size_is("0", -1);
    size_is("-1G", -1);
    size_is("5g", -1);
    size_is("G", -1);
    size_is("", -1);
    size_is("5 G", -1);
    size_is("1.5G", -1);
}

/* The command line comes first. */
static void test_order(void **state)
{
    (void)state;
    static const lt_option options[] = {{"steps", 'n', "N", NULL, "", false},
                                        {"theme", 0, "T", NULL, "", false},
                                        {"no-mouse", 0, NULL, NULL, "", false}};
    char *words[] = {"--steps", "9", "--theme", "mono", "--no-mouse"};
    lt_config config = of("steps = 4\nscheduler = euler\ntheme = dark\npace = 1\nmouse = on\n");
    lt_args args;
    lt_params p;
    lt_tui_options o;
    CHECK_OK(lt_args_parse(options, 3, 5, words, &args, err));
    lt_context c = {.backends = backends, .args = &args, .config = &config};
    CHECK_OK(lt_open_params(&c, &p, err));
    assert_int_equal(p.steps, 9);
    assert_string_equal(p.scheduler, "euler");
    CHECK_OK(lt_studio_options_read(&c, &o, err));
    assert_true(o.theme == LT_THEME_MONO && o.pace == 1 && !o.mouse);
    lt_params_done(&p);
    c.config = NULL; /* --no-config */
    CHECK_OK(lt_open_params(&c, &p, err));
    assert_null(p.scheduler);
    lt_params_done(&p);
    lt_args_done(&args);
    lt_config_done(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),      cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_mistakes),       cmocka_unit_test(test_words_of_others),
        cmocka_unit_test(test_the_rest_holds), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
