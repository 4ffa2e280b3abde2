/* test_studio_slow.c - terminals that are slow or never acknowledge: fewer and coarser frames, a
 * whole one at the end; and no work at all where there is nothing to do. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --seed 7 --steps 12"
enum { SIDE = 128, STEPS = 12, THROTTLE = 125000 };

/* Whether a picture is made of squares: the same in every second pixel. */
static bool is_coarse(const lt_image *image)
{
    int same = 0, all = 0;
    for (int y = 0; y + 1 < image->height; y += 2)
        for (int x = 0; x + 1 < image->width; x += 2, all++) {
            size_t row = 3 * (size_t)image->width, at = (size_t)y * row + 3 * (size_t)x;
            const unsigned char *p = image->rgb + at;
            same += memcmp(p, p + 3, 3) == 0 && memcmp(p, p + row, 3) == 0;
        }
    return same > all * 9 / 10;
}

static bool last_is_whole(terminal *t, void *unused)
{
    (void)unused;
    const lt_image *image = terminal_picture_image(t, terminal_pictures(t));
    return image && !is_coarse(image);
}

static void wait_whole(rig *r, const frames *f)
{
    rig_wait_step(r, f, STEPS);
    CHECK_OK(terminal_wait(r->t, last_is_whole, NULL, "a whole picture", err));
    rig_wait_step(r, f, STEPS);
}

/* How many pictures are coarse; each is one of the steps, in order. */
static int check_order(rig *r)
{
    int coarse = 0;
    for (int k = 1; k <= terminal_pictures(r->t); k++) {
        const lt_image *image = terminal_picture_image(r->t, k);
        assert_non_null(image);
        coarse += is_coarse(image);
    }
    return coarse;
}

/* The cell shows the demo model's picture pixel by pixel, so that coarse frames can be told. */
static terminal_options one_to_one(void)
{
    return (terminal_options){.columns = 80, .rows = 24, .cell_width = 6, .cell_height = 13};
}

