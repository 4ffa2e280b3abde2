/* test_studio_runs.c - the tree of runs, and those that wait for their turn. */
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8"

/* Forks and their forks stand under what they came of, with what was changed. */
static void test_tree(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "p----------q<home>...f");
    rig_wait(&r, "fork of 1 @ 3");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "<home>.....f");
    rig_wait(&r, "fork of 2 @ 5");
    rig_wait(&r, "DONE 8/8");
    rig_keys(&r, "T");
    rig_wait(&r, " 1 s7  a red fox");
    rig_wait(&r, " └ 2 @3, guidance-scale 2.5");
    rig_wait(&r, ">  └ 3 @5");
    rig_keys(&r, "<up><up>");
    rig_wait(&r, ">1 s7");
    rig_wait(&r, "run 1/3");
    rig_keys(&r, "*");
    rig_wait(&r, ">1* s7");
    rig_keys(&r, "<down><enter>");
    rig_wait(&r, "run 2/3");
    rig_wait(&r, "Step 8 of 8");
    rig_leave(&r);
}

/* A long run, in its middle. */
static rig paused(void)
{
    rig r = rig_ready(NULL, "-p a_red_fox --size 64x64 --seed 7 --steps 300", "");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN [1-9][0-9]*/300");
    rig_keys(&r, "<space>");
    rig_match(&r, "PAUSED [0-9]+/300");
    return r;
}

/* Three wait behind one that is paused; one is taken back, one goes first, and all are made. */
static void test_queue(void **state)
{
    (void)state;
    rig r = paused();
    rig_keys(&r, "p<down>");
    rig_wait(&r, "scheduler steps");
    rig_keys(&r, "<enter>4<enter>");
    rig_gone(&r, "steps: ");
    rig_keys(&r, "<c-q><c-q>");
    rig_wait(&r, "2 queued");
    rig_keys(&r, "<c-q>");
    rig_wait(&r, "3 queued");
    rig_keys(&r, "Q");
    rig_wait(&r, "4 a red fox");
    rig_keys(&r, "<down><down>");
    rig_wait(&r, ">3 a red fox");
    rig_keys(&r, "x");
    rig_wait(&r, "2 queued");
    rig_keys(&r, "K<enter>"); /* the last one begins now, in place of the one that is paused */
    rig_wait(&r, "run 2/3");
    rig_wait(&r, "DONE 4/4");
    rig_gone(&r, "queued");
    rig_keys(&r, "Q");
    rig_match(&r, "1 s7  a red fox +stopped");
    rig_match(&r, "2 s7  a red fox +done");
    rig_match(&r, "3 s7  a red fox +done");
    rig_leave(&r);
}

/* Ctrl-C stops all: what waits begins only when it is told to. */
static void test_stopped(void **state)
{
    (void)state;
    rig r = paused();
    rig_keys(&r, "<c-q>");
    rig_wait(&r, "1 queued");
    rig_keys(&r, "<c-c>");
    rig_wait(&r, "STOPPED");
    rig_wait(&r, "1 queued");
    rig_keys(&r, "q");
    rig_wait(&r, "leave? y or n"); /* what waits would be lost */
    rig_keys(&r, "n");
    rig_keys(&r, "Q<down><enter>");
    rig_wait(&r, "DONE 300/300");
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tree), cmocka_unit_test(test_queue),
                                       cmocka_unit_test(test_stopped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
