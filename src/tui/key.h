/*
 * key.h - a key as plain data, and its name as text: "q", "N", "Space", "Ctrl+A", "Alt+Enter",
 * "Shift+Tab", "F1".
 *
 * The numbers are those of the events of gfx/input.h: `code` is a Unicode scalar value or, from
 * 0x110001 on, a named key; `mods` is 1 Shift + 2 Alt + 4 Ctrl.  A character that was typed has its
 * own code and no Shift ("N", "?"); letters with Ctrl are lower case.  Ctrl+J is not Enter; Ctrl+I,
 * Ctrl+H and Ctrl+M cannot be told from Tab, Backspace and Enter, so they have no name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct lt_key {
    uint32_t code;
    unsigned mods;
} lt_key;

/* False if the text names no key.  Case counts for a lone letter only: "ctrl+a", "ENTER" and
 * "escape" are understood, "Alt+B" is the key b with Alt, "Alt+Shift+B" the key B. */
bool lt_key_parse(const char *text, lt_key *out);

/* The same for a key of the user's choice: LT_ERR_ARGUMENT also for one that does not arrive, or
 * arrives as another, or starts what a terminal answers; the message says which. */
bool lt_key_sent(const char *text, lt_key *out, lt_error *err) LT_WARN_UNUSED;

enum { LT_KEY_TEXT = 40 };
/* The name that lt_key_parse understands; "?" for what is no key.  Returns its length. */
size_t lt_key_name(lt_key key, char to[LT_KEY_TEXT]);

bool lt_key_equal(lt_key a, lt_key b);
