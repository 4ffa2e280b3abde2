/* input.c - see input.h. */
#include "gfx/input.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "gfx/scan.h"

enum { REPLACEMENT = 0xFFFD, SPACE = 0x20, DEL = 0x7F };

/* Seconds without another byte after which what is held is all there is. */
static const double patience[] = {
    [LT_HOPE_KEY] = 0.040, [LT_HOPE_REST] = 0.150, [LT_HOPE_ANSWER] = 1.0};
static const double patience_paste = 2.0;  /* its end was lost */
static const double patience_expect = 0.5; /* while answers are expected */

typedef enum paste_state { NO_PASTE, PASTE, PASTE_NUMBER } paste_state; /* NUMBER: ESC came */

struct lt_input_reader {
    bool utf8;
    lt_scan scan;
    double last;     /* when a byte came */
    double expected; /* until when answers may come */
    /* a character that is not complete */
    unsigned char bytes[4];
    size_t have, need;
    mbstate_t multibyte;
    bool multibyte_open;
    unsigned mods; /* of the character: Alt */
    /* a paste */
    paste_state paste;
    lt_buf pasted;
    bool cut;
    char number[8]; /* of a sequence inside it */
    size_t number_len;
    /* what waits to be taken; texts of pastes are owned */
    lt_input_event *events;
    size_t first, count, room;
    char *lent; /* the text of the event that was taken last */
};

lt_input_reader *lt_input_new(bool utf8)
{
    lt_input_reader *in = lt_alloc(sizeof *in);
    in->utf8 = utf8;
    return in;
}

void lt_input_free(lt_input_reader *in)
{
    if (!in)
        return;
    for (size_t i = in->first; i < in->count; i++)
        free((char *)(uintptr_t)in->events[i].text);
    free(in->events);
    free(in->lent);
    lt_buf_done(&in->pasted);
    free(in);
}

void lt_input_expect(lt_input_reader *in, double until)
{
    in->expected = until;
}

static lt_input_event *add(lt_input_reader *in, lt_input_kind kind)
{
    if (in->count == in->room) {
        in->room = in->room ? in->room * 2 : 64;
        in->events = lt_grow(in->events, in->room, sizeof *in->events);
    }
    lt_input_event *e = &in->events[in->count++];
    *e = (lt_input_event){.kind = kind};
    return e;
}

bool lt_input_next(lt_input_reader *in, lt_input_event *event)
{
    free(in->lent);
    in->lent = NULL;
    if (in->first == in->count) {
        in->first = in->count = 0;
        return false;
    }
    *event = in->events[in->first++];
    in->lent = (char *)(uintptr_t)event->text;
    return true;
}

/* ---- characters ---- */

static void key(lt_input_reader *in, uint32_t code, unsigned mods)
{
    lt_input_event *e = add(in, LT_INPUT_KEY);
    e->code = code;
    e->mods = mods;
}

static void character(lt_input_reader *in, uint32_t code)
{
    if (in->mods)
        key(in, code, in->mods);
    else
        add(in, LT_INPUT_TEXT)->code = code;
    in->mods = 0;
}

/* Bytes 0..31 and 127; mods: Alt if ESC came before. */
static void control(lt_input_reader *in, unsigned char byte, unsigned mods)
{
    if (byte == '\r')
        key(in, LT_KEY_ENTER, mods);
    else if (byte == '\t')
        key(in, LT_KEY_TAB, mods);
    else if (byte == '\b' || byte == DEL)
        key(in, LT_KEY_BACKSPACE, mods);
    else if (byte == 0x1B)
        key(in, LT_KEY_ESCAPE, mods);
    else if (byte == 0)
        key(in, ' ', mods | LT_KEY_CTRL);
    else /* 1: a, 28: backslash */
        key(in, byte <= 26 ? byte + 'a' - 1u : byte + 0x40u, mods | LT_KEY_CTRL);
}

/* How many bytes a character has that starts with this one; 0: none does. */
static size_t length_of(unsigned char byte)
{
    return byte < 0x80   ? 1
           : byte < 0xC2 ? 0
           : byte < 0xE0 ? 2
           : byte < 0xF0 ? 3
           : byte < 0xF5 ? 4
                         : 0;
}

