/* scanner.c - see scanner.h. */
#include "scanner.h"

#include <string.h>

enum { GROUND, ESCAPE, ESCAPE_MORE, CSI, STRING, STRING_ESCAPE };
enum { BEL = 7, CAN = 24, SUB = 26, ESC = 27, DEL = 127 };

int scan_parameter(const scan_piece *piece, int n, int otherwise)
{
    return n < piece->count && piece->parameters[n] >= 0 ? piece->parameters[n] : otherwise;
}

void scanner_init(scanner *s, void (*sink)(void *, const scan_piece *), void *user)
{
    *s = (scanner){.sink = sink, .user = user};
}

void scanner_done(scanner *s)
{
    lt_buf_done(&s->held);
}

bool scanner_inside(const scanner *s)
{
    return s->state != GROUND;
}

static void emit_plain(scanner *s, scan_kind kind, const char *bytes, size_t n)
{
    scan_piece piece = {.kind = kind, .bytes = bytes, .len = n};
    s->sink(s->user, &piece);
}

/* What is held, as a piece; the scanner is then between sequences. */
static void emit_held(scanner *s, scan_piece piece)
{
    piece.bytes = s->held.data;
    piece.len = s->held.len;
    s->state = GROUND;
    s->sink(s->user, &piece);
    lt_buf_clear(&s->held);
}

static void emit_csi(scanner *s)
{
    const char *at = s->held.data + 2, *end = s->held.data + s->held.len - 1;
    scan_piece piece = {.kind = SCAN_CSI, .final = *end};
    bool digits = false;
    if (at < end && strchr("<=>?", *at))
        piece.leader = *at++;
    for (int value = -1; at <= end; at++) {
        if (*at >= '0' && *at <= '9') {
            digits = true;
            value = value < 0 ? 0 : value;
            value = value > 100000000 ? value : value * 10 + (*at - '0');
            continue;
        }
        bool separator = *at == ';' || *at == ':';
        if ((separator || digits || piece.count > 0) && piece.count < SCAN_PARAMETERS &&
            !piece.middle)
            piece.parameters[piece.count++] = value;
        value = -1;
        if (*at >= ' ' && *at <= '/')
            piece.middle = *at;
    }
    emit_held(s, piece);
}

/* tail: the bytes that ended it, 2 for ESC \ and 1 for BEL. */
static void emit_string(scanner *s, size_t tail)
{
    char what = s->held.data[1];
    scan_kind kind = what == 'P'   ? SCAN_DCS
                     : what == ']' ? SCAN_OSC
                     : what == '_' ? SCAN_APC
                                   : SCAN_STRING;
    emit_held(s, (scan_piece){
                     .kind = kind, .body = s->held.data + 2, .body_len = s->held.len - 2 - tail});
}

static void emit_broken(scanner *s)
{
    emit_held(s, (scan_piece){.kind = SCAN_BROKEN});
}

static void begin(scanner *s)
{
    lt_buf_clear(&s->held);
    lt_buf_char(&s->held, ESC);
    s->state = ESCAPE;
}

static void after_escape(scanner *s, char c)
{
    lt_buf_char(&s->held, c);
    if (c == '[')
        s->state = CSI;
    else if (strchr("P]_^X", c) && c)
        s->state = STRING;
    else if (c >= ' ' && c <= '/')
        s->state = ESCAPE_MORE;
    else
        emit_held(s, (scan_piece){.kind = SCAN_ESCAPE, .final = c});
}

static void in_sequence(scanner *s, char c)
{
    unsigned char byte = (unsigned char)c;
    if (byte == CAN || byte == SUB || byte >= DEL) {
        emit_broken(s);
    } else if (byte == ESC) {
        emit_broken(s);
        begin(s);
    } else if (byte < ' ') {
        emit_plain(s, SCAN_CONTROL, &c, 1); /* a control inside a sequence acts at once */
    } else if (s->state == ESCAPE) {
        after_escape(s, c);
    } else {
        lt_buf_char(&s->held, c);
        if (s->state == CSI && byte >= '@')
            emit_csi(s);
        else if (s->state == ESCAPE_MORE && byte >= '0')
            emit_held(s, (scan_piece){.kind = SCAN_ESCAPE, .final = c});
    }
}

static void in_string(scanner *s, char c)
{
    if (s->state == STRING_ESCAPE && c == '\\') {
        lt_buf_char(&s->held, c);
        emit_string(s, 2);
    } else if (s->state == STRING_ESCAPE) {
        emit_broken(s);
        begin(s);
        in_sequence(s, c);
    } else if (c == CAN || c == SUB) {
        emit_broken(s);
    } else {
        lt_buf_char(&s->held, c);
        if (c == ESC)
            s->state = STRING_ESCAPE;
        else if (c == BEL && s->held.data[1] == ']')
            emit_string(s, 1);
    }
}

static bool is_text(char c)
{
    return (unsigned char)c >= ' ' && c != DEL;
}

void scanner_feed(scanner *s, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        if (s->state >= STRING) {
            in_string(s, bytes[i++]);
        } else if (s->state != GROUND) {
            in_sequence(s, bytes[i++]);
        } else if (bytes[i] == ESC) {
            begin(s);
            i++;
        } else if (!is_text(bytes[i])) {
            emit_plain(s, SCAN_CONTROL, bytes + i++, 1);
        } else {
            size_t from = i;
            while (i < n && is_text(bytes[i]))
                i++;
            emit_plain(s, SCAN_TEXT, bytes + from, i - from);
        }
    }
}
