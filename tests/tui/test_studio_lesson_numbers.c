/* test_studio_lesson_numbers.c - the numbers in a lesson's text, against those that are worked out
 * here and those that the studio's views show. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lesson_rig.h"

#define SETTINGS "--size 64x64 --no-history"
static const terminal_options small = {.cell_width = 10, .cell_height = 20, .guard_seconds = 40};

static void shows(rig *r, const char *label, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%s=%.4g;", label, value);
    rig_wait(r, text);
}

/* Of the schedule that SD 1.x has, worked out here: abar [1000]. */
static void make_abar(double abar[1000])
{
    double product = 1, low = sqrt(0.00085), high = sqrt(0.012);
    for (int t = 0; t < 1000; t++) {
        double root = low + (high - low) * t / 999;
        abar[t] = product *= 1 - root * root;
    }
}

/* Of eight steps, leading with an offset of 1, as the demo model's scheduler_config.json says. */
static int t_of(int step)
{
    return 1000 / 8 * (7 - step) + 1;
}

static double sigma_of(const double abar[1000], int step)
{
    return step == 8 ? 0 : sqrt((1 - abar[t_of(step)]) / abar[t_of(step)]);
}

static void test_numbers(void **state)
{
    (void)state;
    static double abar[1000];
    const int k = 3, t = t_of(k);
    make_abar(abar);
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\n"
                       "  s={sigma}; n={sigma_next}; b={sigma_before};\n"
                       "  f={sigma_first}; l={sigma_last}; i={input_scale};\n"
                       "  a={abar}; q={sqrt_abar}; z={sqrt_noise};\n"
                       "  k={step}/{steps} {sigmas} t={timestep};\n"
                       "  be={beta}; sb={sqrt_beta}; sk={sqrt_keep};\n"
                       "  tt={train_t} {train_steps} al={abar_last};\n"
                       "  w={weight_1}; sum={weight_sum}; {sampler} {order};\n"
                       "  {width}x{height} {latent_width}x{latent_height}x{channels}\n"
                       "  {pixel_numbers} {latent_numbers} {fewer_positions} {fewer_numbers}\n"
                       "  {scaling} {tokens} {padding} {positions} {id_begin}\n"
                       "  {seed} {guidance} {text_width} {factor}\n"
                       "do: prompt a red fox\ndo: set seed 42\ndo: set steps 8\n"
                       "do: set scheduler euler\ndo: set guidance-scale 5\ndo: run\nwait: run\n"
                       "do: goto 3\n",
                       SETTINGS);
    double sigma = sigma_of(abar, k), next = sigma_of(abar, k + 1), a = 1 / (sigma * sigma + 1);
    double beta = 1 - abar[t] / abar[t - 1];
    char text[64];
    shows(&r, "s", sigma);
    shows(&r, "n", next);
    shows(&r, "b", sigma_of(abar, k - 1));
    shows(&r, "f", sigma_of(abar, 0));
    shows(&r, "l", 0);
    shows(&r, "i", 1 / sqrt(sigma * sigma + 1));
    shows(&r, "a", a);
    shows(&r, "q", sqrt(a));
    shows(&r, "z", sqrt(1 - a));
    snprintf(text, sizeof text, "be=%.3g;", beta);
    rig_wait(&r, text);
    shows(&r, "sb", sqrt(beta));
    shows(&r, "sk", sqrt(1 - beta));
    rig_wait(&r, "k=3/8 9 t=501");
    rig_wait(&r, "tt=501 1000");
    shows(&r, "al", abar[999]);
    shows(&r, "w", next - sigma);
    shows(&r, "sum", next - sigma);
    rig_wait(&r, "Euler 1");
    rig_wait(&r, "64x64 8x8x4");
    rig_wait(&r, "12288 256 64 48");
    rig_wait(&r, "0.18215 3 72 77 49406");
    rig_wait(&r, "42 5 64 8");
    rig_leave(&r);
}

