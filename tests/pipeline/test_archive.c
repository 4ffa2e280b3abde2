/* Films through a history file and back: every number, and forks of what came back. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "support/check.h"
#include "support/temp.h"

enum { STEPS = 6 };
static pipeline_rig *const rig = &pipeline_sd1;
static char *dir, *path;

static int open_rig(void **state)
{
    pipeline_sd1_open(state);
    dir = temp_dir();
    path = lt_format("%s/history.db", dir);
    return 0;
}

static int close_rig(void **state)
{
    pipeline_sd1_close(state);
    free(path);
    temp_dir_remove(dir);
    return 0;
}

static lt_params settings(const char *sampler)
{
    lt_params p =
        pipeline_params("a fox, \"quoted\"\nand 木", STEPS, "18446744073709551615", false, 0);
    p.scheduler = lt_strdup(sampler);
    p.negative_prompt = lt_strdup("rain");
    p.guidance_scale = 1.1 + 2.2;
    p.size = (lt_size){16, 24};
    return p;
}

static lt_store *history(void)
{
    lt_error note = {0};
    lt_store *s = lt_store_open(path, &note);
    if (note.code != LT_ERR_NONE)
        fail_msg("%s", note.message);
    return s;
}

/* Frames `from` to the end, as a run of its own or a fork; its id. */
static int64_t keep(lt_store *s, const lt_film *f, int64_t parent, int from)
{
    int64_t id;
    lt_store_run run;
    lt_archive_run(f, &run);
    run.parent = parent;
    run.parent_step = from;
    CHECK_OK(lt_store_begin(s, &run, &id, err));
    for (int k = parent ? from + 1 : 0; k <= f->done; k++) {
        lt_store_step step = lt_archive_step(f, k);
        CHECK_OK(lt_store_append(s, id, &step, err));
    }
    CHECK_OK(lt_store_finish(s, id, LT_STORE_DONE, err));
    lt_store_run_done(&run);
    return id;
}

static lt_film *bring(lt_store *s, int64_t id)
{
    lt_film *f;
    CHECK_OK(lt_archive_read(s, id, NULL, &f, err));
    return f;
}

static void same_settings(const lt_film *a, const lt_film *b)
{
    lt_buf one = {0}, two = {0};
    lt_meta m = lt_film_meta(a, a->done), n = lt_film_meta(b, b->done);
    lt_meta_json(&m, 0, &one);
    lt_meta_json(&n, 0, &two);
    assert_string_equal(one.data, two.data);
    lt_buf_done(&one);
    lt_buf_done(&two);
}

static void same_facts(const lt_film *a, const lt_film *b)
{
    char x[128], y[128];
    same_settings(a, b);
    snprintf(x, sizeof x, "%d %d %d %d %d %d %d %.17g %zu %zu", a->images, a->channels, a->h, a->w,
             a->first, a->drawn_before, a->guided, a->guidance_scale, a->tokens, a->cut);
    snprintf(y, sizeof y, "%d %d %d %d %d %d %d %.17g %zu %zu", b->images, b->channels, b->h, b->w,
             b->first, b->drawn_before, b->guided, b->guidance_scale, b->tokens, b->cut);
    assert_string_equal(x, y);
    for (int k = 1; k <= a->done; k++) {
        lt_film_numbers of_a, of_b;
        lt_film_numbers_at(a, k, 0, &of_a);
        lt_film_numbers_at(b, k, 0, &of_b);
        assert_true(of_a.push == of_b.push && of_a.rms_eps == of_b.rms_eps);
    }
    assert_int_equal(strlen(a->model_hash), 16);
    assert_string_equal(a->model_hash, b->model_hash);
    assert_memory_equal(a->schedule.sigmas, b->schedule.sigmas,
                        (size_t)(a->steps + 1) * sizeof(float));
    assert_memory_equal(a->schedule.timesteps, b->schedule.timesteps,
                        (size_t)a->steps * sizeof(float));
}

/* With every sampler: the run, a fork of it, and then, in another opening, a fork of what came back
 * that changes nothing. */
static void test_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < PIPELINE_SAMPLERS; i++) {
        lt_params p = settings(pipeline_samplers[i]), q = settings(pipeline_samplers[i]);
        q.guidance_scale = 1; /* no second prediction */
        lt_film *f = pipeline_film(rig, &p, NULL, 0), *g = pipeline_film(rig, &q, f, 3);
        lt_store *s = history();
        int64_t id = keep(s, f, 0, 0), fork = keep(s, g, id, 3);
        lt_store_close(s);
        s = history();
        lt_film *back = bring(s, id), *child = bring(s, fork);
        same_facts(f, back);
        same_facts(g, child);
        pipeline_same_films(f, back);
        pipeline_same_films(g, child);
        lt_film *again = pipeline_film(rig, &back->params, back, 2);
        pipeline_same_films(f, again);
        same_settings(f, again); /* as a run that was interrupted, and is none's fork to a file */
        lt_film *copy;
        CHECK_OK(lt_film_copy(child, 4, &copy, err));
        lt_film *onward = pipeline_film(rig, &child->params, copy, 4);
        pipeline_same_films(g, onward);
        lt_store_close(s);
        lt_film_free(f);
        lt_film_free(g);
        lt_film_free(back);
        lt_film_free(child);
        lt_film_free(again);
        lt_film_free(copy);
        lt_film_free(onward);
        lt_params_done(&p);
        lt_params_done(&q);
    }
}

