/* The end of the program: what is said, and that the terminal is given back first. */
#define _POSIX_C_SOURCE 200809L
#include "base/panic.h"

#include <unistd.h>

#include "support/check.h"
#include "support/panics.h"

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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_panic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
