/* test_encoding.c - a prompt's two encodings: the pooled one against transformers' pooler_output
 * (tools/oracle/pooled.py), numbers against loops of another kind, and the worker's job. */
#include "pipeline/encoding.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"
#include "support/golden.h"
#include "weights/safetensors.h"

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};

static lt_encoding *encode(pipeline_rig *r, const char *text)
{
    lt_encoding *e;
    CHECK_OK(lt_encoding_make(r->engine, text, strlen(text), NULL, &e, err));
    return e;
}

/* ---- the pooled output ---- */

static const void *tensor(lt_safetensors *f, const char *model, int prompt, const char *kind,
                          size_t bytes)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%d.%s", model, prompt, kind);
    const lt_safetensors_tensor *t = lt_safetensors_find(f, name);
    assert_non_null(t);
    assert_int_equal(t->bytes, bytes);
    return t->data;
}

/* Measured in f32 on ref, the worst of all models and prompts: 4.8e-7; transformers' float32 is
 * 4.7e-7 from its float64. */
static const double pooled_limit = 2e-6;

/* The row that the config's eos_token_id picks, and the one of a config that names the tokenizer's.
 */
static void check_prompt(lt_safetensors *f, const char *model, pipeline_rig *r, int i,
                         const char *text, double *worst)
{
    lt_encoding *e = encode(r, text);
    size_t n = (size_t)e->width, bytes = n * sizeof(float);
    lt_clip_config named = *lt_engine_about(r->engine)->clip;
    named.eos_token_id = lt_tokenizer_end(lt_engine_about(r->engine)->tokenizer);
    int row = lt_clip_pooled_row(&named, e->tokens.ids, e->positions);
    assert_memory_equal(e->tokens.ids,
                        tensor(f, model, i, "ids", e->tokens.length * sizeof(int32_t)),
                        e->tokens.length * sizeof(int32_t));
    assert_ptr_equal(e->pooled, e->hidden + (size_t)e->row * n);
    *worst =
        golden_worse(*worst, golden_distance(e->pooled, tensor(f, model, i, "pooled", bytes), n));
    *worst = golden_worse(*worst, golden_distance(e->hidden + (size_t)row * n,
                                                  tensor(f, model, i, "named", bytes), n));
    lt_encoding_free(e);
}

static void test_pooled(void **state)
{
    static const char *const models[] = {"sd1", "sd2", "odd", "demo"};
    (void)state;
    lt_safetensors *f;
    double worst = 0;
    CHECK_OK(lt_safetensors_open(LT_TEST_DATA "/golden/pooled.safetensors", &f, err));
    json_object *prompts = json_tokener_parse(lt_safetensors_meta(f, "prompts"));
    assert_int_equal(json_object_array_length(prompts), 6);
    for (size_t k = 0; k < sizeof models / sizeof *models; k++) {
        pipeline_rig r;
        pipeline_rig_open(models[k], &lt_ref_backend, "f32", &r);
        for (int i = 0; i < 6; i++)
            check_prompt(f, models[k], &r, i,
                         json_object_get_string(json_object_array_get_idx(prompts, (size_t)i)),
                         &worst);
        pipeline_rig_close(&r);
    }
    if (!(worst < pooled_limit))
        fail_msg("the pooled output is %g from transformers', at most %g", worst, pooled_limit);
    json_object_put(prompts);
    lt_safetensors_close(f);
}

/* ---- numbers ---- */

/* rms and cosines once more: with the law of cosines in long double, from vectors of length 1. */
static void check_numbers(const lt_encoding *e, int position)
{
    size_t n = (size_t)e->width;
    const float *x = e->hidden + (size_t)position * n;
    const float *others[] = {e->pooled, e->hidden};
    long double length = 0, cosines[2];
    for (size_t i = 0; i < n; i++)
        length += (long double)x[i] * (long double)x[i];
    for (int k = 0; k < 2; k++) {
        long double other = 0, apart = 0;
        for (size_t i = 0; i < n; i++)
            other += (long double)others[k][i] * (long double)others[k][i];
        for (size_t i = 0; i < n; i++) {
            long double d =
                (long double)x[i] / sqrtl(length) - (long double)others[k][i] / sqrtl(other);
            apart += d * d;
        }
        cosines[k] = 1 - apart / 2;
    }
    lt_encoding_numbers got = lt_encoding_numbers_at(e, position);
    assert_true(fabs(got.rms - (double)sqrtl(length / (long double)n)) < 1e-12);
    assert_true(fabs(got.to_pooled - (double)cosines[0]) < 1e-12);
    assert_true(fabs(got.to_start - (double)cosines[1]) < 1e-12);
}

/* Whatever the number of parts, their squares add up to those of the whole. */
static void check_bins(const lt_encoding *e, int position)
{
    double bins[64], rms = lt_encoding_numbers_at(e, position).rms;
    for (int count = 1; count <= e->width; count++) {
        double sum = 0;
        lt_encoding_bins(e, position, count, bins);
        for (int i = 0; i < count; i++) {
            int size = e->width * (i + 1) / count - e->width * i / count;
            sum += bins[i] * bins[i] * size;
        }
        assert_true(fabs(sqrt(sum / e->width) - rms) < 1e-12);
    }
    for (int i = 0; i < e->width; i++) /* the last time a part was one number */
        assert_true(bins[i] == fabs((double)e->hidden[position * e->width + i]));
}

