/* test_studio_kill.c - the studio is killed at random moments: what was on the screen is kept. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 60"
enum { STEPS = 60, KILLS = 20, FIRST = 20261130 };

static unsigned random_below(unsigned *random, unsigned n)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 8) % n;
}

/* The newest step whose picture is whole on the screen, by its pixels; -1: none of the run's.  On a
 * busy machine the terminal's answers are late and a picture is sent in squares: it is passed over.
 */
static int newest_drawn(rig *r, const frames *f, int from)
{
    int newest = -1;
    for (int n = from; n <= terminal_pictures(r->t); n++) {
        lt_image *image = rig_shrunk_if(r, n, f->at[0]->width, f->at[0]->height);
        if (!image)
            continue;
        for (int k = newest + 1; k < f->count; k++)
            if (memcmp(image->rgb, f->at[k]->rgb, lt_image_bytes(image)) == 0)
                newest = k;
        lt_image_unref(image);
    }
    return newest;
}

/* Starts a run, and kills it a while after its n-th picture; the newest step that was drawn. */
static int killed_after(rig *r, const frames *f, int n, double seconds)
{
    int status, before = terminal_pictures(r->t);
    rig_keys(r, "<enter>");
    CHECK_OK(terminal_wait_picture(r->t, before + n, err));
    terminal_run(r->t, seconds);
    kill(terminal_pid(r->t), SIGKILL);
    CHECK_OK(terminal_wait_exit(r->t, &status, err));
    assert_int_equal(status, -SIGKILL);
    return newest_drawn(r, f, before + 1);
}

static void test_kills(void **state)
{
    (void)state;
    frames f;
    terminal_options o = {.profile = TERMINAL_KITTY, .cell_width = 10, .cell_height = 20};
    const char *seed = getenv("LT_TEST_SEED");
    int recognised = 0;
    unsigned random = seed ? (unsigned)strtoul(seed, NULL, 10) : FIRST;
    print_message("LT_TEST_SEED=%u\n", random);
    rig r = rig_ready(&o, SETTINGS, "");
    rig_frames(&r, "latents", &f);
    for (int i = 0; i < KILLS; i++) {
        lt_store_run run;
        int64_t id;
        int n = 1 + (int)random_below(&random, 24);
        int drawn = killed_after(&r, &f, n, random_below(&random, 30) / 1e3);
        lt_store *s = rig_history(&r);
        CHECK_OK(lt_store_unfinished(s, &id, err));
        assert_int_equal(id, i + 1);
        CHECK_OK(lt_store_read(s, id, &run, err));
        int kept = rig_kept(s, id);
        print_message("killed after picture %d: step %d was drawn, %d are kept\n", n, drawn, kept);
        assert_true(drawn <= kept);
        recognised += drawn >= 0;
        assert_int_equal(run.done, kept);
        lt_store_run_done(&run);
        lt_store_close(s);
        rig_again(&r, &o, "");
        char *offer = lt_format("was interrupted at step %d of %d", kept, STEPS);
        rig_match(&r, "[0-9]/75");
        rig_wait(&r, offer);
        free(offer);
    }
    assert_true(recognised >= KILLS / 2);
    frames_done(&f);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