/* The first number behind `label` in a row of the screen. */
static double number_behind(rig *r, const char *label)
{
    int columns, rows;
    double number = (double)NAN;
    rig_wait(r, label);
    terminal_size(r->t, &columns, &rows);
    for (int y = 0; y < rows && isnan(number); y++) {
        lt_buf row = {0};
        terminal_row(r->t, y, &row);
        const char *at = row.len ? strstr(row.data, label) : NULL;
        if (at)
            number = strtod(at + strlen(label), NULL);
        lt_buf_done(&row);
    }
    return number;
}

static void near(double is, double want, double by)
{
    if (!(fabs(is - want) <= by))
        fail_msg("%g, expected %g", is, want);
}

#define MAKE "do: prompt a red fox\ndo: set seed 42\ndo: set steps 8\ndo: run\nwait: run\n"

/* Of the picture in the views autoencoder and noising, and of the words in lens 6; as they show. */
static void test_views(void **state)
{
    (void)state;
    static double abar[1000];
    make_abar(abar);
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\nOne.\n" MAKE
                       "---\n  p={psnr}; {fewer_positions} {fewer_numbers}\n"
                       "do: autoencoder\nwait: picture\n"
                       "---\n  t={t}; s={signal};\n  n={noise}; r={snr};\n"
                       "  c={guess_cosine}; g={guess_psnr};\n  of={start_steps};\n"
                       "do: noising\nwait: t 391\nwait: picture\n"
                       "---\n  w={word}; s={word_share};\n  x={rest_share}; p={psnr}; t={t};\n"
                       "do: close\ndo: goto 3\ndo: lens-6\nwait: picture\n",
                       SETTINGS);
    rig_match(&r, "F2: next page");
    rig_keys(&r, "<enter>");
    rig_match(&r, "p=[0-9.]+; 64 48");
    rig_match(&r, "autoencoder  run 1 step 8 ─"); /* all that there is room for */
    near(number_behind(&r, "p="), number_behind(&r, "PSNR "), 0.0551);
    rig_keys(&r, "<f2>");
    rig_wait(&r, "noising  t = 400 ─");
    shows(&r, "t", 400);
    shows(&r, "s", sqrt(abar[400]));
    shows(&r, "n", sqrt(1 - abar[400]));
    rig_match(&r, "c=[0-9.-]+; g=[0-9.]+;");
    near(number_behind(&r, "r="), 10 * log10(abar[400] / (1 - abar[400])), 0.051);
    near(number_behind(&r, "c="), number_behind(&r, "cosine "), 1e-9);
    near(number_behind(&r, "g="), number_behind(&r, "PSNR "), 0.0551);
    near(number_behind(&r, "of="), number_behind(&r, "strength 0.5: "), 1e-9);
    rig_keys(&r, "<f2>");
    rig_match(&r, "w=[a-z]+; s=[0-9.]+;");
    rig_wait(&r, "p=...; t=...;"); /* those views are closed */
    rig_wait(&r, "F2: the end");
    double rest = number_behind(&r, "<start> ") + number_behind(&r, "<end> ") +
                  number_behind(&r, "<padding> ");
    near(number_behind(&r, "x="), rest, 0.21); /* four that are rounded */
    rig_match(&r, "> [a-z]+ +#+ +[0-9.]+ %");
    char share[32];
    snprintf(share, sizeof share, "# +%.1f %%", number_behind(&r, "s="));
    rig_match(&r, share);
    rig_keys(&r, "1");
    rig_wait(&r, "1 current latents  step 3");
    rig_keys(&r, "O");
    rig_wait(&r, "autoencoder  run 1 step 3");
    rig_keys(&r, ":lesson 4<enter>"); /* begins with the step */
    rig_wait(&r, "lesson 4: One denoising step  page 1/");
    rig_gone(&r, "autoencoder");
    rig_leave(&r);
}

/* ---- LMS, with the timesteps of the blog ---- */

/* sigma of step i of n, from 999 to 0 evenly, between those of the training timesteps. */
static double linspace_sigma(const double abar[1000], int i, int n)
{
    double t = 999.0 * (n - 1 - i) / (n - 1);
    int low = t < 998 ? (int)t : 998;
    double a = sqrt((1 - abar[low]) / abar[low]), b = sqrt((1 - abar[low + 1]) / abar[low + 1]);
    return i == n ? 0 : a + (t - low) * (b - a);
}

