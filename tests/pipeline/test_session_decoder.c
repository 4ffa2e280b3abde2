/* Pictures that are made beside the steps: which ones come, in which order, and that nothing else
 * is different. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "beside_backend.h"
#include "pipeline_rig.h"
#include "session_rig.h"
#include "support/check.h"

enum { STEPS = 6, NEVER = 1 << 30, LONG = 600 /* seconds that no test has */, ASKED = 9 };

static pipeline_rig *const rig = &pipeline_sd1;

static lt_params settings(const char *seeds, int steps)
{
    lt_params p = pipeline_params("a fox", steps, seeds, strchr(seeds, ',') != NULL, 0);
    p.model = lt_strdup(rig->dir);
    p.scheduler = lt_strdup("lms");
    p.size = (lt_size){16, 16}; /* small: the thread sanitizer is slow */
    return p;
}

static lt_session *open_session(int asks)
{
    lt_session *s;
    beside_reset(asks);
    CHECK_OK(lt_session_open(beside_backends(), &s, err));
    return s;
}

/* What came: "b" a run's begin, "1" a step, "p1" a picture, "x1" one that was passed over, "P"
 * paused, "D" done; a picture's image follows as "/1" and its lens as "x0". */
typedef struct story {
    char text[400];
    lt_film *film;
    uint64_t id; /* of its run */
    bool ack;    /* each picture is seen at once */
    lt_session *s;
} story;

static void add(story *t, const char *what, int step, const lt_event *picture)
{
    size_t at = strlen(t->text), left = sizeof t->text - at;
    int n = snprintf(t->text + at, left, step < 0 ? "%s%s" : "%s%s%d", at ? " " : "", what, step);
    if (picture && picture->image)
        n += snprintf(t->text + at + n, left - (size_t)n, "/%d", picture->image);
    if (picture && picture->lens == LT_LENS_X0)
        snprintf(t->text + at + n, left - (size_t)n, "x0");
}

/* The picture that the rig's own engine makes of this frame. */
static void check_picture(story *t, const lt_event *e)
{
    const lt_film *f = t->film;
    lt_image *image;
    size_t one = f->all / (size_t)f->images;
    float *latents = lt_alloc_array(f->all, sizeof *latents);
    float *pixels = lt_alloc_array((size_t)(3 * f->width * f->height), sizeof *pixels);
    lt_film_lens(f, e->step, e->lens, latents);
    assert_true(e->beside == !f->tiled);
    lt_engine_tile(rig->engine, f->tiled);
    CHECK_OK(lt_engine_decode(rig->engine, 1, f->h, f->w, latents + (size_t)e->image * one, pixels,
                              NULL, err));
    CHECK_OK(lt_image_from_chw(pixels, f->width, f->height, &image, err));
    assert_memory_equal(image->rgb, e->picture->rgb, lt_image_bytes(image));
    lt_image_unref(image);
    free(pixels);
    free(latents);
}

static void take(story *t, lt_event *e)
{
    switch (e->kind) {
    case LT_EVENT_BEGUN:
        add(t, "b", -1, NULL);
        lt_film_free(t->film);
        t->film = e->film;
        t->id = e->id;
        e->film = NULL;
        break;
    case LT_EVENT_STEP:
        add(t, "", e->step, NULL);
        lt_film_add(t->film, &e->taken);
        break;
    case LT_EVENT_PICTURE:
        add(t, "p", e->step, e);
        if (e->id == t->id)
            check_picture(t, e);
        else
            assert_int_equal(e->id, ASKED);
        if (t->ack)
            lt_session_seen(t->s);
        break;
    case LT_EVENT_SKIPPED:
        add(t, "x", e->step, NULL);
        break;
    case LT_EVENT_PAUSED:
        add(t, "P", -1, NULL);
        break;
    case LT_EVENT_STOPPED:
        add(t, "S", -1, NULL);
        break;
    case LT_EVENT_DONE:
        add(t, "D", -1, NULL);
        break;
    case LT_EVENT_FAILED:
        add(t, "F", -1, NULL);
        break;
    default:
        break;
    }
}

/* Everything up to an event of that kind. */
static void follow(story *t, lt_event_kind last)
{
    lt_event_kind kind;
    do {
        lt_event e = session_next(t->s);
        kind = e.kind;
        take(t, &e);
        lt_event_done(&e);
    } while (kind != last);
}