/* A run that was interrupted is a film of the steps that there are. */
static void test_part(void **state)
{
    (void)state;
    lt_params p = settings("lms");
    lt_film *f = pipeline_film(rig, &p, NULL, 0), *part;
    CHECK_OK(lt_film_copy(f, 2, &part, err));
    lt_store *s = history();
    lt_film *back = bring(s, keep(s, part, 0, 0));
    assert_int_equal(back->done, 2);
    assert_int_equal(back->steps, STEPS);
    lt_film *whole = pipeline_film(rig, &back->params, back, 2);
    pipeline_same_films(f, whole);
    lt_store_close(s);
    lt_film_free(f);
    lt_film_free(part);
    lt_film_free(back);
    lt_film_free(whole);
    lt_params_done(&p);
}

/* Settings that no film has. */
static void test_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {"{", "", "its settings are no JSON object"},
        {"\"channels\":4", "\"channels\":5", "its noise is not there"},
        {"\"channels\":4", "\"channels\":-4", "its sizes contradict each other"},
        {"\"batch\":0", "\"batch\":2", "its settings are of 2 pictures, its numbers of 1"},
        {"\"h\":3", "\"h\":\"3\"", "its sizes contradict each other"},
        {"\"w\":2", "\"w\":3", "its sizes contradict each other"},
        {"\"guidance_scale\":3", "\"guidance_scale\":NaN,\"was\":3",
         "its sizes contradict each other"},
        {"\"seeds\":[", "\"seed\":[", "its settings lack a prompt, a seed or a batch"},
        {"\"18446744073709551615\"", "\"-\"", "--seed is '-'"},
        {"\"params\":", "\"param\":", "its settings lack a prompt, a seed or a batch"},
        {"\"dtype\":\"f32\"", "\"dtype\":\"f8\"", "its type 'f8' is not known"},
        {"scaled_linear", "wavy", "beta_schedule"},
        {"\"beta_end\":0.01", "\"beta_end\":7.01", "beta_end"},
    };
    lt_params p = settings("lms");
    lt_film *f = pipeline_film(rig, &p, NULL, 0), *out;
    lt_store_run run;
    lt_error err = {0};
    lt_archive_run(f, &run);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *at = strstr(run.settings, cases[i].from), *whole = run.settings;
        if (!at)
            fail_msg("'%s' is not in %s", cases[i].from, whole);
        run.settings = lt_format("%.*s%s%s", (int)(at - whole), whole, cases[i].to,
                                 at + strlen(cases[i].from));
        float *noise = lt_alloc_array(f->all, sizeof *noise);
        lt_store_step step = {.latents = {noise, f->all}, .block = noise};
        err = (lt_error){0};
        if (lt_archive_film(&run, &step, 1, &out, &err))
            fail_msg("'%s' was taken", run.settings);
        assert_int_equal(err.code, LT_ERR_FORMAT);
        if (!strstr(err.message, cases[i].why))
            fail_msg("'%s' instead of '%s'", err.message, cases[i].why);
        free(step.block);
        free(run.settings);
        run.settings = whole;
    }
    lt_store_run_done(&run);
    lt_film_free(f);
    lt_params_done(&p);
}

/* A step without some of its numbers. */
static void test_gaps(void **state)
{
    (void)state;
    lt_params p = settings("lms");
    lt_film *f = pipeline_film(rig, &p, NULL, 0), *out;
    lt_store_run run;
    lt_archive_run(f, &run);
    for (int what = 0; what < 4; what++) {
        lt_error err = {0};
        lt_store_step steps[2] = {lt_archive_step(f, 0), lt_archive_step(f, 1)};
        steps[0].block = lt_alloc_array(f->all, sizeof(float));
        steps[1].k += what == 0;
        steps[1].x0.count -= what == 1;
        steps[1].eps_text.count = what == 2 ? 0 : f->all;
        steps[1].eps_uncond.count = what == 3 ? 1 : f->all;
        assert_false(lt_archive_film(&run, steps, 2, &out, &err));
        assert_non_null(strstr(err.message, "step 1 lacks some of its numbers"));
        free(steps[0].block);
    }
    lt_store_run_done(&run);
    lt_film_free(f);
    lt_params_done(&p);
}

/* A list needs the settings only. */
static void test_params(void **state)
{
    (void)state;
    lt_params p = settings("euler"), back;
    lt_film *f = pipeline_film(rig, &p, NULL, 0);
    lt_store_run run;
    lt_archive_run(f, &run);
    CHECK_OK(lt_archive_params(&run, &back, err));
    assert_string_equal(back.prompts[0], p.prompts[0]);
    assert_string_equal(back.negative_prompt, "rain");
    assert_true(back.guidance_scale == p.guidance_scale);
    assert_true(back.seeds[0] == UINT64_MAX);
    assert_string_equal(back.scheduler, "euler");
    assert_null(back.dtype);
    lt_params_done(&back);
    lt_store_run_done(&run);
    lt_film_free(f);
    lt_params_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_part),
        cmocka_unit_test(test_wrong),          cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_params),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