static void test_numbers(void **state)
{
    (void)state;
    lt_encoding *e = encode(&pipeline_sd1, "a red fox, in the snow");
    for (int k = 0; k < e->positions; k++) {
        check_numbers(e, k);
        check_bins(e, k);
    }
    lt_encoding_numbers start = lt_encoding_numbers_at(e, 0),
                        pooled = lt_encoding_numbers_at(e, e->row);
    assert_true(fabs(start.to_start - 1) < 1e-15 && fabs(pooled.to_pooled - 1) < 1e-15);
    lt_encoding_free(e);
}

/* A position sees those before it and no other: what two prompts begin with is the same, to the
 * bit, the start token always. */
static void test_causal(void **state)
{
    (void)state;
    lt_encoding *a = encode(&pipeline_sd1, "a red fox"), *b = encode(&pipeline_sd1, "a red house"),
                *empty = encode(&pipeline_sd1, "");
    size_t row = (size_t)a->width * sizeof(float), same = 1;
    while (a->tokens.ids[same] == b->tokens.ids[same])
        same++;
    assert_true(same > 2); /* the tiny vocabulary has its own pieces */
    assert_memory_equal(a->hidden, b->hidden, same * row);
    assert_memory_not_equal(a->hidden + same * (size_t)a->width,
                            b->hidden + same * (size_t)a->width, row);
    assert_memory_equal(a->hidden, empty->hidden, row);
    assert_int_equal(empty->row, 1);
    lt_encoding_free(a);
    lt_encoding_free(b);
    lt_encoding_free(empty);
}

/* ---- the worker ---- */

static lt_params settings(int steps)
{
    lt_params p = pipeline_params("a fox", steps, "3", false, 0);
    p.model = lt_strdup(pipeline_sd1.dir);
    p.size = (lt_size){16, 16};
    p.scheduler = lt_strdup("lms");
    return p;
}

static lt_session *open_session(void)
{
    lt_session *s;
    CHECK_OK(lt_session_open(backends, &s, err));
    return s;
}

static void same_as_here(const lt_event *e, const char *text)
{
    lt_encoding *here = encode(&pipeline_sd1, text);
    assert_non_null(e->encoding);
    assert_string_equal(e->encoding->text, text);
    assert_int_equal(e->encoding->row, here->row);
    assert_memory_equal(e->encoding->hidden, here->hidden,
                        (size_t)(here->positions * here->width) * sizeof(float));
    lt_encoding_free(here);
}

/* Without a model it is refused; with one it is what this thread makes. */
static void test_job(void **state)
{
    (void)state;
    lt_session *s = open_session();
    lt_params p = settings(2);
    lt_session_encode_text(s, "a fox");
    lt_event e = session_wait_for(s, LT_EVENT_TEXT);
    assert_null(e.encoding);
    assert_string_equal(e.text, "a fox");
    assert_non_null(strstr(e.error.message, "no model is open"));
    lt_event_done(&e);
    lt_session_load(s, &p);
    lt_session_encode_text(s, "a red fox");
    e = session_wait_for(s, LT_EVENT_TEXT);
    same_as_here(&e, "a red fox");
    lt_event_done(&e);
    lt_params_done(&p);
    lt_session_close(s);
}

/* In the middle of a run: it is done between two steps, and the run ends as it does alone. */
static void test_job_in_a_run(void **state)
{
    (void)state;
    enum { STEPS = 4 };
    lt_session *s = open_session();
    lt_params p = settings(STEPS);
    lt_film *alone = pipeline_film(&pipeline_sd1, &p, NULL, 0);
    lt_session_run(s, 1, &p, true);
    session_skip_to(s, LT_EVENT_PAUSED, 1, 0);
    for (int k = 1; k <= STEPS; k++) {
        lt_session_encode_text(s, "dropped: a newer one is asked for");
        lt_session_encode_text(s, "a house");
        lt_event e = session_wait_for(s, LT_EVENT_TEXT);
        if (strcmp(e.encoding->text, "a house") != 0) { /* the worker was faster */
            lt_event_done(&e);
            e = session_wait_for(s, LT_EVENT_TEXT);
        }
        same_as_here(&e, "a house");
        lt_event_done(&e);
        lt_session_step(s);
        e = session_wait_for(s, LT_EVENT_STEP);
        assert_int_equal(e.step, k);
        assert_memory_equal(e.taken.latents, alone->at[k - 1].latents, alone->all * sizeof(float));
        lt_event_done(&e);
    }
    session_skip_to(s, LT_EVENT_DONE, 1, STEPS);
    lt_film_free(alone);
    lt_params_done(&p);
    lt_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pooled),       cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_causal),       cmocka_unit_test(test_job),
        cmocka_unit_test(test_job_in_a_run),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
