/*
 * signals.h - SIGINT, SIGTERM and SIGHUP ask the work to stop; a second one ends the program.
 */
#pragma once

#include "tensor/backend.h"

/* Once, at start.  The first signal sets cancel of the shared progress; the second removes the
 * temporary files of open writers and exits with 128 + its number.  A signal that the parent chose
 * to ignore (nohup) stays ignored.  SIGPIPE is ignored: writing reports it.  SIGBUS becomes an
 * error where a file of weights shrinks (base/map.h). */
void lt_signals_install(void);

/* The progress that signals cancel; lives as long as the program. */
lt_progress *lt_signals_progress(void);

/* The signal that asked to stop, or 0. */
int lt_signals_received(void);
/* "SIGINT", ... */
const char *lt_signals_name(int number);

/* False, with LT_ERR_CANCELLED, once a signal was received. */
bool lt_signals_check(lt_error *err) LT_WARN_UNUSED;