/* The second byte shuts out overlong forms, surrogates and what lies above U+10FFFF. */
static bool may_follow(const unsigned char *bytes, size_t have, unsigned char byte)
{
    unsigned char low = 0x80, high = 0xBF;
    if (have == 1) {
        low = bytes[0] == 0xE0 ? 0xA0 : bytes[0] == 0xF0 ? 0x90 : low;
        high = bytes[0] == 0xED ? 0x9F : bytes[0] == 0xF4 ? 0x8F : high;
    }
    return byte >= low && byte <= high;
}

static void drop_partial(lt_input_reader *in)
{
    if (in->have || in->multibyte_open)
        character(in, REPLACEMENT);
    in->have = 0;
    in->multibyte_open = false;
    memset(&in->multibyte, 0, sizeof in->multibyte);
}

static void utf8_byte(lt_input_reader *in, unsigned char byte)
{
    if (in->have && !may_follow(in->bytes, in->have, byte))
        drop_partial(in);
    if (in->have == 0) {
        in->need = length_of(byte);
        if (in->need == 0) {
            character(in, REPLACEMENT);
            return;
        }
    }
    in->bytes[in->have++] = byte;
    if (in->have < in->need)
        return;
    int32_t point;
    lt_text_next((const char *)in->bytes, in->have, &point);
    in->have = 0;
    character(in, point >= DEL && point < 0xA0 ? REPLACEMENT : (uint32_t)point);
}

static void locale_byte(lt_input_reader *in, unsigned char byte)
{
    wchar_t wide = 0;
    char c = (char)byte;
    size_t n = mbrtowc(&wide, &c, 1, &in->multibyte);
    in->multibyte_open = n == (size_t)-2;
    if (n == (size_t)-1) {
        in->multibyte_open = true;
        drop_partial(in);
    } else if (n != (size_t)-2) {
        bool text = wide >= SPACE && !(wide >= DEL && wide < 0xA0) && wide < LT_KEY_NONE;
        character(in, text ? (uint32_t)wide : REPLACEMENT);
    }
}

static void text_byte(lt_input_reader *in, unsigned char byte)
{
    if (byte < SPACE || byte == DEL) {
        drop_partial(in);
        control(in, byte, in->mods);
        in->mods = 0;
    } else if (in->utf8) {
        utf8_byte(in, byte);
    } else {
        locale_byte(in, byte);
    }
}

/* ---- sequences ---- */

/* xterm's parameter: 1 + shift 1, alt 2, ctrl 4, meta 8 (kitty: super 8, meta 32). */
static unsigned modifiers(int parameter)
{
    unsigned bits = parameter > 1 ? (unsigned)parameter - 1 : 0, mods = 0;
    mods |= bits & 1 ? LT_KEY_SHIFT : 0;
    mods |= bits & (2 | 8 | 32) ? LT_KEY_ALT : 0;
    mods |= bits & 4 ? LT_KEY_CTRL : 0;
    return mods;
}

typedef struct named {
    int from;
    uint32_t code;
    unsigned mods;
} named;

static const named by_final[] = {
#define LT_CSI(final, name, mods) {final, LT_KEY_##name, mods},
#include "gfx/keys.def"
};
static const named by_number[] = {
#define LT_TILDE(number, name) {number, LT_KEY_##name, 0},
#include "gfx/keys.def"
};
static const named by_ss3[] = {
#define LT_SS3(final, name, mods) {final, LT_KEY_##name, mods},
#include "gfx/keys.def"
};
static const named by_linux[] = {
#define LT_LINUX(final, name) {final, LT_KEY_##name, 0},
#include "gfx/keys.def"
};
#define FIND(table, from) find(table, sizeof table / sizeof *table, from)

static const named *find(const named *table, size_t count, int from)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].from == from)
            return &table[i];
    return NULL;
}

