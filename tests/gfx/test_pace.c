/* test_pace.c - when and how well frames are sent: arithmetic. */
#include "gfx/pace.h"

#include "support/check.h"

static bool near(double a, double b)
{
    return a > b - 1e-6 && a < b + 1e-6;
}

/* A line of `rate` bytes a second and a round trip: frames of `full` bytes as fast as it goes; the
 * scale at the end. */
static int settle(lt_pace *p, double rate, double trip, double full, int frames, double *now)
{
    static const double share[] = {0, 1, 0.35, 0.3, 0.2, 0.16, 0.1};
    for (int i = 0; i < frames; i++) {
        int scale = lt_pace_scale(p);
        double bytes = full * share[scale];
        assert_true(lt_pace_may_send(p, *now));
        lt_pace_sent(p, (size_t)bytes, scale, *now, *now + 0.001);
        assert_false(lt_pace_may_send(p, *now + 0.0005));
        *now += trip + bytes / rate;
        lt_pace_acked(p, *now);
        *now += 0.01;
    }
    return lt_pace_scale(p);
}

static void test_first_frame(void **state)
{
    (void)state;
    lt_pace p;
    lt_pace_init(&p, true, 0.002);
    assert_int_equal(lt_pace_scale(&p), 1);
    lt_pace_init(&p, true, 0.080);
    assert_int_equal(lt_pace_scale(&p), 2);
    lt_pace_init(&p, true, 0.600);
    assert_int_equal(lt_pace_scale(&p), 4);
    lt_pace_init(&p, false, 1.0);
    assert_int_equal(lt_pace_scale(&p), 1);
    assert_true(lt_pace_may_send(&p, 0));
    assert_false(lt_pace_full_due(&p, 100));
}

static void test_one_in_flight(void **state)
{
    (void)state;
    lt_pace p;
    lt_pace_init(&p, true, 0.002);
    lt_pace_sent(&p, 200000, 1, 10.0, 10.01);
    assert_false(lt_pace_may_send(&p, 10.5));
    assert_true(near(lt_pace_wait(&p, 10.4), 0.6));
    assert_true(lt_pace_may_send(&p, 11.001)); /* a second without an answer */
    lt_pace_acked(&p, 10.03);
    assert_true(lt_pace_may_send(&p, 10.03));
    assert_true(near(lt_pace_wait(&p, 10.03), 0));
    double rate = p.rate;
    lt_pace_acked(&p, 10.5); /* nobody waits for it */
    assert_true(near(rate, p.rate));
}

/* Each settles where a frame holds the line for at most 120 ms, and stays. */
static void test_lines(void **state)
{
    (void)state;
    static const struct {
        double rate, trip;
        int scale;
    } lines[] = {{10e6, 0.001, 1},  {2e6, 0.020, 1},   {1e6, 0.030, 2},    {0.57e6, 0.060, 3},
                 {0.4e6, 0.100, 4}, {0.3e6, 0.100, 5}, {0.15e6, 0.100, 6}, {0.01e6, 0.300, 6}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        lt_pace p;
        double now = 1.0;
        lt_pace_init(&p, true, lines[i].trip);
        settle(&p, lines[i].rate, lines[i].trip, 220000, 12, &now);
        for (int k = 0; k < 5; k++)
            assert_int_equal(settle(&p, lines[i].rate, lines[i].trip, 220000, 1, &now),
                             lines[i].scale);
    }
}

/* A frame that was cut short tells the line, and the next one is coarser in any case. */
static void test_cut(void **state)
{
    (void)state;
    lt_pace p;
    lt_pace_init(&p, true, 0.001);
    lt_pace_cut(&p, 200000, 20000, 1, 1.0, 1.15);
    assert_true(p.rate > 100e3 && p.rate < 150e3);
    assert_int_equal(lt_pace_scale(&p), 6);
    assert_false(lt_pace_full_due(&p, 100));
    lt_pace_init(&p, true, 0.001);
    lt_pace_cut(&p, 200000, 190000, 1, 1.0, 1.001); /* a buffer took nearly all of it at once */
    assert_int_equal(lt_pace_scale(&p), 2);
}

