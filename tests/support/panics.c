/* panics.c - see panics.h. */
#define _POSIX_C_SOURCE 200809L
#include "support/panics.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

enum { SAID = 4096 };

/* Runs f in a child; its status, and what it said. */
static int run(void (*f)(void), char said[SAID])
{
    int ends[2], status;
    size_t len = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        dup2(ends[1], STDERR_FILENO);
        f();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], said + len, SAID - 1 - len)) > 0;)
        len += (size_t)n;
    said[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

void check_panics(void (*f)(void), const char *part)
{
    char said[SAID];
    int status = run(f, said);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || !strstr(said, part))
        fail_msg("status %d, said '%s'; wanted SIGABRT and '%s'", status, said, part);
}

void check_panics_memory(void (*f)(void), const char *part)
{
    char said[SAID];
    int status = run(f, said);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_FAILURE || !strstr(said, part))
        fail_msg("status %d, said '%s'; wanted exit code 1 and '%s'", status, said, part);
}
