/* wake.c - see wake.h. */
#define _GNU_SOURCE /* ppoll */
#include "tui/wake.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

enum { MOST = 4 };

static volatile sig_atomic_t resized, stopped;
static sigset_t outside; /* the mask while waiting */
static struct sigaction old_winch, old_tstp, old_cont;

static void on_winch(int number)
{
    (void)number;
    resized = 1;
}

static void on_tstp(int number)
{
    (void)number;
    stopped = 1;
}

static void install(int number, void (*handler)(int), struct sigaction *old)
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, old);
}

void lt_wake_open(void)
{
    static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
        sigaddset(&set, blocked[i]);
    install(SIGWINCH, on_winch, &old_winch);
    install(SIGCONT, on_winch, &old_cont); /* the window may have changed meanwhile */
    install(SIGTSTP, on_tstp, &old_tstp);
    sigprocmask(SIG_BLOCK, &set, &outside);
}

void lt_wake_close(void)
{
    sigaction(SIGWINCH, &old_winch, NULL);
    sigaction(SIGCONT, &old_cont, NULL);
    sigaction(SIGTSTP, &old_tstp, NULL);
    sigprocmask(SIG_SETMASK, &outside, NULL);
}

void lt_wake_wait(const int *descriptors, int count, bool writable, double seconds)
{
    struct pollfd polled[MOST];
    struct timespec time = {.tv_sec = (time_t)floor(seconds),
                            .tv_nsec = (long)((seconds - floor(seconds)) * 1e9)};
    for (int i = 0; i < count && i < MOST; i++)
        polled[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    if (writable)
        polled[0].events |= POLLOUT;
    (void)ppoll(polled, (nfds_t)count, seconds < 0 ? NULL : &time, &outside);
}

bool lt_wake_resized(void)
{
    bool was = resized;
    resized = 0;
    return was;
}

bool lt_wake_stopped(void)
{
    bool was = stopped;
    stopped = 0;
    return was;
}

double lt_wake_until(double moment, double now)
{
    return moment > now ? moment - now : 0;
}

double lt_wake_sooner(double a, double b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

void lt_wake_stop(void)
{
    sigset_t stop, before;
    install(SIGTSTP, SIG_DFL, NULL);
    raise(SIGTSTP); /* it waits until it is let through */
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigaddset(&stop, SIGCONT);
    sigaddset(&stop, SIGWINCH);
    sigprocmask(SIG_UNBLOCK, &stop, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    install(SIGTSTP, on_tstp, NULL);
    resized = 0;
}
