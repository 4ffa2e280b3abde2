/* The tiles of a seed grid as data: their settings, their turns, what comes after them. */
#include "tui/grid.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "support/check.h"

static lt_params one(uint64_t seed)
{
    lt_params p;
    lt_params_init(&p);
    lt_params_add_prompt(&p, "a fox");
    p.seeds = lt_alloc(sizeof *p.seeds);
    p.seeds[0] = seed;
    p.seed_count = 1;
    return p;
}

/* A grid of so many pictures of run 5. */
static lt_seed_grid grid_of(lt_params p, int count, bool varies)
{
    lt_seed_grid g = {0};
    lt_grid_spread(&p, count, varies);
    CHECK_OK(lt_params_check(&p, err));
    assert_int_equal(lt_params_images(&p), count);
    lt_grid_set(&g, &p, 5);
    lt_params_done(&p);
    return g;
}

static const char *seed_of(const lt_tile *t)
{
    static char text[LT_GRID_TEXT];
    lt_grid_seed(t, text);
    return text;
}

static void test_seeds(void **state)
{
    (void)state;
    lt_seed_grid g = grid_of(one(41), 3, false);
    lt_params next;
    assert_int_equal(g.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(g.tiles[i].id == 5 && g.tiles[i].image == i);
        assert_true(g.tiles[i].params.seeds[0] == 41 + (uint64_t)i);
        assert_int_equal(lt_params_images(&g.tiles[i].params), 1);
        assert_false(g.tiles[i].params.own_generators);
    }
    lt_grid_follow(&g, &next);
    assert_true(next.seeds[0] == 44);
    lt_params_done(&next);
    lt_grid_refill(&g, 0); /* the next one is after all, wherever they are */
    assert_string_equal(seed_of(&g.tiles[0]), "seed 44");
    assert_int_equal(g.tiles[0].id, 0);
    lt_grid_done(&g);
}

/* Of one seed, or each of its own, by a number that goes on; it wraps as it is drawn. */
static void test_variations(void **state)
{
    (void)state;
    lt_params p = one(7), next;
    p.variation_seed = 4294967294;
    p.variation_strength = 0.2;
    lt_seed_grid g = grid_of(p, 2, true);
    assert_true(g.varies);
    assert_string_equal(seed_of(&g.tiles[1]), "seed 7, variation 4294967295 at 0.2");
    lt_grid_follow(&g, &next);
    assert_true(next.seeds[0] == 7 && next.variation_seed == 0);
    lt_params_done(&next);
    lt_grid_done(&g);
    p = one(7);
    p.variation_seed = 3;
    g = grid_of(p, 2, false);
    assert_false(g.varies);
    lt_grid_follow(&g, &next);
    assert_true(next.seeds[0] == 9 && next.variation_seed == 5);
    lt_params_done(&next);
    lt_grid_done(&g);
}

static void test_turns(void **state)
{
    (void)state;
    lt_seed_grid g = grid_of(one(1), 3, false);
    assert_int_equal(lt_grid_next(&g), -1);
    assert_true(lt_grid_has(&g, 5));
    lt_grid_in_turns(&g, 4); /* another run's fault */
    assert_int_equal(lt_grid_next(&g), -1);
    lt_grid_in_turns(&g, 5);
    assert_false(lt_grid_has(&g, 5));
    assert_int_equal(lt_grid_next(&g), 0);
    g.tiles[0].id = 6;
    g.tiles[1].left_out = true;
    assert_int_equal(lt_grid_next(&g), 2);
    lt_grid_leave_out(&g);
    assert_int_equal(lt_grid_next(&g), -1);
    assert_false(g.tiles[0].left_out);
    lt_grid_refill(&g, 1);
    assert_int_equal(lt_grid_next(&g), 1);
    lt_grid_done(&g);
}

static void says(const lt_seed_grid *g, int i, const lt_reel *r, const char *want)
{
    char text[LT_GRID_TEXT];
    lt_grid_caption(g, i, r, text);
    assert_string_equal(text, want);
}

static void test_captions(void **state)
{
    (void)state;
    lt_seed_grid g = grid_of(one(1234), 2, false);
    lt_reel_image images[2] = {{.starred = true}, {.dropped = true}};
    lt_film film = {0};
    lt_reel r = {.state = LT_REEL_RUNNING};
    says(&g, 0, &r, "1 s1234");
    r.film = &film;
    r.image = images;
    says(&g, 0, &r, "1 s1234 *");
    says(&g, 1, &r, "2 s1235 stopped");
    r.state = LT_REEL_STOPPED;
    says(&g, 0, &r, "1 s1234 * stopped");
    r.state = LT_REEL_FAILED;
    says(&g, 0, &r, "1 s1234 * failed");
    says(&g, 0, NULL, "1 s1234 waits");
    g.tiles[0].left_out = true;
    says(&g, 0, NULL, "1 s1234 stopped");
    g.tiles[0].params.variation_seed = 8;
    says(&g, 0, NULL, "1 v8 stopped");
    lt_grid_done(&g);
}

static void says_briefly(const lt_seed_grid *g, int i, const lt_reel *r, const char *want)
{
    char text[LT_GRID_TEXT];
    lt_grid_brief(g, i, r, text);
    assert_string_equal(text, want);
}

/* What differs between neighbours is what is left. */
static void test_briefs(void **state)
{
    (void)state;
    lt_seed_grid g = grid_of(one(133862199), 2, false);
    lt_reel_image images[2] = {{.starred = true}, {.starred = false}};
    lt_film film = {0};
    lt_reel r = {.state = LT_REEL_RUNNING, .film = &film, .image = images};
    says_briefly(&g, 0, &r, "1 s..199 *");
    says_briefly(&g, 1, &r, "2 s..200");
    says_briefly(&g, 0, NULL, "1 waits");
    r.state = LT_REEL_FAILED;
    says_briefly(&g, 0, &r, "1 * failed");
    r.state = LT_REEL_RUNNING;
    g.tiles[1].params.variation_seed = 5007;
    says_briefly(&g, 1, &r, "2 v..007");
    g.tiles[1].params.variation_seed = 999;
    says_briefly(&g, 1, &r, "2 v999");
    lt_grid_done(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds), cmocka_unit_test(test_variations),
        cmocka_unit_test(test_turns), cmocka_unit_test(test_captions),
        cmocka_unit_test(test_briefs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