/* The j-th of the polynomials of Lagrange through s[i], ..., s[i - 3], at x. */
static double basis(const double *s, int i, int j, double x)
{
    double y = 1;
    for (int k = 0; k < 4; k++)
        if (k != j)
            y *= (x - s[i - k]) / (s[i - j] - s[i - k]);
    return y;
}

/* Its integral over the step: Simpson's rule is exact for a cubic. */
static double weight(const double *s, int i, int j)
{
    double low = s[i], high = s[i + 1], middle = (low + high) / 2;
    return (high - low) / 6 *
           (basis(s, i, j, low) + 4 * basis(s, i, j, middle) + basis(s, i, j, high));
}

/* What is shown has four digits, and sigmas are float32. */
static void shows_about(rig *r, const char *label, double value)
{
    near(number_behind(r, label), value, 0.00051 * fabs(value));
}

static void test_lms(void **state)
{
    (void)state;
    enum { STEPS = 8, K = 5 };
    static double abar[1000];
    double s[STEPS + 1];
    make_abar(abar);
    for (int i = 0; i <= STEPS; i++)
        s[i] = linspace_sigma(abar, i, STEPS);
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\n"
                       "  w={weight_1}; x={weight_2}; y={weight_3};\n"
                       "  z={weight_4}; sum={weight_sum}; {order}\n"
                       "  f={sigma_first}; s={sigma}; n={sigma_next};\n"
                       "  bf={beta_first}; bl={beta_last};\n  af={abar_first};\n"
                       "do: prompt a red fox\ndo: set seed 42\ndo: set steps 8\n"
                       "do: set scheduler lms-blog\ndo: run\nwait: run\ndo: goto 5\n",
                       SETTINGS);
    rig_wait(&r, "F2: the end"); /* all is done, and this row is the last of the panel */
    rig_match(&r, "sum=[0-9.-]+; 4");
    shows_about(&r, "w=", weight(s, K, 0));
    shows_about(&r, "x=", weight(s, K, 1));
    shows_about(&r, "y=", weight(s, K, 2));
    shows_about(&r, "z=", weight(s, K, 3));
    shows_about(&r, "sum=", s[K + 1] - s[K]);
    shows_about(&r, "f=", s[0]);
    shows_about(&r, "s=", s[K]);
    shows_about(&r, "n=", s[K + 1]);
    near(number_behind(&r, "bf="), 0.00085, 5.1e-7);
    near(number_behind(&r, "bl="), 0.012, 5.1e-6);
    shows_about(&r, "af=", abar[0]);
    rig_leave(&r);
}

/* ---- a step's own, beside those that the panel and lens 5 show ---- */

static void test_step(void **state)
{
    (void)state;
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\n"
                       "  r={rms}; i={rms_input}; x={rms_x0};\n"
                       "  e={rms_noise}; h={changed}; q={cosine};\n"
                       "  k={input_scale}; a={apart}; p={push};\n"
                       "do: prompt a red fox\ndo: set seed 42\ndo: set steps 8\ndo: run\n"
                       "wait: run\ndo: goto 4\n---\n  b={push}; d={apart};\ndo: lens-5\n",
                       SETTINGS);
    rig_wait(&r, "F2: next page");
    rig_wait(&r, "rms of x0, noise");
    rig_match(&r, "a=[0-9.]+; p=[0-9.]+;");
    double rms = number_behind(&r, "rms of latents "), cosine = number_behind(&r, "q=");
    near(number_behind(&r, "r="), rms, 1e-9);
    near(number_behind(&r, "i="), rms * number_behind(&r, "k="), 0.0015 * rms); /* 3 are rounded */
    near(number_behind(&r, "x="), number_behind(&r, "rms of x0, noise "), 1e-9);
    char noise[32];
    snprintf(noise, sizeof noise, ", %.4g", number_behind(&r, "e="));
    rig_wait(&r, noise);
    near(number_behind(&r, "h="), number_behind(&r, "changed "), 1e-9);
    near(cosine, number_behind(&r, "cosine of c, u "), 0.000051);
    double degrees = 180 / acos(-1), angle = acos(cosine) * degrees;
    near(number_behind(&r, "a="), angle, 0.0051 + 0.000051 / sin(angle / degrees) * degrees);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "F2: the end");
    rig_match(&r, "b=[0-9.]+; d=[0-9.]+;");
    rig_match(&r, "push, rms +[0-9.]+: [0-9.]+ of u");
    near(number_behind(&r, "d="), number_behind(&r, "c to u "), 1e-9);
    char push[32];
    snprintf(push, sizeof push, ": %.3g of u", number_behind(&r, "b="));
    rig_wait(&r, push);
    rig_leave(&r);
}

