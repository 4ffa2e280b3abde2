/* modes.c - modes that a program sets, and whether it put them back; see terminal.h. */
#include <string.h>

#include "base/text.h"
#include "terminal_parts.h"

enum { MODE_CURSOR_KEYS = 1, MODE_CURSOR = 25, MODE_ALTERNATE = 1049, MODE_SYNC = 2026 };

void modes_init(terminal *t)
{
    static const int numbers[] = {1,    7,    25,   47,   1000, 1002, 1003,
                                  1004, 1006, 1047, 1049, 2004, 2026};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        bool first = numbers[i] == MODE_CURSOR || numbers[i] == 7;
        t->modes[t->mode_count++] = (mode_state){.number = numbers[i], .first = first, .on = first};
    }
    t->cursor_visible = true;
}

static mode_state *find(const terminal *t, int number)
{
    for (int i = 0; i < t->mode_count; i++)
        if (t->modes[i].number == number)
            return (mode_state *)&t->modes[i];
    return NULL;
}

bool terminal_mode(const terminal *t, int number)
{
    const mode_state *mode = find(t, number);
    return mode && mode->on;
}

bool terminal_application_keypad(const terminal *t)
{
    return t->keypad;
}

static void change(terminal *t, int number, bool on)
{
    mode_state *mode = find(t, number);
    if (!mode)
        return;
    mode->repeated += mode->on && on; /* a reset too many does no harm: handlers of crashes do it */
    if (number == MODE_CURSOR) {
        t->cursor_visible = on;
        t->changes++;
    }
    if (number == MODE_ALTERNATE && mode->on != on) {
        pictures_drop_all(t); /* they belong to the screen that goes */
        t->left = !on;
        lt_buf_clear(&t->after);
    }
    mode->on = on;
}

/* What may follow the last leave of the alternate screen: text, colours, and what puts back. */
static bool harmless(const scan_piece *piece)
{
    switch (piece->kind) {
    case SCAN_TEXT:
        return true;
    case SCAN_CONTROL:
        return strchr("\r\n\t\b\a\017", *piece->bytes) != NULL;
    case SCAN_ESCAPE:
        return strchr(">\\8B", piece->final) != NULL; /* numeric keypad, ST, DECRC, a charset */
    case SCAN_CSI:
        if (piece->final == 'm' || piece->final == 'l')
            return true;
        if (piece->final == 'h' && piece->leader == '?')
            return scan_parameter(piece, 0, 0) == MODE_CURSOR || scan_parameter(piece, 0, 0) == 7;
        return (piece->final == 't' && scan_parameter(piece, 0, 0) == 23) || /* the title back */
               (piece->final == 'q' && piece->middle == ' ');                /* cursor's shape */
    default:
        return false;
    }
}

void modes_take(terminal *t, const scan_piece *piece)
{
    if (piece->kind == SCAN_ESCAPE && piece->len == 2 && strchr("=>", piece->final))
        t->keypad = piece->final == '=';
    if (piece->kind == SCAN_CSI && piece->leader == '?' && !piece->middle &&
        strchr("hl", piece->final))
        for (int i = 0; i < piece->count; i++)
            change(t, piece->parameters[i], piece->final == 'h');
    if (t->left && t->after.len == 0 && !harmless(piece))
        lt_buf_escape(&t->after, piece->bytes, piece->len < 64 ? piece->len : 64);
}

bool terminal_modes_balanced(const terminal *t, lt_error *err)
{
    for (int i = 0; i < t->mode_count; i++) {
        const mode_state *mode = &t->modes[i];
        if (mode->on != mode->first)
            return lt_fail(err, LT_ERR_FORMAT, NULL, "mode %d is %s at the end", mode->number,
                           mode->on ? "set" : "reset");
    }
    if (find(t, MODE_SYNC)->repeated)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "mode 2026 was set twice in a row");
    if (t->keypad)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the keypad is not numeric at the end");
    return true;
}

bool terminal_line_restored(const terminal *t, lt_error *err)
{
    return pty_line_restored(&t->pty, err);
}

bool terminal_left_clean(const terminal *t, lt_error *err)
{
    return t->after.len == 0 ||
           lt_fail(err, LT_ERR_FORMAT, NULL, "after the alternate screen: %s", t->after.data);
}