static void test_changes(void **state)
{
    (void)state;
    lt_pace p;
    double now = 1.0;
    lt_pace_init(&p, true, 0.002);
    assert_int_equal(settle(&p, 10e6, 0.002, 220000, 5, &now), 1);
    assert_true(settle(&p, 0.2e6, 0.002, 220000, 10, &now) >= 3); /* the line became slow */
    assert_int_equal(settle(&p, 10e6, 0.002, 220000, 12, &now), 1);
    assert_true(settle(&p, 2e6, 0.002, 1300000, 6, &now) >= 2); /* frames of noise */
}

/* The handshake was slow because the terminal was starting, not because of the line. */
static void test_slow_start(void **state)
{
    (void)state;
    lt_pace p;
    double now = 1.0;
    lt_pace_init(&p, true, 0.600);
    assert_int_equal(lt_pace_scale(&p), 4);
    assert_int_equal(settle(&p, 10e6, 0.002, 220000, 4, &now), 1);
    assert_true(p.rate > 5e6 && p.rate < 20e6);
    lt_pace_init(&p, true, 0.600);
    settle(&p, 0.1e6, 0.002, 220000, 10, &now);
    assert_true(lt_pace_scale(&p) >= 2); /* a part of it is still taken for the round trip */
}

static void test_idle(void **state)
{
    (void)state;
    lt_pace p;
    lt_pace_init(&p, true, 0.080);
    lt_pace_sent(&p, 50000, 2, 1.0, 1.0);
    assert_true(near(lt_pace_full_wait(&p, 1.0), 1.0)); /* an answer may take that long */
    lt_pace_acked(&p, 1.1);
    assert_false(lt_pace_full_due(&p, 1.29));
    assert_true(near(lt_pace_full_wait(&p, 1.2), 0.1));
    assert_true(lt_pace_full_due(&p, 1.31));
    lt_pace_sent(&p, 200000, 1, 1.31, 1.31); /* done */
    lt_pace_acked(&p, 1.5);
    assert_false(lt_pace_full_due(&p, 9));
    assert_true(lt_pace_full_wait(&p, 9) < 0);
}

/* A terminal that never answers: a few frames a second, fewer if write() blocks. */
static void test_mute(void **state)
{
    (void)state;
    lt_pace p;
    double now = 1.0;
    lt_pace_init(&p, false, 1.0);
    for (int i = 0; i < 3; i++) {
        lt_pace_sent(&p, 100000, 1, now, now + 0.01);
        assert_false(lt_pace_may_send(&p, now + 0.2));
        now += 1.0;
        assert_true(lt_pace_may_send(&p, now));
    }
    lt_pace_sent(&p, 100000, 1, now, now + 0.01);
    assert_true(near(lt_pace_wait(&p, now), 0.25));
    assert_true(lt_pace_may_send(&p, now + 0.26));
    lt_pace_sent(&p, 100000, 1, now + 0.26, now + 0.86); /* 0.6 s for 100 kB */
    assert_true(near(lt_pace_wait(&p, now + 0.86), 0.6));
    for (int i = 0; i < 6; i++) {
        now += 3.0;
        int scale = lt_pace_scale(&p);
        lt_pace_sent(&p, (size_t)(100000 / (scale * scale)), scale, now,
                     now + 0.6 / (scale * scale));
    }
    assert_true(lt_pace_scale(&p) >= 2);
    lt_pace_acked(&p, now + 0.1); /* it answers after all */
    assert_int_equal(p.unanswered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_frame), cmocka_unit_test(test_one_in_flight),
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_changes),
        cmocka_unit_test(test_cut),         cmocka_unit_test(test_idle),
        cmocka_unit_test(test_slow_start),  cmocka_unit_test(test_mute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
