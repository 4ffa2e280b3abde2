/* signals.c - see signals.h.  A handler can reach nothing but globals: the only ones of the cli. */
#define _POSIX_C_SOURCE 200809L
#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "gfx/tty.h"

static lt_progress shared;
static atomic_int received;

static void handle(int number)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&received, &none, number)) {
        lt_writer_abandon_all();
        lt_tty_restore();
        _exit(128 + number);
    }
    atomic_store(&shared.cancel, true);
}

void lt_signals_install(void)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    /* writing goes on over a signal; what waits for input uses poll, which does not */
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART}, old;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (sigaction(stops[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(stops[i], &action, NULL);
    lt_map_guard();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error of write, not the end */
}

lt_progress *lt_signals_progress(void)
{
    return &shared;
}

int lt_signals_received(void)
{
    return atomic_load(&received);
}

const char *lt_signals_name(int number)
{
    return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

bool lt_signals_check(lt_error *err)
{
    int number = lt_signals_received();
    return !number ||
           lt_fail(err, LT_ERR_CANCELLED, NULL, "stopped by %s", lt_signals_name(number));
}
