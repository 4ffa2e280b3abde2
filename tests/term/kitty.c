/*
 * kitty.c - kitty's graphics protocol, as far as a program for stills and previews needs it:
 * transmit and display (a=T, f=24 or 32, o=z, chunks with m=1), the query (a=q), deletion (a=d).
 * Source: the protocol's description by kitty, 0.26.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "terminal_parts.h"

static int number_of(const char *keys, char name, int otherwise)
{
    for (const char *at = keys; *at; at++)
        if (at[0] == name && at[1] == '=' && (at == keys || at[-1] == ','))
            return atoi(at + 2);
    return otherwise;
}

static char letter_of(const char *keys, char name, char otherwise)
{
    for (const char *at = keys; *at; at++)
        if (at[0] == name && at[1] == '=' && (at == keys || at[-1] == ','))
            return at[2];
    return otherwise;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Appends what base64 stands for; false for another character. */
static bool from_base64(const char *text, size_t n, lt_buf *to)
{
    unsigned held = 0;
    int bits = 0;
    while (n > 0 && text[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        held = held << 6 | (unsigned)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            lt_buf_char(to, (char)(held >> bits & 255));
        }
    }
    return true;
}

/* LT_ERR_IO: its end lacks, as of a frame that was cut on a slow line. */
static bool inflated(const lt_buf *data, Bytef *to, uLongf *count, lt_error *err)
{
    z_stream z = {.next_in = (Bytef *)(data->len ? data->data : ""),
                  .avail_in = (uInt)data->len,
                  .next_out = to,
                  .avail_out = (uInt)*count};
    if (inflateInit(&z) != Z_OK)
        return lt_fail(err, LT_ERR_MEMORY, NULL, "zlib has no memory");
    int result = inflate(&z, Z_FINISH);
    bool cut = result == Z_BUF_ERROR && z.avail_in == 0 && z.avail_out > 0;
    *count = z.total_out;
    inflateEnd(&z);
    if (cut)
        return lt_fail(err, LT_ERR_IO, NULL, "its end lacks");
    return result == Z_STREAM_END || lt_fail(err, LT_ERR_FORMAT, NULL, "not what zlib made");
}

/* RGB of what was sent; false with the reason. */
static bool unpack(const kitty_load *load, lt_image **out, lt_error *err)
{
    lt_buf data = {0}, pixels = {0};
    size_t channels = load->format == 32 ? 4 : 3;
    bool ok = lt_image_new(load->width, load->height, out, err);
    if (!ok)
        return false;
    size_t count = lt_image_bytes(*out) / 3;
    uLongf got = count * channels;
    if (!from_base64(load->base64.data ? load->base64.data : "", load->base64.len, &data))
        ok = lt_fail(err, LT_ERR_FORMAT, NULL, "not base64");
    if (ok && load->packed == 'z') {
        ok = lt_buf_reserve(&pixels, got, "a picture", err) &&
             inflated(&data, (Bytef *)pixels.data, &got, err);
    } else if (ok) {
        lt_buf_add(&pixels, data.data, data.len);
        got = data.len;
    }
    if (ok && got != count * channels)
        ok = lt_fail(err, LT_ERR_FORMAT, NULL, "%zu bytes for %dx%d pixels", (size_t)got,
                     load->width, load->height);
    for (size_t i = 0; ok && i < count; i++)
        memcpy((*out)->rgb + i * 3, pixels.data + i * channels, 3);
    if (!ok)
        lt_image_unref(*out);
    lt_buf_done(&data);
    lt_buf_done(&pixels);
    return ok;
}

static void answer(terminal *t, const kitty_load *load, const char *what)
{
    char bytes[64];
    if (load->quiet >= 2 || (load->quiet == 1 && strcmp(what, "OK") == 0) || load->id == 0)
        return;
    snprintf(bytes, sizeof bytes, "\033_Gi=%d;%s\033\\", load->id, what);
    answers_send(t, t->options.answers, bytes);
}

static void show(terminal *t, const kitty_load *load, lt_image *image)
{
    picture p = {.id = load->id, .placement = load->placement};
    p.seen = (terminal_picture){.kitty = true,
                                .width = image->width,
                                .height = image->height,
                                .bytes = load->bytes,
                                .rows = load->rows,
                                .columns = load->columns,
                                .image = image};
    terminal_cursor(t, &p.seen.row, &p.seen.column, NULL);
    if (!p.seen.rows)
        p.seen.rows = (image->height + t->cell_height - 1) / t->cell_height;
    if (!p.seen.columns)
        p.seen.columns = (image->width + t->cell_width - 1) / t->cell_width;
    pictures_show(t, &p);
}

static void finish(terminal *t, kitty_load *load)
{
    lt_image *image;
    lt_error err = {0};
    load->open = false;
    if (load->action == 'q') {
        answer(t, load, "OK");
    } else if (!unpack(load, &image, &err)) {
        if (err.code != LT_ERR_IO) /* one that the program cut short is no picture, and no fault */
            terminal_note_fault(t, "a kitty picture that cannot be read: %s", err.message);
        answer(t, load, "EINVAL");
    } else {
        answer(t, load, "OK");
        if (load->action == 'T')
            show(t, load, image);
        else
            lt_image_unref(image);
    }
}

static void begin(kitty_load *load, const char *keys)
{
    lt_buf base64 = load->base64;
    lt_buf_clear(&base64);
    *load = (kitty_load){.open = true,
                         .action = letter_of(keys, 'a', 't'),
                         .packed = letter_of(keys, 'o', 0),
                         .format = number_of(keys, 'f', 32),
                         .width = number_of(keys, 's', 0),
                         .height = number_of(keys, 'v', 0),
                         .id = number_of(keys, 'i', 0),
                         .placement = number_of(keys, 'p', 0),
                         .columns = number_of(keys, 'c', 0),
                         .rows = number_of(keys, 'r', 0),
                         .quiet = number_of(keys, 'q', 0),
                         .base64 = base64};
}

void kitty_take(terminal *t, const scan_piece *piece)
{
    char keys[256];
    kitty_load *load = &t->kitty;
    const char *body = piece->body, *end = body + piece->body_len;
    const char *colon = memchr(body, ';', piece->body_len);
    if (piece->body_len < 1 || body[0] != 'G') {
        terminal_note_fault(t, "an APC that is not a picture");
        return;
    }
    if (t->profile->mux)
        terminal_note_fault(t, "an APC inside tmux becomes the pane's title");
    if (!t->profile->kitty) /* others swallow it */
        return;
    snprintf(keys, sizeof keys, "%.*s", (int)((colon ? colon : end) - body - 1), body + 1);
    if (letter_of(keys, 'a', 't') == 'd') {
        char what = letter_of(keys, 'd', 'a');
        bool by_id = what == 'i' || what == 'I';
        pictures_delete(t, by_id ? number_of(keys, 'i', 0) : -1, number_of(keys, 'p', -1));
        return;
    }
    if (load->open && letter_of(keys, 'a', 0)) /* and would be more of the other */
        terminal_note_fault(t, "a kitty picture begins inside of another");
    if (!load->open)
        begin(load, keys);
    load->bytes += piece->len;
    if (colon)
        lt_buf_add(&load->base64, colon + 1, (size_t)(end - colon - 1));
    if (number_of(keys, 'm', 0) == 0)
        finish(t, load);
}
