/*
 * check.h - cmocka with its required includes, and two checks of our own.
 * A test file: static void test_x(void **state) {...}; int main(void) { ... cmocka_run_group_tests
 * }.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* A call that must succeed: prints the error if it does not. */
#define CHECK_OK(call)                                                                             \
    do {                                                                                           \
        lt_error check_err = {0};                                                                  \
        lt_error *err = &check_err;                                                                \
        if (!(call))                                                                               \
            fail_msg("%s failed: %s (%s)", #call, check_err.message, check_err.hint);              \
    } while (0)

/* A call that must fail with `code` and a message that contains `part`.  Inside the call the error
 * is named `err`. */
#define CHECK_FAILS(call, want_code, part)                                                         \
    do {                                                                                           \
        lt_error check_err = {0};                                                                  \
        lt_error *err = &check_err;                                                                \
        if (call)                                                                                  \
            fail_msg("%s succeeded", #call);                                                       \
        if (check_err.code != (want_code) || !strstr(check_err.message, part))                     \
            fail_msg("%s: code %d, message '%s'; wanted code %d and '%s'", #call,                  \
                     (int)check_err.code, check_err.message, (int)(want_code), part);              \
    } while (0)
