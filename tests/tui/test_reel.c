/* Runs as the screen keeps them: what events do, and what is dropped when there is too much. */
#include "tui/reel.h"

#include <stdlib.h>

#include "base/mem.h"
#include "support/check.h"

enum { STEPS = 3, N = 16 };

static lt_film *film_of(int images)
{
    lt_film *f = lt_alloc(sizeof *f);
    size_t all = (size_t)images * N;
    lt_schedule_config config = lt_schedule_config_default();
    *f = (lt_film){.images = images,
                   .channels = 4,
                   .h = 2,
                   .w = 2,
                   .width = 16,
                   .height = 16,
                   .steps = STEPS,
                   .all = all,
                   .sampler = &lt_sampler_lms};
    lt_params_init(&f->params);
    f->model = lt_strdup("demo");
    f->backend = lt_strdup("cpu");
    f->noise = lt_alloc_array(all, sizeof *f->noise);
    f->at = lt_alloc_array(STEPS, sizeof *f->at);
    CHECK_OK(lt_schedule_init(&f->schedule, &config, STEPS, err));
    return f;
}

static lt_film *film(void)
{
    return film_of(1);
}

static lt_reel *send(lt_reels *r, lt_event e)
{
    lt_reel *reel = lt_reels_event(r, &e);
    lt_event_done(&e);
    return reel;
}

static lt_event picture(uint64_t id, int step, lt_lens lens)
{
    lt_image *image;
    CHECK_OK(lt_image_new(16, 16, &image, err));
    image->rgb[0] = (unsigned char)(step + 10);
    return (lt_event){
        .kind = LT_EVENT_PICTURE, .id = id, .step = step, .lens = lens, .picture = image};
}

static lt_event step(uint64_t id, int k)
{
    lt_event e = {.kind = LT_EVENT_STEP, .id = id, .step = k, .taken = {.seconds = 0.5}};
    e.taken.block = lt_alloc_array(3 * N, sizeof(float));
    e.taken.latents = e.taken.block;
    e.taken.x0 = e.taken.block + N;
    e.taken.eps_text = e.taken.block + 2 * N;
    return e;
}

static void test_a_run(void **state)
{
    (void)state;
    lt_reels r = {0};
    lt_reel *a = lt_reels_add(&r, 5, "a fox");
    assert_int_equal(lt_reel_frames(a), 0);
    assert_null(send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 6, .film = film()}));
    assert_ptr_equal(send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 5, .film = film()}), a);
    assert_int_equal(lt_reel_frames(a), 1);
    assert_null(lt_reel_picture(a, 0, 0, LT_LENS_LATENTS));
    send(&r, picture(5, 0, LT_LENS_X0)); /* frame 0 has one picture, whatever the lens */
    assert_int_equal(lt_reel_picture(a, 0, 0, LT_LENS_LATENTS)->rgb[0], 10);
    send(&r, step(5, 1));
    assert_int_equal(a->state, LT_REEL_RUNNING);
    assert_int_equal(lt_reel_frames(a), 2);
    send(&r, picture(5, 1, LT_LENS_X0));
    assert_null(lt_reel_picture(a, 1, 0, LT_LENS_LATENTS));
    assert_int_equal(lt_reel_picture(a, 1, 0, LT_LENS_X0)->rgb[0], 11);
    assert_null(lt_reel_picture(a, 2, 0, LT_LENS_X0)); /* not taken yet */
    send(&r, picture(5, 99, LT_LENS_X0));              /* of another film: dropped */
    send(&r, (lt_event){.kind = LT_EVENT_PAUSED, .id = 5, .step = 1});
    assert_true(a->state == LT_REEL_PAUSED && lt_reel_at_work(a));
    send(&r, (lt_event){.kind = LT_EVENT_SKIPPED, .id = 5, .step = 1});
    assert_int_equal(a->skipped, 1);
    /* starting again in f32 forgets what was made */
    send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 5, .film = film()});
    assert_int_equal(lt_reel_frames(a), 1);
    assert_null(lt_reel_picture(a, 0, 0, LT_LENS_LATENTS));
    send(&r, (lt_event){.kind = LT_EVENT_DONE, .id = 5, .step = STEPS});
    assert_false(lt_reel_at_work(a));
    lt_reels_done(&r);
}

/* A step and its picture take as long as both; beside each other as the longer one. */
static void test_rate(void **state)
{
    (void)state;
    lt_reels r = {0};
    lt_reel *a = lt_reels_add(&r, 5, "a fox");
    send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 5, .film = film()});
    assert_true(lt_reel_rate(a) == 0);
    send(&r, step(5, 1));
    for (int beside = 0; beside < 2; beside++) {
        lt_event e = picture(5, 1, LT_LENS_X0);
        e.seconds = 0.25;
        e.beside = beside;
        send(&r, e);
        assert_true(lt_reel_seconds(a) == (beside ? 0.5 : 0.75));
        assert_true(lt_reel_rate(a) == 1 / lt_reel_seconds(a));
    }
    a->picture_seconds = 2;
    assert_true(lt_reel_seconds(a) == 2);
    lt_reels_done(&r);
}

