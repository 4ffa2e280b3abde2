/*
 * live.h - who has the history open: a file beside it for each, locked as long as its program runs.
 *
 * A lock goes with its process, whatever ends it; so what a killed program left behind is told
 * from what another one is at.  A mark that nobody holds is removed by whoever finds it.
 */
#pragma once

#include <stdbool.h>

typedef struct lt_live {
    int fd;
    char *path;     /* owned; NULL: no mark */
    char token[20]; /* names the mark; empty: none */
} lt_live;

/* False, and no mark, where the folder cannot be written. */
bool lt_live_take(const char *history, lt_live *out);
void lt_live_give(lt_live *mark); /* {0} is fine */

/* True while the program with that mark runs; also where it cannot be told. */
bool lt_live_runs(const char *history, const char *token);
/* How many others have it open. */
int lt_live_others(const char *history, const lt_live *own);

/* The lock that whoever opens a history holds meanwhile, so that no two set it aside or make it at
 * once: a descriptor to close, or -1 where it was not to be had within 2 s. */
int lt_live_lock(const char *history);
