/*
 * keymap_impl.h - the inside of a key map, for keymap.c and keymap_bind.c.
 */
#pragma once

#include "tui/keymap.h"

typedef struct lt_binding {
    lt_action action;
    unsigned contexts; /* a sum */
    lt_key key;
} lt_binding;

/* In one context a key is there once at most.  Of an action's keys the first is the one to show. */
struct lt_keymap {
    lt_binding *all; /* owned */
    int count;
};
