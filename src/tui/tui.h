/*
 * tui.h - the studio: a screen that takes a prompt, makes its picture step by step, and shows every
 * step.
 */
#pragma once

#include <stdint.h>

#include "base/conf.h"
#include "gfx/graphics.h"
#include "pipeline/params.h"
#include "tensor/backend.h"
#include "tui/theme.h"

typedef struct lt_tui_options {
    const lt_backend_ops *const *backends; /* as in lt_engine_options */
    const lt_params *params;               /* what the command line gave; borrowed */
    const lt_progress *stopped;            /* cancel: a signal came that ends the program */
    lt_graphics graphics;
    int cell_width, cell_height; /* pixels; 0: ask the terminal */
    double preview_budget;       /* lt_session_budget; 1: none */
    double pace;                 /* seconds that a step is held; 0: as it comes */
    lt_theme theme;              /* MONO for NO_COLOR, where `colour` is false */
    bool run;                    /* begin at once */
    const char *lesson;          /* by its number or its path, at once; NULL: none */
    bool history;                /* keep runs, and show those that are kept */
    int64_t history_max;         /* bytes that the history may take; 0: no limit */
    bool mouse;
    bool colour; /* false: NO_COLOR */
    bool utf8;
    const char *keys;             /* file of keys (tui/keymap.h); NULL: none */
    const lt_conf_faults *faults; /* mistakes that were found in files of settings; NULL: none */
} lt_tui_options;

/* Runs until the user leaves or `stopped` is cancelled.  The terminal is given back in any case,
 * and then what waits is written: pictures that are being saved, and the history.  LT_ERR_IO if
 * there is no terminal, or no longer, or if such a picture could not be written. */
bool lt_tui_run(const lt_tui_options *options, lt_error *err) LT_WARN_UNUSED;