/* A run of two images: each has its pictures; one ends earlier; both can be taken alone. */
static void test_images(void **state)
{
    (void)state;
    lt_reels r = {0};
    lt_reel *one;
    lt_reel *a = lt_reels_add(&r, 5, "a fox");
    assert_int_equal(lt_reel_last(a, 1), -1);
    lt_film *f = film_of(2);
    lt_params_add_prompt(&f->params, "a fox");
    CHECK_OK(lt_params_set_seeds(&f->params, "7,9", true, err));
    f->noise[N] = 3;
    send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 5, .film = f});
    lt_event e = picture(5, 0, LT_LENS_X0);
    e.image = 1;
    e.picture->rgb[0] = 77;
    send(&r, e);
    assert_null(lt_reel_picture(a, 0, 0, LT_LENS_LATENTS));
    assert_int_equal(lt_reel_picture(a, 0, 1, LT_LENS_LATENTS)->rgb[0], 77);
    e = picture(5, 0, LT_LENS_X0);
    e.image = 2; /* there is none */
    send(&r, e);
    for (int k = 1; k <= 2; k++) {
        e = step(5, k);
        free(e.taken.block);
        e.taken.block = lt_alloc_array(3 * 2 * N, sizeof(float));
        e.taken.latents = e.taken.block;
        e.taken.x0 = e.taken.block + 2 * N;
        e.taken.eps_text = e.taken.block + 4 * N;
        e.taken.x0[N] = (float)k;
        send(&r, e);
        if (k == 1)
            send(&r, (lt_event){.kind = LT_EVENT_DROPPED, .id = 5, .step = 1, .image = 1});
    }
    send(&r, (lt_event){.kind = LT_EVENT_STOPPED, .id = 5, .step = 2});
    assert_int_equal(lt_reel_last(a, 0), 2);
    assert_int_equal(lt_reel_last(a, 1), 1);
    lt_reels_star_image(&r, a, 1, true);
    CHECK_OK(lt_reels_pick(&r, a, 1, 6, &one, err));
    assert_ptr_equal(lt_reels_find(&r, 6), one);
    assert_true(one->film->images == 1 && one->film->done == 1);
    assert_true(one->image[0].starred && one->starred);
    assert_true(one->film->noise[0] == 3 && one->film->at[0].x0[0] == 1);
    assert_true(one->film->params.seed_count == 1 && one->film->params.seeds[0] == 9);
    assert_int_equal(one->state, LT_REEL_STOPPED);
    assert_ptr_equal(lt_reel_picture(one, 0, 0, LT_LENS_X0), lt_reel_picture(a, 0, 1, LT_LENS_X0));
    lt_reels_done(&r);
}

static lt_reel *begun(lt_reels *r, uint64_t id, int images)
{
    lt_reel *reel = lt_reels_add(r, id, "a fox");
    lt_film *f = film_of(images);
    lt_params_add_prompt(&f->params, "a fox");
    CHECK_OK(lt_params_set_seeds(&f->params, images == 2 ? "7,9" : "7", true, err));
    lt_trail_add(&f->trail, f->noise, images, N);
    send(r, (lt_event){.kind = LT_EVENT_BEGUN, .id = id, .film = f});
    return reel;
}

/* A star on one of several pictures is the run's too, and that of what was picked from it. */
static void test_stars(void **state)
{
    (void)state;
    lt_reels r = {0};
    lt_reel *one, *a = begun(&r, 5, 2), *b = begun(&r, 6, 1);
    int image = 0;
    send(&r, (lt_event){.kind = LT_EVENT_DONE, .id = 5});
    CHECK_OK(lt_reels_pick(&r, a, 1, 7, &one, err));
    assert_ptr_equal(lt_reels_origin(&r, one, &image), a);
    assert_int_equal(image, 1);
    lt_reels_star_image(&r, a, 1, true);
    assert_true(a->starred && a->image[1].starred && !a->image[0].starred);
    assert_true(one->starred && one->image[0].starred);
    lt_reels_star_image(&r, a, 0, true);
    lt_reels_star_image(&r, a, 1, false);
    assert_true(a->starred && !one->starred && !one->image[0].starred);
    lt_reels_star(&r, a, false);
    assert_true(!a->starred && !a->image[0].starred);
    lt_reels_star(&r, a, true); /* as a whole: none of its pictures */
    assert_true(a->starred && !a->image[0].starred && !one->starred);
    lt_reels_star(&r, b, true); /* its only one */
    assert_true(b->starred && b->image[0].starred);
    image = 0;
    assert_ptr_equal(lt_reels_origin(&r, b, &image), b);
    lt_reels_done(&r);
}

