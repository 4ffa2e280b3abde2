/*
 * studio_options.h - the options of the studio that are no settings of a picture, by the names that
 * they have in the file of settings and, with two dashes, on the command line.
 */
#pragma once

#include "cli/command.h"
#include "tui/tui.h"

typedef struct lt_studio_option {
    const char *name, *fallback; /* fallback: what holds without it, in words */
    /* LT_ERR_ARGUMENT says what was expected. */
    bool (*set)(lt_tui_options *o, const char *name, const char *text, lt_error *err);
} lt_studio_option;

/* mouse, history and history.max-size only stand in the file; the command line has --no-mouse and
 * --no-history. */
extern const lt_studio_option lt_studio_options[];
extern const int lt_studio_option_count;

void lt_studio_options_init(lt_tui_options *o); /* what holds without any of them */

/* Those, and what the command line or, where it says nothing, the file of settings says. */
bool lt_studio_options_read(const lt_context *c, lt_tui_options *o, lt_error *err) LT_WARN_UNUSED;

/* Sets o->history_max from a number of bytes: "5G", "500M", of which the letters are powers of
 * 1024; "none" is 0, no limit.  name: for the message. */
bool lt_studio_history_max(lt_tui_options *o, const char *name, const char *text,
                           lt_error *err) LT_WARN_UNUSED;

/* Rows of the command line, for the commands that take them. */
#define LT_STUDIO_OPTIONS                                                                          \
    {"graphics", 0, "KIND", "auto", "auto, sixel, kitty, blocks, text or none", false},            \
        {"cell",                                                                                   \
         0,                                                                                        \
         "WxH",                                                                                    \
         "asked for",                                                                              \
         "pixels of a character cell, where the terminal tells them wrong",                        \
         false},                                                                                   \
        {"preview-budget",                                                                         \
         0,                                                                                        \
         "P",                                                                                      \
         "none",                                                                                   \
         "at most this share of the time, in percent, goes into decoding the pictures of steps",   \
         false},                                                                                   \
        {"pace", 0, "S", "0", "seconds that each step is held, 0 to 60", false},                   \
        {"theme", 0, "NAME", "auto", "colours of the text: auto, dark, light or mono", false},     \
        {"no-mouse", 0, NULL, NULL, "leave the mouse to the terminal", false},                     \
    {                                                                                              \
        "no-history", 0, NULL, NULL, "keep no run, and show none that were kept", false            \
    }