/* ---- prompt, model, several pictures ---- */

static void test_words(void **state)
{
    (void)state;
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\n  {pieces}\n  {ids}\n"
                       "  {tokens} {cut} {room} {positions} {padding};\n"
                       "  {id_begin} {id_end} {id_pad} {vocabulary};\n"
                       "  u={unscaled}; g={next_guidance}; n={next_steps};\n"
                       "do: prompt a red fox\ndo: set steps 3\ndo: set guidance-scale 4.5\n"
                       "do: set seed 9\n---\n  {pictures} pictures, v={variation};\n"
                       "do: seeds 3\nwait: run\n---\n  {pictures} of {variation};\n"
                       "do: vary 0.25\nwait: run\n",
                       SETTINGS);
    rig_wait(&r, "a</w> red</w> fox</w>"); /* CLIP's own ids, as its vocab.json has them */
    rig_wait(&r, "320 736 3240");
    rig_wait(&r, "3 0 75 77 72;");
    rig_wait(&r, "49406 49407 49407 49408;");
    rig_wait(&r, "u=5.49; g=4.5; n=3;");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "3 pictures, v=...;");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "8 of 0.25;");
    rig_leave(&r);
}

/* A page that was turned is as it was then; what F3 said of it is not said of the next one. */
static void test_back(void **state)
{
    (void)state;
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\nIt is {next_guidance}, {{so}.\ntry: Make it 6.\n"
                       "check: next guidance-scale 6\n"
                       "---\nNow {next_guidance}.\ndo: set guidance-scale 9\n"
                       "---\nIn the end {next_guidance}.\ndo: set guidance-scale 3\n",
                       SETTINGS);
    rig_wait(&r, "It is 7.5, {so}.");
    rig_keys(&r, "<f3>");
    rig_wait(&r, "this page has nothing to show");
    rig_keys(&r, ":guidance-scale 6<enter>");
    rig_wait(&r, "It is 6, {so}.");
    rig_wait(&r, "Done.  F2: next page");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "Now 9.");
    rig_keys(&r, "<f3>");
    rig_wait(&r, "this page has nothing to show");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "In the end 3.");
    rig_gone(&r, "nothing to show");
    rig_keys(&r, "<bs>");
    rig_wait(&r, "Now 9.");
    rig_keys(&r, "<bs>");
    rig_wait(&r, "It is 6, {so}.");
    rig_wait(&r, "Done.  F2: next page");
    rig_keys(&r, "<f2><f2>");
    rig_wait(&r, "In the end 3.");
    rig_leave(&r);
}

/* A page that is shown again sets its texts again, an empty one too. */
static void test_again(void **state)
{
    (void)state;
    rig r = rig_lesson(
        &small,
        "title: Own\nabout: x\n---\nOne.\ndo: prompt a fox\ndo: default negative-prompt\n"
        "---\nTwo.\ndo: prompt a tree\ndo: avoid snow\n",
        SETTINGS);
    rig_wait(&r, "prompt> a fox");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "prompt> a tree");
    rig_wait(&r, "avoid > snow");
    rig_keys(&r, "<bs>");
    rig_wait(&r, "prompt> a fox");
    rig_gone(&r, "avoid > snow");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "avoid > snow");
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_views), cmocka_unit_test(test_lms),
        cmocka_unit_test(test_step),    cmocka_unit_test(test_words), cmocka_unit_test(test_back),
        cmocka_unit_test(test_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
