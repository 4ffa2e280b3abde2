/*
 * input.h - from the bytes of a terminal to keys, text, pastes, the mouse and answers.
 *
 * All bytes that the terminal sends go through one lt_input_reader: what is no key, however late or
 * in whatever pieces it comes, is recognised and never becomes text.  Pure: the clock is an
 * argument, and pieces of any size give the same events.  A lone ESC is the only ambiguity: it is a
 * key if nothing follows in time (lt_input_tick).
 *
 *     lt_input_feed(in, bytes, n, now);
 *     while (lt_input_next(in, &event)) ...
 *     poll(..., lt_input_wait(in, now));
 *     lt_input_tick(in, now);  while (lt_input_next(in, &event)) ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys that are no characters; others have the code of their Unicode scalar value. */
enum {
    LT_KEY_NONE = 0x110000,
#define LT_KEY(name, text) LT_KEY_##name,
#include "gfx/keys.def"
    LT_KEY_LIMIT,
};

enum { LT_KEY_SHIFT = 1, LT_KEY_ALT = 2, LT_KEY_CTRL = 4 };

typedef enum lt_input_kind {
    LT_INPUT_KEY,   /* code, mods: a named key, or a character with Alt or Ctrl; letters with Ctrl
                       are lower case; Ctrl+J is not Enter, Ctrl+I is Tab and Ctrl+H Backspace */
    LT_INPUT_TEXT,  /* code: one Unicode scalar value >= 0x20 and not DEL; what is not UTF-8 is
                       U+FFFD */
    LT_INPUT_PASTE, /* text, length, cut: valid UTF-8, newlines are \n, no other controls */
    LT_INPUT_MOUSE, /* action, button, x, y, mods */
    LT_INPUT_FOCUS, /* focused */
    LT_INPUT_ACK,   /* CSI 0 n: all that was written before CSI 5 n was taken */
    LT_INPUT_REPLY, /* another answer, which nobody waits for any more */
} lt_input_kind;

typedef enum lt_mouse_action {
    LT_MOUSE_PRESS,
    LT_MOUSE_RELEASE,
    LT_MOUSE_DRAG, /* moved with a button, or without one: button is 0 */
    LT_MOUSE_WHEEL_UP,
    LT_MOUSE_WHEEL_DOWN,
} lt_mouse_action;

typedef struct lt_input_event {
    lt_input_kind kind;
    uint32_t code;
    unsigned mods;    /* LT_KEY_SHIFT | ... */
    const char *text; /* borrowed until the next call for this lt_input_reader; NUL-terminated */
    size_t length;
    bool cut; /* the paste was longer than LT_INPUT_PASTE_MAX */
    lt_mouse_action action;
    int button; /* 1 left, 2 middle, 3 right; 0 not known */
    int x, y;   /* cell, from 0 */
    bool focused;
} lt_input_event;

enum { LT_INPUT_PASTE_MAX = 1048576 }; /* bytes */

typedef struct lt_input_reader lt_input_reader;

/* utf8: text is UTF-8; otherwise it is in the encoding of the C library's locale. */
lt_input_reader *lt_input_new(bool utf8);
void lt_input_free(lt_input_reader *in); /* NULL is fine */

/* Answers to the handshake are still on their way: until the last one (that to DA1) or this time, a
 * lone ESC, and the rest of a key's sequence, wait half a second, as an answer may come slowly. */
void lt_input_expect(lt_input_reader *in, double until);

/* now: lt_clock(), or any clock that only goes forward, in seconds. */
void lt_input_feed(lt_input_reader *in, const void *bytes, size_t n, double now);
/* Takes the oldest event; false if there is none. */
bool lt_input_next(lt_input_reader *in, lt_input_event *event);

/* Seconds until lt_input_tick should be called, 0 if it is due; negative: nothing waits.  A lone
 * ESC waits 40 ms, the rest of a key's sequence 150 ms, the rest of what can only be an answer a
 * second. */
double lt_input_wait(const lt_input_reader *in, double now);
void lt_input_tick(lt_input_reader *in, double now);

/* "Enter", "F5", "PageUp", ... of a named key; NULL for a character. */
const char *lt_input_key_name(uint32_t code);