/* A key by the code of its character, as CSI u and xterm's modifyOtherKeys say it. */
static void coded(lt_input_reader *in, int code, int shifted, unsigned mods)
{
    static const struct {
        int code;
        uint32_t key;
    } names[] = {{13, LT_KEY_ENTER},      {9, LT_KEY_TAB},         {8, LT_KEY_BACKSPACE},
                 {127, LT_KEY_BACKSPACE}, {27, LT_KEY_ESCAPE},     {57414, LT_KEY_ENTER},
                 {57417, LT_KEY_LEFT},    {57418, LT_KEY_RIGHT},   {57419, LT_KEY_UP},
                 {57420, LT_KEY_DOWN},    {57421, LT_KEY_PAGE_UP}, {57422, LT_KEY_PAGE_DOWN},
                 {57423, LT_KEY_HOME},    {57424, LT_KEY_END},     {57425, LT_KEY_INSERT},
                 {57426, LT_KEY_DELETE}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code) {
            key(in, names[i].key, mods);
            return;
        }
    bool letter = code >= 'a' && code <= 'z', capital = code >= 'A' && code <= 'Z';
    bool scalar = code >= SPACE && !(code >= DEL && code < 0xA0) && code < LT_KEY_NONE &&
                  !(code >= 0xD800 && code < 0xF900); /* surrogates, and kitty's other keys */
    if (!scalar)
        return;
    if (mods & (LT_KEY_ALT | LT_KEY_CTRL)) {
        key(in, (uint32_t)(capital && mods & LT_KEY_CTRL ? code + 32 : code), mods);
    } else {
        if (mods & LT_KEY_SHIFT)
            code = shifted >= SPACE && shifted < 0xD800 ? shifted : letter ? code - 32 : code;
        character(in, (uint32_t)code);
    }
}

/* SGR: 1 left, 2 middle, 3 right; 32 is motion, 64 the wheel. */
static void mouse(lt_input_reader *in, int bits, int x, int y, bool release)
{
    bool sideways = (bits & 66) == 66;
    if (bits < 0 || x < 1 || y < 1 || sideways || (bits & 64 && release))
        return;
    lt_input_event *e = add(in, LT_INPUT_MOUSE);
    e->x = x - 1;
    e->y = y - 1;
    e->mods = (bits & 4 ? LT_KEY_SHIFT : 0u) | (bits & 8 ? LT_KEY_ALT : 0u) |
              (bits & 16 ? LT_KEY_CTRL : 0u);
    e->button = (bits & 3) == 3 ? 0 : (bits & 3) + 1;
    if (bits & 64) {
        e->button = 0;
        e->action = bits & 1 ? LT_MOUSE_WHEEL_DOWN : LT_MOUSE_WHEEL_UP;
    } else if (bits & 32) {
        e->action = LT_MOUSE_DRAG;
    } else {
        e->action = release || e->button == 0 ? LT_MOUSE_RELEASE : LT_MOUSE_PRESS;
    }
}

static void tilde(lt_input_reader *in, const lt_csi *c, unsigned mods)
{
    const named *n = FIND(by_number, c->number[0]);
    if (c->final == '^' || c->final == '@')
        mods |= LT_KEY_CTRL;
    if (c->final == '$' || c->final == '@')
        mods |= LT_KEY_SHIFT;
    if (c->number[0] == 200)
        in->paste = PASTE;
    else if (c->number[0] == 27 && c->count == 3) /* modifyOtherKeys */
        coded(in, c->number[2], -1, modifiers(c->number[1]));
    else if (n)
        key(in, n->code, mods);
}

/* What the terminal says by itself: the ESC before it is the key. */
static bool without_alt(const lt_csi *c)
{
    bool focus = c->count == 0 && (c->final == 'I' || c->final == 'O');
    bool paste = c->final == '~' && c->number[0] == 200;
    return c->prefix || focus || paste || lt_csi_is_answer(c);
}

static void csi(lt_input_reader *in, const lt_csi *c)
{
    unsigned alt = in->scan.alt ? LT_KEY_ALT : 0, mods = modifiers(c->number[1]) | alt;
    const named *n = FIND(by_final, c->final);
    if (c->sub[1] == 3) /* kitty: the key was let go */
        return;
    if (c->prefix == '<' && (c->final == 'M' || c->final == 'm'))
        mouse(in, c->number[0], c->number[1], c->number[2], c->final == 'm');
    else if (c->prefix)
        return;
    else if (c->count == 0 && (c->final == 'I' || c->final == 'O'))
        add(in, LT_INPUT_FOCUS)->focused = c->final == 'I';
    else if (memchr("~^$@", c->final, 4))
        tilde(in, c, mods);
    else if (c->final == 'u')
        coded(in, c->number[0], c->sub[0], mods);
    else if (n)
        key(in, n->code, n->mods | mods);
}

