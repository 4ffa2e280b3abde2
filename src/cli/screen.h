/* screen.h - what is known about the terminal behind a descriptor, from the system and environment.
 */
#pragma once

#include <stdbool.h>

/* Columns for text: of the terminal, else $COLUMNS, else 80; within LT_HELP_LEAST..LT_HELP_MOST. */
int lt_screen_columns(int fd);
/* The same without limits, for a line that must not wrap. */
int lt_screen_width(int fd);
/* True if a line there can be drawn again in place: a terminal that is not dumb. */
bool lt_screen_live(int fd);
/* True if the environment says that text is UTF-8. */
bool lt_screen_utf8(void);
