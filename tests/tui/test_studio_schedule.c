/*
 * test_studio_schedule.c - the pages of lens 8: every number of theirs, worked out in double from
 * the demo model's betas (scaled_linear, 0.00085 to 0.012, 1000 timesteps, leading, offset 1).  The
 * schedules themselves are compared with diffusers in tests/sample.
 */
#include <math.h>
#include <stdio.h>

#include "lens_rig.h"

enum { TRAIN = 1000 };
static const double start = 0.00085, end = 0.012;

static double beta(bool linear, int t)
{
    double way = t / (TRAIN - 1.0);
    if (linear)
        return start + way * (end - start);
    return pow(sqrt(start) + way * (sqrt(end) - sqrt(start)), 2);
}

static double abar(bool linear, int t)
{
    double product = 1;
    for (int i = 0; i <= t; i++)
        product *= 1 - beta(linear, i);
    return product;
}

static double sigma(int t)
{
    double left = abar(false, t);
    return sqrt((1 - left) / left);
}

/* Leading: whole steps of the training's, from the last one. */
static int timestep(int i, int n)
{
    return (n - 1 - i) * (TRAIN / n) + 1;
}

/* Karras 2022, eq. 5, rho 7, between the ends of the run. */
static double karras(int i, int n)
{
    double from = pow(sigma(timestep(0, n)), 1.0 / 7), to = pow(sigma(timestep(n - 1, n)), 1.0 / 7);
    return pow(from + i / (n - 1.0) * (to - from), 7);
}

/* The fractional timestep that has this sigma, between two in its logarithm. */
static double timestep_of(double s)
{
    int t = 0;
    while (t < TRAIN - 2 && sigma(t + 1) <= s)
        t++;
    return t + (log(s) - log(sigma(t))) / (log(sigma(t + 1)) - log(sigma(t)));
}

/* ---- */

/* The axes are sigma's, which ends at 0, and the steps'. */
static void check_steps(rig *r)
{
    rig_expect(r, "o sigma %.4g   : t %d", sigma(timestep(0, STEPS)), timestep(0, STEPS));
    rig_expect(r, "%6.3g|o", sigma(timestep(0, STEPS)));
    rig_match(r, "^[^0-9]+0\\| .*o");
    rig_match(r, "^[^0-9]+0 +8 ");
    rig_match(r, "\\|.*@ *>?");
}

static void check_betas(rig *r)
{
    static const int at[] = {0, 499, 999};
    rig_expect(r, "* scaled_linear, the model's");
    rig_expect(r, ". linear");
    for (int linear = 0; linear < 2; linear++)
        for (int i = 0; i < 3; i++)
            rig_expect(r, "%6d  beta %-9.4g abar %.4g", at[i], beta(linear, at[i]),
                       abar(linear, at[i]));
    rig_match(r, "^[^0-9]+0\\.012\\|.*\\*"); /* the axes */
    rig_match(r, "^[^0-9]+1\\|\\*");
    rig_match(r, "^[^0-9]+0 +999 ");
    rig_expect(r, "x_t = sqrt(1-b) x_(t-1) + sqrt(b) z");
}

static void check_sigmas(rig *r, int k)
{
    int from = k - 4 < 0 ? 0 : k - 4; /* eight rows around the step */
    from = from > STEPS - 8 ? STEPS - 8 : from;
    rig_expect(r, "Sigmas: * this run's, . Karras's");
    for (int i = from; i < from + 8; i++)
        rig_expect(r, "%4d %7.4g %6d %7.4g %6.4g", i, sigma(timestep(i, STEPS)), timestep(i, STEPS),
                   karras(i, STEPS), timestep_of(karras(i, STEPS)));
    rig_expect(r, "%6.3g|*", sigma(timestep(0, STEPS)));
    rig_expect(r, "%6.3g|", sigma(timestep(STEPS - 1, STEPS)));
}

static int between(int n, double low, double high)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        count += sigma(timestep(i, n)) >= low && sigma(timestep(i, n)) < high;
    return count;
}

static void check_cuts(rig *r)
{
    enum { FEW = 10, MANY = 70 };
    static const double ends[] = {1e9, 10, 3, 1, 0.3, 0};
    static const char *const bands[] = {"10 and more", "3 to 10", "1 to 3", "0.3 to 1",
                                        "below 0.3"};
    double few = sigma(timestep(0, FEW)), many = sigma(timestep(0, MANY));
    rig_expect(r, "first sigma       %6.4g %8.4g", few, many);
    rig_expect(r, "last before 0     %6.4g %8.4g", sigma(timestep(FEW - 1, FEW)),
               sigma(timestep(MANY - 1, MANY)));
    rig_expect(r, "first step        %6.3g %8.3g", sigma(timestep(1, FEW)) - few,
               sigma(timestep(1, MANY)) - many);
    for (int i = 0; i < 5; i++)
        rig_expect(r, "%-11s     %6d %8d", bands[i], between(FEW, ends[i + 1], ends[i]),
                   between(MANY, ends[i + 1], ends[i]));
    rig_expect(r, "%6.3g|.", many);
    rig_match(r, "^[^0-9]+0 +100 ");
}

static void pages(const terminal_options *options)
{
    rig r = lens_at_step(options, 4);
    rig_keys(&r, "8");
    rig_wait(&r, "8 schedule  step 4  1/4");
    check_steps(&r);
    rig_keys(&r, "8");
    rig_wait(&r, "8 schedule  step 4  2/4");
    check_betas(&r);
    rig_keys(&r, "8");
    rig_wait(&r, "8 schedule  step 4  3/4");
    check_sigmas(&r, 4);
    rig_keys(&r, "<end>");
    rig_wait(&r, "8 schedule  step 8  3/4");
    check_sigmas(&r, 8);
    rig_keys(&r, "8");
    rig_wait(&r, "8 schedule  step 8  4/4");
    check_cuts(&r);
    rig_keys(&r, "8");
    rig_wait(&r, "8 schedule  step 8  1/4");
    rig_keys(&r, "88"); /* another lens, and it begins with the first */
    rig_wait(&r, "3/4");
    rig_keys(&r, "18");
    rig_wait(&r, "8 schedule  step 8  1/4");
    rig_sound_cleared(&r);
    rig_leave(&r);
}

static void test_pages(void **state)
{
    (void)state;
    pages(NULL);
    pages(&rig_large);
}

/* One step has two ends that are the same; more than eight steps are shown from the middle. */
static void test_short(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_fox --size 64x64 --seed 7 --steps 1", "--run");
    rig_wait(&r, "DONE 1/1");
    rig_keys(&r, "888");
    rig_wait(&r, "3/4");
    rig_expect(&r, "%4d %7.4g %6d", 0, sigma(1), 1);
    rig_keys(&r, ":set steps 20<enter><enter>");
    rig_wait(&r, "DONE 20/20");
    rig_keys(&r, "<home>");
    rig_wait(&r, "step 0  3/4");
    rig_expect(&r, "%4d %7.4g %6d %7.4g", 7, sigma(timestep(7, 20)), timestep(7, 20),
               karras(7, 20));
    rig_sound_cleared(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages), cmocka_unit_test(test_short)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