/* A run that starts again keeps its stars; one that goes on, what was known of its pictures. */
static void test_stars_stay(void **state)
{
    (void)state;
    lt_reels r = {0};
    lt_reel *a = begun(&r, 5, 2);
    lt_reels_star_image(&r, a, 1, true);
    send(&r, (lt_event){.kind = LT_EVENT_DROPPED, .id = 5, .step = 0, .image = 0});
    lt_reel *b = lt_reels_add(&r, 6, "a fox");
    b->parent = 5;
    b->adopts = 1;
    send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 6, .film = film_of(2)});
    assert_true(b->starred && b->image[1].starred && b->image[0].dropped);
    send(&r, (lt_event){.kind = LT_EVENT_DROPPED, .id = 6, .step = 3, .image = 0});
    assert_int_equal(b->image[0].last, 0);
    send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = 5, .film = film_of(2)});
    assert_true(a->starred && a->image[1].starred && !a->image[0].dropped);
    lt_reels_done(&r);
}

static void test_trim(void **state)
{
    (void)state;
    const size_t bytes = 16 * 16 * 3;
    lt_reels r = {0};
    for (uint64_t id = 1; id <= 3; id++) {
        lt_reels_add(&r, id, "x");
        send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = id, .film = film()});
        send(&r, picture(id, 0, LT_LENS_LATENTS));
        send(&r, (lt_event){.kind = LT_EVENT_DONE, .id = id});
    }
    lt_reels_trim(&r, r.all[0], 3 * bytes);
    assert_non_null(lt_reel_picture(r.all[1], 0, 0, LT_LENS_LATENTS));
    lt_reels_trim(&r, r.all[0], 2 * bytes);
    assert_non_null(lt_reel_picture(r.all[0], 0, 0, LT_LENS_LATENTS)); /* kept, though the oldest */
    assert_null(lt_reel_picture(r.all[1], 0, 0, LT_LENS_LATENTS));
    assert_non_null(lt_reel_picture(r.all[2], 0, 0, LT_LENS_LATENTS));
    send(&r, picture(2, 0, LT_LENS_LATENTS)); /* asked for again */
    assert_non_null(lt_reel_picture(r.all[1], 0, 0, LT_LENS_LATENTS));
    lt_reels_done(&r);
}

/* ---- attention ---- */

static void take_attention(lt_reel *r, int k)
{
    lt_unet_config c = {.levels = 1, .channels = {32}, .mid_block = true};
    lt_event e = {.kind = LT_EVENT_ATTENTION, .id = r->id, .step = k};
    CHECK_OK(lt_attention_new(&c, 77, 2, 2, &e.attention, err));
    lt_reel_attention_take(r, &e);
    assert_null(e.attention);
}

/* Other runs' goes first, then the steps that are furthest from the one that is shown; that one
 * stays. */
static void test_attention(void **state)
{
    (void)state;
    enum { BYTES = 2 * 2 * 77 * sizeof(float) };
    lt_reels r = {0};
    lt_reel *a = lt_reels_add(&r, 5, "a fox"), *b = lt_reels_add(&r, 6, "a tree");
    lt_reel *both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        send(&r, (lt_event){.kind = LT_EVENT_BEGUN, .id = both[i]->id, .film = film()});
        assert_null(lt_reel_attention(both[i], 0, 0));
        for (int k = 1; k <= STEPS; k++) {
            send(&r, step(both[i]->id, k));
            take_attention(both[i], k);
        }
    }
    take_attention(b, 2); /* again: the newer one takes its place */
    assert_non_null(lt_reel_attention(a, 3, 0));
    assert_null(lt_reel_attention(a, 0, 0));
    lt_reels_attention_trim(&r, b, 2, 6 * BYTES);
    assert_non_null(lt_reel_attention(a, 1, 0));
    lt_reels_attention_trim(&r, b, 1, 3 * BYTES);
    assert_null(lt_reel_attention(a, 1, 0));
    assert_non_null(lt_reel_attention(b, 3, 0));
    lt_reels_attention_trim(&r, b, 1, 2 * BYTES);
    assert_null(lt_reel_attention(b, 3, 0));
    assert_non_null(lt_reel_attention(b, 2, 0));
    lt_reels_attention_trim(&r, b, 1, 0);
    assert_null(lt_reel_attention(b, 2, 0));
    assert_non_null(lt_reel_attention(b, 1, 0));
    lt_reels_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run),      cmocka_unit_test(test_rate),
        cmocka_unit_test(test_images),     cmocka_unit_test(test_stars),
        cmocka_unit_test(test_stars_stay), cmocka_unit_test(test_trim),
        cmocka_unit_test(test_attention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
