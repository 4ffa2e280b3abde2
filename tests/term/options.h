/*
 * options.h - a terminal's options from words, for programs that play one.
 *
 *   --size 80x24          columns and rows
 *   --cell 6x13           pixels of a cell; the profile's without
 *   --profile NAME        xterm_vt340 (the default), xterm_16, xterm_plain, foot, konsole, kitty,
 *                         mlterm, tmux_plain, tmux_sixel, silent
 *   --answers MANNER[:MS] now, delayed, trickle, twice, wrong, garbage, never
 *   --acks MANNER[:MS]    the same for DSR 5
 *   --throttle BYTES      read so many bytes a second
 *   --guard SECONDS       how long to wait for something in vain (60)
 */
#pragma once

#include "terminal.h"

/* False if name is none of these, or value is none for it. */
bool terminal_option(terminal_options *options, const char *name, const char *value);

/* "80x24"; both from 1 to 1000. */
bool terminal_read_size(const char *text, int *a, int *b);