static void answer(lt_input_reader *in, const lt_csi *c)
{
    if (c && c->prefix == '?' && c->final == 'c')
        in->expected = 0;
    bool ack = c && !c->prefix && !c->mid && c->final == 'n' && c->count == 1 && c->number[0] == 0;
    add(in, ack ? LT_INPUT_ACK : LT_INPUT_REPLY);
}

/* The keypad in application mode: SS3 j to y are * to 9, X is =. */
static void ss3(lt_input_reader *in)
{
    lt_csi c;
    if (!lt_csi_read(&in->scan, &c))
        return;
    int parameter = c.count > 1 ? c.number[1] : c.number[0];
    unsigned mods = modifiers(parameter) | (in->scan.alt ? LT_KEY_ALT : 0);
    const named *n = FIND(by_ss3, c.final);
    if (n) {
        key(in, n->code, n->mods | mods);
    } else if ((c.final >= 'j' && c.final <= 'y') || c.final == 'X') {
        in->mods = mods;
        character(in, c.final == 'X' ? '=' : (uint32_t)(c.final - 0x40));
    }
}

/* Bytes that looked like the beginning of a sequence: what a person can have typed is kept. */
static void broken(lt_input_reader *in)
{
    const lt_scan *s = &in->scan;
    if (s->total == 1) {
        key(in, LT_KEY_ESCAPE, 0);
    } else if (s->total == 2 && s->held[1] == 0x1B) {
        key(in, LT_KEY_ESCAPE, 0);
        key(in, LT_KEY_ESCAPE, 0);
    } else if (s->total == 2) {
        if (s->alt)
            key(in, LT_KEY_ESCAPE, 0);
        key(in, s->held[1], LT_KEY_ALT);
    }
}

static void sequence(lt_input_reader *in, lt_scan_kind kind)
{
    const lt_scan *s = &in->scan;
    const named *n;
    lt_csi c;
    if (kind != LT_SCAN_MORE && kind != LT_SCAN_BYTE)
        drop_partial(in);
    switch (kind) {
    case LT_SCAN_MORE:
        break;
    case LT_SCAN_BYTE:
        text_byte(in, s->held[0]);
        break;
    case LT_SCAN_ESC:
        in->mods = LT_KEY_ALT;
        text_byte(in, s->held[1]);
        break;
    case LT_SCAN_SS3:
        ss3(in);
        break;
    case LT_SCAN_CSI:
        if (!lt_csi_read(s, &c))
            break;
        if (s->alt && without_alt(&c))
            key(in, LT_KEY_ESCAPE, 0);
        if (lt_csi_is_answer(&c))
            answer(in, &c);
        else
            csi(in, &c);
        break;
    case LT_SCAN_LINUX:
        n = FIND(by_linux, s->held[3]);
        if (n)
            key(in, n->code, s->alt ? LT_KEY_ALT : 0);
        break;
    case LT_SCAN_MOUSE:
        if (s->alt)
            key(in, LT_KEY_ESCAPE, 0);
        mouse(in, s->held[3] - 32, s->held[4] - 32, s->held[5] - 32, false);
        break;
    case LT_SCAN_STRING:
        answer(in, NULL);
        break;
    case LT_SCAN_BROKEN:
        broken(in);
        break;
    }
}

/* ---- pastes ---- */

static void paste_keep(lt_input_reader *in, unsigned char byte)
{
    if (in->pasted.len < LT_INPUT_PASTE_MAX)
        lt_buf_char(&in->pasted, (char)byte);
    else
        in->cut = true;
}

static void add_point(lt_buf *out, uint32_t point)
{
    char b[4];
    lt_buf_add(out, b, lt_text_put(b, point));
}

/* One character of what was pasted into *point; the bytes that it took. */
static size_t paste_next(lt_input_reader *in, const char *s, size_t n, uint32_t *point)
{
    if (in->utf8) {
        int32_t p;
        size_t used = lt_text_next(s, n, &p);
        *point = p < 0 ? REPLACEMENT : (uint32_t)p;
        return used;
    }
    wchar_t wide = 0;
    mbstate_t state = {0};
    size_t used = mbrtowc(&wide, s, n, &state);
    bool wrong = used == (size_t)-1 || used == (size_t)-2;
    *point = wrong || wide < 0 || wide >= LT_KEY_NONE ? REPLACEMENT : (uint32_t)wide;
    return wrong || used == 0 ? 1 : used;
}