/* What comes within a moment. */
static void listen(story *t)
{
    struct pollfd p = {.fd = lt_session_fd(t->s), .events = POLLIN};
    lt_event e;
    while (poll(&p, 1, 100) == 1 && lt_session_poll(t->s, &e)) {
        take(t, &e);
        lt_event_done(&e);
    }
}

static void is_told(story *t, const char *want)
{
    assert_string_equal(t->text, want);
    t->text[0] = '\0';
}

/* It comes to this, and then no further. */
static void stands_at(story *t, const char *want)
{
    while (strcmp(t->text, want) != 0) {
        lt_event e = session_next(t->s);
        take(t, &e);
        lt_event_done(&e);
    }
    listen(t);
    is_told(t, want);
}

static void end(story *t, lt_params *p)
{
    lt_session_close(t->s);
    lt_film_free(t->film);
    lt_params_done(p);
}

/* The film of the reference backend, in this thread. */
static void check_film(const lt_film *f, const lt_params *p)
{
    lt_film *want = pipeline_film(rig, p, NULL, 0);
    pipeline_same_films(f, want);
    lt_film_free(want);
}

/* The longer a picture takes, the more are passed over: those that come are the newest there were,
 * in the order of the steps, and the last is among them.  No step is another for it. */
static void test_newest_wins(void **state)
{
    static const struct {
        int asks;
        const char *story;
    } cases[] = {
        {1, "b p0 1 p1 2 p2 3 p3 4 p4 5 p5 6 p6 D"},   {3, "b 1 p0 2 p1 3 p2 4 p3 5 p4 6 p5 p6 D"},
        {4, "b 1 2 p0 x1 3 4 p2 x3 5 6 p4 x5 p6 D"},   {6, "b 1 2 3 4 p0 x1 x2 x3 5 6 p4 x5 p6 D"},
        {100, "b 1 2 3 4 5 6 p0 x1 x2 x3 x4 x5 p6 D"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lt_params p = settings("3", STEPS);
        story t = {.s = open_session(cases[i].asks)};
        lt_session_run(t.s, 1, &p, false);
        follow(&t, LT_EVENT_DONE);
        is_told(&t, cases[i].story);
        assert_true((atomic_load(&beside.runs_meanwhile) > 0) == (cases[i].asks > 2));
        check_film(t.film, &p);
        end(&t, &p);
    }
}

/* Without previews the first and the last picture are made, and the steps are the same. */
static void test_without_previews(void **state)
{
    lt_params p = settings("3", STEPS);
    story t = {.s = open_session(3)};
    (void)state;
    lt_session_budget(t.s, 0);
    lt_session_run(t.s, 1, &p, false);
    follow(&t, LT_EVENT_DONE);
    is_told(&t, "b 1 p0 x1 2 x2 3 x3 4 x4 5 x5 6 p6 D");
    check_film(t.film, &p);
    end(&t, &p);
}

/* Who attends and sees every picture gets every one, and the steps go on meanwhile; while nobody
 * sees one, no more come than one that is made and one that waits. */
static void test_attention(void **state)
{
    lt_params p = settings("3", STEPS);
    story t = {.s = open_session(3), .ack = true};
    (void)state;
    lt_session_attend(t.s, LONG);
    lt_session_run(t.s, 1, &p, false);
    follow(&t, LT_EVENT_DONE);
    is_told(&t, "b 1 p0 2 p1 3 p2 4 p3 5 p4 6 p5 p6 D");
    t.ack = false;
    lt_session_run(t.s, 2, &p, false);
    stands_at(&t, "b 1 p0 2");
    lt_session_seen(t.s);
    stands_at(&t, "p1 3");
    lt_session_run(t.s, 3, &p, true); /* nobody has seen the one before: this is another run */
    follow(&t, LT_EVENT_PAUSED);
    end(&t, &p);
}

/* What a picture waits for the screen is no time of its decoder. */
static void test_seconds(void **state)
{
    enum { WAIT = 2 };
    lt_params p = settings("3", 2);
    story t = {.s = open_session(1)};
    (void)state;
    lt_session_attend(t.s, LONG);
    lt_session_run(t.s, 1, &p, false);
    follow(&t, LT_EVENT_PICTURE);
    struct pollfd none = {.fd = -1};
    poll(&none, 1, WAIT * 1000);
    lt_session_seen(t.s);
    lt_event e = session_wait_for(t.s, LT_EVENT_PICTURE);
    assert_int_equal(e.step, 1);
    assert_true(e.seconds < WAIT / 2.0); /* 0.001 */
    lt_event_done(&e);
    end(&t, &p);
}

/* A run that pauses shows the step that it stands at, each one that is taken by itself, and what
 * was asked for beside it. */
static void test_paused(void **state)
{
    lt_params p = settings("3", STEPS);
    story t = {.s = open_session(9)};
    (void)state;
    lt_session_run(t.s, 1, &p, true);
    follow(&t, LT_EVENT_PAUSED);
    is_told(&t, "b p0 P");
    lt_session_step(t.s);
    lt_session_step(t.s);
    follow(&t, LT_EVENT_PAUSED);
    follow(&t, LT_EVENT_PAUSED);
    is_told(&t, "1 p1 P 2 p2 P");
    float *shown = lt_alloc_array(t.film->all, sizeof *shown);
    lt_film_lens(t.film, 0, LT_LENS_LATENTS, shown);
    lt_session_decode(t.s, 1, 0, 0, LT_LENS_LATENTS, shown, t.film->channels, t.film->h, t.film->w);
    free(shown);
    follow(&t, LT_EVENT_PICTURE);
    is_told(&t, "p0");
    lt_session_go(t.s);
    follow(&t, LT_EVENT_DONE);
    is_told(&t, "3 4 5 6 p3 x4 x5 p6 D");
    end(&t, &p);
}

/* Of several pictures the chosen one goes first; all of the last step are made, through the lens
 * and as they are. */
static void test_several(void **state)
{
    lt_params p = settings("3,4,5", 3);
    story t = {.s = open_session(3), .ack = true};
    (void)state;
    lt_session_choose(t.s, 1);
    lt_session_run(t.s, 1, &p, false);
    follow(&t, LT_EVENT_DONE);
    is_told(&t, "b 1 p0/1 x0 2 p1/1 x1 3 p2/1 x2 p3/1 p3 p3/2 D");
    check_film(t.film, &p);
    lt_session_attend(t.s, LONG);
    lt_session_watch(t.s, LT_LENS_X0);
    lt_session_run(t.s, 2, &p, false);
    follow(&t, LT_EVENT_DONE);
    is_told(&t, "b p0/1x0 p0x0 1 p0/2x0 p1/1x0 p1x0 2 p1/2x0 p2/1x0 p2x0 3 p2/2x0 "
                "p3/1x0 p3/1 p3x0 p3 p3/2x0 p3/2 D");
    check_film(t.film, &p);
    end(&t, &p);
}

/* A picture that is asked for is the next that is made, and the steps go on meanwhile; a stop and
 * another model do not take it along. */
static void test_asked_for(void **state)
{
    lt_params p = settings("3", STEPS), other = settings("3", STEPS);
    story t = {.s = open_session(3)};
    (void)state;
    lt_session_run(t.s, 1, &p, false);
    follow(&t, LT_EVENT_DONE);
    lt_film *f = t.film;
    float *shown = lt_alloc_array(f->all, sizeof *shown);
    lt_film_lens(f, 4, LT_LENS_X0, shown);
    other.threads = 1;
    for (int i = 0; i < 10; i++) { /* wherever they meet it */
        lt_session_decode(t.s, ASKED, 4, 0, LT_LENS_X0, shown, f->channels, f->h, f->w);
        if (i % 2)
            lt_session_load(t.s, i % 4 == 1 ? &other : &p);
        else
            lt_session_stop(t.s);
        t.text[0] = '\0';
        follow(&t, LT_EVENT_PICTURE);
        is_told(&t, "p4x0");
    }
    atomic_store(&beside.asks, NEVER);
    lt_session_decode(t.s, ASKED, 4, 0, LT_LENS_X0, shown, f->channels, f->h, f->w);
    lt_session_run(t.s, 2, &p, false);
    follow(&t, LT_EVENT_STEP);
    atomic_store(&beside.asks, 1);
    follow(&t, LT_EVENT_DONE);
    assert_non_null(strstr(t.text, "p4x0"));
    assert_true(strstr(t.text, "p4x0") < strstr(t.text, "p6 D"));
    free(shown);
    lt_params_done(&other);
    end(&t, &p);
}

/* A run that is stopped, replaced or closed while its picture is at work: nothing of it comes
 * afterwards, and the next run is as ever. */
static void test_stopped_at_work(void **state)
{
    lt_params p = settings("3", STEPS), q = settings("4", 2);
    story t = {.s = open_session(NEVER)};
    (void)state;
    lt_session_run(t.s, 1, &p, true);
    follow(&t, LT_EVENT_BEGUN);
    lt_session_stop(t.s);
    follow(&t, LT_EVENT_STOPPED);
    listen(&t);
    is_told(&t, "b S");
    atomic_store(&beside.asks, 2);
    listen(&t);
    is_told(&t, "");
    atomic_store(&beside.asks, NEVER);
    lt_session_run(t.s, 2, &p, true);
    follow(&t, LT_EVENT_BEGUN);
    lt_session_run(t.s, 3, &q, false);
    follow(&t, LT_EVENT_STEP);
    atomic_store(&beside.asks, 1);
    follow(&t, LT_EVENT_DONE);
    assert_true(strncmp(t.text, "b S b 1", 7) == 0);
    assert_string_equal(t.text + strlen(t.text) - 4, "p2 D");
    check_film(t.film, &q);
    atomic_store(&beside.asks, NEVER);
    lt_session_run(t.s, 4, &p, false);
    follow(&t, LT_EVENT_STEP);
    lt_params_done(&q);
    end(&t, &p);
}

/* What a picture of the run met ends the run, wherever it is told; one that was asked for is told
 * by itself.  The next one is as ever. */
static void test_faults(void **state)
{
    static const char *const stories[] = {"b F", "b 1 F", "b 1 p0 F", "b 1 p0 2 F"};
    lt_params p = settings("3", STEPS);
    story t = {.s = open_session(3)};
    (void)state;
    for (int at = 0; at < 4; at++) {
        atomic_store(at % 2 ? &beside.fail_finish : &beside.fail_start, at / 2);
        lt_session_run(t.s, 1 + (uint64_t)at, &p, false);
        follow(&t, LT_EVENT_FAILED);
        is_told(&t, stories[at]);
        listen(&t);
        is_told(&t, "");
    }
    lt_session_run(t.s, 5, &p, true);
    follow(&t, LT_EVENT_PAUSED);
    is_told(&t, "b p0 P");
    for (int finish = 0; finish < 2; finish++) {
        atomic_store(finish ? &beside.fail_finish : &beside.fail_start, 0);
        lt_session_decode(t.s, 5, 0, 0, LT_LENS_LATENTS, t.film->noise, t.film->channels, t.film->h,
                          t.film->w);
        lt_event e = session_next(t.s);
        assert_int_equal(e.kind, LT_EVENT_FAILED);
        assert_int_equal(e.id, 0);
        assert_string_equal(e.error.message,
                            finish ? "finished was made to fail" : "start was made to fail");
        lt_event_done(&e);
    }
    lt_session_go(t.s);
    follow(&t, LT_EVENT_DONE);
    check_film(t.film, &p);
    end(&t, &p);
}

/* Pictures in tiles are waited for, between others that are not. */
static void test_tiles(void **state)
{
    lt_params whole = settings("3", 2), tiled = settings("3", 2);
    story t = {.s = open_session(100)};
    (void)state;
    int f = lt_engine_about(rig->engine)->vae->factor;
    tiled.size = (lt_size){9 * f, 2 * f};
    tiled.vae_tiling = lt_strdup("on");
    for (uint64_t id = 1; id <= 4; id++) {
        lt_session_run(t.s, id, id % 2 ? &whole : &tiled, false);
        follow(&t, LT_EVENT_DONE);
        is_told(&t, id % 2 ? "b 1 2 p0 x1 p2 D" : "b p0 1 p1 2 p2 D");
        assert_int_equal(t.film->tiled, id % 2 == 0);
        check_film(t.film, id % 2 ? &whole : &tiled);
    }
    lt_engine_tile(rig->engine, false);
    lt_params_done(&whole);
    end(&t, &tiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_wins),     cmocka_unit_test(test_without_previews),
        cmocka_unit_test(test_attention),       cmocka_unit_test(test_paused),
        cmocka_unit_test(test_several),         cmocka_unit_test(test_asked_for),
        cmocka_unit_test(test_stopped_at_work), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_tiles),           cmocka_unit_test(test_seconds),
    };
    return cmocka_run_group_tests(tests, pipeline_sd1_open, pipeline_sd1_close);
}
