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
    rig_match(&r, "Enter: next page");
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
    rig_wait(&r, "Enter: the end");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
