/* The end of the program: what is said, and that the terminal is given back first. */
#define _POSIX_C_SOURCE 200809L
#include "base/panic.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "support/check.h"
#include "support/panics.h"
#include "support/temp.h"

static void panic(void)
{
    lt_panic("%d of %s", 3, "something");
}

static void give_back(void)
{
    if (write(STDERR_FILENO, "<restored>", 10) != 10)
        _exit(1);
}

static void panic_with_screen(void)
{
    lt_panic_set_restore(give_back);
    panic();
}

static void panic_again(void)
{
    lt_panic("inside restore");
}

static void panic_in_restore(void)
{
    lt_panic_set_restore(panic_again);
    panic();
}

static void panic_after_screen(void)
{
    lt_panic_set_restore(panic_again);
    lt_panic_set_restore(NULL);
    panic();
}

static void assert_wrongly(void)
{
    int one = 1;
    LT_ASSERT(one == 1);
    LT_ASSERT(one == 2);
}

static void no_memory(void)
{
    lt_panic_memory("a thing", 42);
}

static void no_memory_with_screen(void)
{
    lt_panic_set_restore(give_back);
    lt_panic_memory("a thing", 0);
}

static char *half_written; /* in the child: a file that was open at the end */

static void panic_while_writing(void)
{
    lt_writer w = {0};
    lt_error err = {0};
    if (lt_writer_open(&w, half_written, &err))
        panic();
}

static void no_memory_while_writing(void)
{
    lt_writer w = {0};
    lt_error err = {0};
    if (lt_writer_open(&w, half_written, &err))
        no_memory();
}

static void test_memory(void **state)
{
    (void)state;
    check_panics_memory(no_memory, "latentty: out of memory: a thing of 42 bytes\nhint: ");
    check_panics_memory(no_memory_with_screen,
                        "<restored>latentty: out of memory: a thing\nhint: ");
}

static void test_temporary_files(void **state)
{
    (void)state;
    char *dir = temp_dir();
    half_written = lt_path_join(dir, "out");
    check_panics(panic_while_writing, "3 of something");
    check_panics_memory(no_memory_while_writing, "a thing");
    assert_int_equal(rmdir(dir), 0); /* it is empty */
    free(half_written);
    free(dir);
}

static void test_panic(void **state)
{
    (void)state;
    check_panics(panic, "latentty: bug: 3 of something\n");
    check_panics(panic_with_screen, "<restored>latentty: bug: 3 of something\n");
    check_panics(panic_in_restore, "latentty: bug: inside restore\n");
    check_panics(panic_after_screen, "latentty: bug: 3 of something\n");
    check_panics(assert_wrongly, "assertion failed: one == 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_panic),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_temporary_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
