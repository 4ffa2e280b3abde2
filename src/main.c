/* main.c - puts the program together. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "backends.h"
#include "cli/cli.h"

/*
 * GNU's OpenMP runtime, on which oneDNN stands, reads its environment when it is loaded, before
 * main. Left alone, its threads spin for milliseconds after every parallel region, hundreds of
 * times a step: where anything else wants the cores, a picture takes ten times as long
 * (docs/SPEED.md).  So the program starts itself once more with a short spin, unless the user has
 * chosen one.
 */
static void spin_shortly(char **argv)
{
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    if (setenv("GOMP_SPINCOUNT", "1000", 1) == 0)
        execv("/proc/self/exe", argv); /* returns only if it cannot; then it is merely slower */
}

int main(int argc, char **argv)
{
    spin_shortly(argv);
    return lt_cli_main(argc, argv, lt_backends);
}