static void paste_end(lt_input_reader *in)
{
    lt_buf text = {0};
    const char *s = in->pasted.data;
    size_t n = in->pasted.len;
    lt_buf_str(&text, "");
    for (size_t i = 0; i < n;) {
        uint32_t point;
        bool crlf = s[i] == '\r' && i + 1 < n && s[i + 1] == '\n';
        i += crlf ? 2 : paste_next(in, s + i, n - i, &point);
        if (crlf || point == '\r' || point == '\n')
            lt_buf_char(&text, '\n');
        else if (point == '\t')
            lt_buf_char(&text, ' ');
        else if (point >= SPACE && !(point >= DEL && point < 0xA0))
            add_point(&text, point);
    }
    lt_input_event *e = add(in, LT_INPUT_PASTE);
    e->text = text.data;
    e->length = text.len;
    e->cut = in->cut;
    lt_buf_done(&in->pasted);
    in->cut = false;
    in->paste = NO_PASTE;
}

/* Only the end and an acknowledgement mean something inside a paste. */
static void paste_number(lt_input_reader *in, unsigned char byte)
{
    in->number[in->number_len++] = (char)byte;
    in->number[in->number_len] = '\0';
    if (strcmp(in->number, "[201~") == 0) {
        paste_end(in);
    } else if (strcmp(in->number, "[0n") == 0) {
        add(in, LT_INPUT_ACK);
        in->paste = PASTE;
    } else if (strncmp("[201~", in->number, in->number_len) != 0 &&
               strncmp("[0n", in->number, in->number_len) != 0) {
        in->paste = byte == 0x1B ? PASTE_NUMBER : PASTE;
        for (size_t i = 0; i < in->number_len - (byte == 0x1B ? 1 : 0); i++)
            paste_keep(in, (unsigned char)in->number[i]);
        in->number_len = 0;
    }
}

static void paste_byte(lt_input_reader *in, unsigned char byte)
{
    if (in->paste == PASTE_NUMBER) {
        paste_number(in, byte);
    } else if (byte == 0x1B) {
        in->paste = PASTE_NUMBER;
        in->number_len = 0;
    } else {
        paste_keep(in, byte);
    }
}

/* ---- the loop ---- */

void lt_input_feed(lt_input_reader *in, const void *bytes, size_t n, double now)
{
    const unsigned char *b = bytes;
    if (n)
        in->last = now;
    for (size_t i = 0; i < n; i++) {
        bool again = true;
        if (in->paste != NO_PASTE) {
            paste_byte(in, b[i]);
            continue;
        }
        while (again)
            sequence(in, lt_scan_byte(&in->scan, b[i], &again));
    }
}

/* Seconds after the last byte at which something must be given up; negative: never. */
static double limit(const lt_input_reader *in)
{
    lt_scan_hope hope = lt_scan_hopes(&in->scan);
    if (in->paste != NO_PASTE)
        return patience_paste;
    if ((hope == LT_HOPE_KEY || hope == LT_HOPE_REST) && in->last < in->expected)
        return patience_expect;
    if (hope != LT_HOPE_NONE)
        return patience[hope];
    return in->have || in->multibyte_open ? patience[LT_HOPE_REST] : -1.0;
}

double lt_input_wait(const lt_input_reader *in, double now)
{
    double most = limit(in), left = in->last + most - now;
    return most < 0 ? -1.0 : left > 0 ? left : 0.0;
}

void lt_input_tick(lt_input_reader *in, double now)
{
    double most = limit(in);
    if (most < 0 || now < in->last + most)
        return;
    if (in->paste != NO_PASTE) {
        paste_end(in);
        return;
    }
    sequence(in, lt_scan_end(&in->scan));
    drop_partial(in);
}

const char *lt_input_key_name(uint32_t code)
{
    static const char *const names[] = {
#define LT_KEY(name, text) text,
#include "gfx/keys.def"
    };
    return code > LT_KEY_NONE && code < LT_KEY_LIMIT ? names[code - LT_KEY_NONE - 1] : NULL;
}
