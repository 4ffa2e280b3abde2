/* scan.c - see scan.h. */
#include "gfx/scan.h"

#include <string.h>

enum state {
    GROUND,
    ESCAPE,
    ESCAPE_LATER, /* as ESCAPE, but held still has the string that it cut off */
    ESCAPE_ESCAPE,
    SS3,
    CSI,
    CSI_LINUX,
    CSI_MOUSE,
    STRING,
    STRING_ESCAPE, /* ESC inside a string: perhaps its end */
};

enum {
    ESC = 0x1B,
    BEL = 0x07,
    DEL = 0x7F,
    SS3_MOST = 8,
    CSI_MOST = 128, /* of one that is longer only the end is waited for */
};

static void keep(lt_scan *s, unsigned char byte)
{
    if (s->len < LT_SCAN_ROOM)
        s->held[s->len++] = byte;
    s->total++;
}

static void start(lt_scan *s, unsigned char byte, int state)
{
    s->len = s->total = 0;
    s->alt = false;
    keep(s, byte);
    s->state = state;
}

static lt_scan_kind done(lt_scan *s, lt_scan_kind kind)
{
    s->state = GROUND;
    return kind;
}

static lt_scan_kind broken(lt_scan *s, bool *again)
{
    *again = true;
    return done(s, LT_SCAN_BROKEN);
}

static bool is_final(unsigned char byte)
{
    return byte >= 0x40 && byte < DEL;
}

static lt_scan_kind after_escape(lt_scan *s, unsigned char byte)
{
    keep(s, byte);
    s->state = byte == 'O' ? SS3 : byte == '[' ? CSI : byte == ESC ? ESCAPE_ESCAPE : STRING;
    return s->state != STRING || memchr("P]X^_", byte, 5) ? LT_SCAN_MORE : done(s, LT_SCAN_ESC);
}

/* rxvt and PuTTY: Alt is another ESC in front; before a string it is the key. */
static lt_scan_kind after_two(lt_scan *s, unsigned char byte, bool *again)
{
    if (memchr("P]X^_", byte, 5)) {
        s->len = s->total = 1;
        s->state = ESCAPE_LATER;
        *again = true;
        return LT_SCAN_BROKEN;
    }
    if (byte != '[' && byte != 'O')
        return broken(s, again);
    s->len = s->total = 1;
    s->alt = true;
    keep(s, byte);
    s->state = byte == '[' ? CSI : SS3;
    return LT_SCAN_MORE;
}

static lt_scan_kind in_ss3(lt_scan *s, unsigned char byte, bool *again)
{
    bool number = (byte >= '0' && byte <= '9') || byte == ';';
    if (!(number && s->total < SS3_MOST) && !is_final(byte))
        return broken(s, again);
    keep(s, byte);
    return number ? LT_SCAN_MORE : done(s, LT_SCAN_SS3);
}

/* rxvt ends the sequence of a key with Shift with $, otherwise an intermediate byte: ESC [ 5 $. */
static bool rxvt_shift(const lt_scan *s, unsigned char byte)
{
    if (byte != '$' || s->len < 3)
        return false;
    for (size_t i = 2; i < s->len; i++)
        if (s->held[i] < '0' || s->held[i] > '9')
            return false;
    return true;
}

static lt_scan_kind in_csi(lt_scan *s, unsigned char byte, bool *again)
{
    bool first = s->total == 2;
    if (byte < 0x20 || byte >= DEL)
        return broken(s, again);
    if (s->total >= LT_SCAN_MOST)
        return broken(s, again);
    bool ends = is_final(byte) || rxvt_shift(s, byte);
    keep(s, byte);
    if (first && (byte == '[' || byte == 'M')) {
        s->state = byte == '[' ? CSI_LINUX : CSI_MOUSE;
        return LT_SCAN_MORE;
    }
    return ends ? done(s, LT_SCAN_CSI) : LT_SCAN_MORE;
}

static lt_scan_kind in_string(lt_scan *s, unsigned char byte, bool *again)
{
    if (byte == BEL)
        return done(s, LT_SCAN_STRING);
    if (byte == ESC) {
        s->state = STRING_ESCAPE;
        return LT_SCAN_MORE;
    }
    if (byte < 0x20 || s->total >= LT_SCAN_MOST) /* Enter and Ctrl-C always get through */
        return broken(s, again);
    keep(s, byte);
    return LT_SCAN_MORE;
}