static void test_throttled(void **state)
{
    (void)state;
    frames f;
    terminal_options o = one_to_one();
    rig r = rig_ready(&o, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    terminal_throttle(r.t, THROTTLE);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 12/12");
    wait_whole(&r, &f);
    int sent = terminal_pictures(r.t), coarse = check_order(&r);
    print_message("%d sent, %d coarse, %d skipped\n", sent, coarse, rig_skipped(&r));
    assert_true(coarse > 0 || rig_skipped(&r) > 0);
    rig_sound(&r);
    frames_done(&f);
    rig_leave(&r);
}

/* Keys do not wait behind a row of pictures. */
static void test_keys_while_throttled(void **state)
{
    (void)state;
    terminal_options o = one_to_one();
    rig r = rig_ready(&o, "-p a_red_fox --seed 7 --steps 900", "");
    terminal_throttle(r.t, THROTTLE);
    rig_keys(&r, "<enter>");
    CHECK_OK(terminal_wait_picture(r.t, 3, err));
    int before = terminal_pictures(r.t);
    rig_keys(&r, "<space>");
    rig_match(&r, "PAUSED [0-9]+/900");
    assert_true(terminal_pictures(r.t) - before <= 4); /* on its way, and what may wait */
    assert_true(rig_skipped(&r) > 0 || terminal_pictures(r.t) > 0);
    rig_sound(&r);
    rig_leave(&r);
}

/* Small pictures, made much faster than they are acknowledged. */
static void test_late_acks(void **state)
{
    (void)state;
    frames f;
    terminal_options o = {.cell_width = 10, .cell_height = 20, .acks = {TERMINAL_DELAYED, 900}};
    rig r = rig_ready(&o, "-p a_red_fox --seed 7 --size 32x32 --steps 16", "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 16/16");
    rig_wait_step(&r, &f, 16);
    rig_wait(&r, "pictures skipped");
    assert_true(terminal_pictures(r.t) + rig_skipped(&r) >= 17);
    assert_true(terminal_pictures(r.t) < 17);
    rig_sound(&r);
    frames_done(&f);
    rig_leave(&r);
}

/* Without any acknowledgement: it goes on after a second, then by itself. */
static void test_no_acks(void **state)
{
    (void)state;
    frames f;
    terminal_options o = one_to_one();
    o.acks = (terminal_timing){TERMINAL_NEVER, 0};
    rig r = rig_ready(&o, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 12/12");
    wait_whole(&r, &f);
    rig_keys(&r, ",");
    rig_wait_step(&r, &f, STEPS - 1);
    rig_keys(&r, "<home>");
    rig_wait_step(&r, &f, 0);
    rig_sound(&r);
    frames_done(&f);
    rig_leave(&r);
}

/* Acknowledgements that nobody asked for are no keys and hurry nothing. */
static void test_odd_acks(void **state)
{
    (void)state;
    static const terminal_timing acks[] = {
        {TERMINAL_TWICE, 5}, {TERMINAL_WRONG, 0}, {TERMINAL_TRICKLE, 20}};
    frames f;
    for (size_t i = 0; i < sizeof acks / sizeof *acks; i++) {
        terminal_options o = one_to_one();
        o.acks = acks[i];
        rig r = rig_ready(&o, SETTINGS, "");
        rig_frames(&r, "latents", &f);
        rig_keys(&r, "<enter>");
        rig_wait(&r, "DONE 12/12");
        wait_whole(&r, &f);
        rig_match(&r, "^ prompt> a red fox +3/75$");
        rig_sound(&r);
        frames_done(&f);
        rig_leave(&r);
    }
}

/* ---- at rest ---- */

typedef struct use {
    long switches, ticks; /* of the main thread */
} use;

static long number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    assert_non_null(at);
    return strtol(at + strlen(name), NULL, 10);
}

static void read_proc(int pid, const char *what, lt_buf *out)
{
    char *path = lt_format("/proc/%d/task/%d/%s", pid, pid, what);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char part[512];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        lt_buf_add(out, part, n);
    fclose(f);
    free(path);
}

static use use_of(int pid)
{
    use u;
    lt_buf status = {0}, stat = {0};
    read_proc(pid, "status", &status);
    read_proc(pid, "stat", &stat);
    u.switches = number_after(status.data, "\nvoluntary_ctxt_switches:");
    char *at = strrchr(stat.data, ')');
    for (int field = 2; field < 14; field++) /* utime is the 14th, behind the name */
        at = strchr(at + 1, ' ');
    u.ticks = strtol(at, &at, 10);
    u.ticks += strtol(at, NULL, 10);
    lt_buf_done(&status);
    lt_buf_done(&stat);
    return u;
}

static void check_at_rest(rig *r)
{
    CHECK_OK(terminal_wait_quiet(r->t, 3000, err)); /* notes go, a whole frame may follow */
    int pid = terminal_pid(r->t);
    size_t written = terminal_written(r->t);
    use before = use_of(pid);
    terminal_run(r->t, 2);
    use after = use_of(pid);
    assert_int_equal(terminal_written(r->t), written);
    assert_int_equal(after.switches, before.switches);
    assert_int_equal(after.ticks, before.ticks);
}

static void test_at_rest(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "");
    check_at_rest(&r); /* with the cursor in the prompt */
    rig_keys(&r, "<enter>");
    rig_wait(&r, "DONE 12/12");
    check_at_rest(&r);
    rig_keys(&r, "<c-l>[[<space>"); /* a replay */
    rig_wait(&r, "latents  step 3 ");
    rig_keys(&r, "<space>");
    check_at_rest(&r);
    rig_leave(&r);
}

static void test_at_rest_paused(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --steps 900", "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/900");
    rig_keys(&r, "<space>");
    rig_match(&r, "PAUSED [0-9]+/900");
    check_at_rest(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throttled),      cmocka_unit_test(test_keys_while_throttled),
        cmocka_unit_test(test_late_acks),      cmocka_unit_test(test_no_acks),
        cmocka_unit_test(test_odd_acks),       cmocka_unit_test(test_at_rest),
        cmocka_unit_test(test_at_rest_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
