/*
 * theme.h - the colours of the text, by name.  Pure.
 */
#pragma once

#include <stdbool.h>

typedef enum lt_theme {
    LT_THEME_AUTO,  /* colours that can be read on black and on white */
    LT_THEME_DARK,  /* bright ones, for a dark background */
    LT_THEME_LIGHT, /* dark ones, for a light background */
    LT_THEME_MONO,  /* bold, dim, underlined and reversed alone */
    LT_THEME_COUNT,
} lt_theme;

const char *lt_theme_name(lt_theme theme);           /* "auto", "dark", ... */
bool lt_theme_find(const char *name, lt_theme *out); /* false: no such name */