lt_scan_kind lt_scan_byte(lt_scan *s, unsigned char byte, bool *again)
{
    *again = false;
    switch ((enum state)s->state) {
    case GROUND:
        start(s, byte, byte == ESC ? ESCAPE : GROUND);
        return byte == ESC ? LT_SCAN_MORE : LT_SCAN_BYTE;
    case ESCAPE_LATER:
        start(s, ESC, ESCAPE);
        return after_escape(s, byte);
    case ESCAPE:
        return after_escape(s, byte);
    case ESCAPE_ESCAPE:
        return after_two(s, byte, again);
    case SS3:
        return in_ss3(s, byte, again);
    case CSI:
        return in_csi(s, byte, again);
    case CSI_LINUX:
        if (!is_final(byte))
            return broken(s, again);
        keep(s, byte);
        return done(s, LT_SCAN_LINUX);
    case CSI_MOUSE:
        keep(s, byte);
        return s->total == 6 ? done(s, LT_SCAN_MOUSE) : LT_SCAN_MORE;
    case STRING:
        return in_string(s, byte, again);
    case STRING_ESCAPE:
        if (byte == '\\')
            return done(s, LT_SCAN_STRING);
        *again = true; /* a new sequence cut it off, whose ESC has come */
        s->state = ESCAPE_LATER;
        return LT_SCAN_STRING;
    }
    return LT_SCAN_MORE;
}

lt_scan_kind lt_scan_end(lt_scan *s)
{
    if (s->state == GROUND)
        return LT_SCAN_MORE;
    if (s->state == ESCAPE_LATER)
        start(s, ESC, ESCAPE);
    return done(s, LT_SCAN_BROKEN);
}

lt_scan_hope lt_scan_hopes(const lt_scan *s)
{
    bool csi = s->state == CSI && s->len >= 4 && (s->held[2] == '?' || s->held[2] == '>');
    bool string = (s->state == STRING || s->state == STRING_ESCAPE) && s->total >= 4;
    if (s->state == GROUND)
        return LT_HOPE_NONE;
    if (s->state <= ESCAPE_ESCAPE)
        return LT_HOPE_KEY;
    return csi || string ? LT_HOPE_ANSWER : LT_HOPE_REST;
}

/* ---- taking apart ---- */

static void digit(int *number, unsigned char byte)
{
    int n = *number < 0 ? 0 : *number;
    *number = n > (LT_CSI_LARGEST - 9) / 10 ? LT_CSI_LARGEST : n * 10 + (byte - '0');
}

bool lt_csi_read(const lt_scan *s, lt_csi *out)
{
    lt_csi c = {0};
    size_t i = 2;
    bool sub = false;
    if (s->total != s->len || s->len < 3 || s->len > CSI_MOST)
        return false;
    for (int k = 0; k < LT_CSI_NUMBERS; k++)
        c.number[k] = c.sub[k] = -1;
    if (memchr("?><=", s->held[i], 4))
        c.prefix = (char)s->held[i++];
    for (; i + 1 < s->len; i++) {
        unsigned char b = s->held[i];
        int *at = c.count < LT_CSI_NUMBERS ? (sub ? c.sub : c.number) + c.count : NULL;
        if (c.mid && b >= 0x30) /* numbers come before */
            return false;
        if (b >= '0' && b <= '9' && at)
            digit(at, b);
        else if (b == ';') {
            c.count++;
            sub = false;
        } else if (b == ':')
            sub = true;
        else if (b >= 0x20 && b < 0x30)
            c.mid = (char)b;
        else
            return false;
    }
    if (s->len > (size_t)(c.prefix ? 4 : 3) && c.count < LT_CSI_NUMBERS)
        c.count++;
    if (c.count > LT_CSI_NUMBERS)
        return false;
    c.final = (char)s->held[s->len - 1];
    *out = c;
    return true;
}

bool lt_csi_is_answer(const lt_csi *c)
{
    if (c->prefix == '<')
        return false;
    if (c->prefix || c->mid)
        return true;
    switch (c->final) {
    case 'n':
    case 't':
    case 'x':
    case 'y':
        return true;
    case 'R': /* F3 with modifiers is ESC [ 1 ; m R */
        return c->count == 2 && c->number[0] > 1;
    default:
        return false;
    }
}
