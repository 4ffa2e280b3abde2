/*
 * fuzz_input.c - input: what a terminal sends.  The events are the same in one piece and byte by
 * byte, and keep what input.h promises; the answers' parser takes the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/text.h"
#include "fuzz.h"
#include "gfx/input.h"
#include "gfx/probe.h"

static bool is_scalar(uint32_t code)
{
    return code >= 0x20 && code < 0x110000 && !(code >= 0xD800 && code < 0xE000);
}

static void check_event(const lt_input_event *e)
{
    switch (e->kind) {
    case LT_INPUT_TEXT:
        LT_ASSERT(is_scalar(e->code) && !(e->code >= 0x7F && e->code < 0xA0));
        break;
    case LT_INPUT_KEY:
        LT_ASSERT(lt_input_key_name(e->code) || is_scalar(e->code));
        LT_ASSERT(e->mods < 8);
        break;
    case LT_INPUT_PASTE:
        LT_ASSERT(e->length <= 3 * (size_t)LT_INPUT_PASTE_MAX && strlen(e->text) == e->length);
        LT_ASSERT(lt_text_valid(e->text, e->length, NULL));
        for (size_t i = 0; i < e->length; i++)
            LT_ASSERT(e->text[i] == '\n' || (unsigned char)e->text[i] >= 0x20);
        break;
    case LT_INPUT_MOUSE:
        LT_ASSERT(e->x >= 0 && e->y >= 0 && e->button >= 0 && e->button <= 3 && e->mods < 8);
        break;
    default:
        break;
    }
}

/* Of the fields that the kind has; added up in a way in which the order counts. */
static uint64_t take(lt_input_reader *in, uint64_t hash)
{
    lt_input_event e;
    while (lt_input_next(in, &e)) {
        const uint64_t fields[] = {
            e.kind,        e.code,        e.mods,   e.length, e.cut, e.action, (uint64_t)e.button,
            (uint64_t)e.x, (uint64_t)e.y, e.focused};
        check_event(&e);
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            hash = (hash ^ fields[i]) * 1099511628211u;
        for (size_t i = 0; i < e.length; i++)
            hash = (hash ^ (unsigned char)e.text[i]) * 1099511628211u;
    }
    return hash;
}

static uint64_t events(const uint8_t *data, size_t size, size_t piece, bool utf8)
{
    lt_input_reader *in = lt_input_new(utf8);
    uint64_t hash = 14695981039346656037u;
    for (size_t at = 0; at < size; at += piece) {
        lt_input_feed(in, data + at, piece < size - at ? piece : size - at, 1.0);
        hash = take(in, hash);
    }
    for (int i = 0; i < 4; i++) {
        lt_input_tick(in, 100.0 * (i + 1));
        hash = take(in, hash);
    }
    LT_ASSERT(lt_input_wait(in, 1000.0) < 0);
    lt_input_free(in);
    return hash;
}

static void answers(const uint8_t *data, size_t size)
{
    lt_term whole = {0}, pieces = {0};
    lt_replies r = {.term = &whole}, s = {.term = &pieces};
    lt_buf typed = {0}, also = {0};
    lt_replies_feed(&r, data, size, &typed);
    for (size_t i = 0; i < size; i++)
        lt_replies_feed(&s, data + i, 1, &also);
    lt_replies_end(&r, &typed);
    lt_replies_end(&s, &also);
    LT_ASSERT(typed.len == also.len && typed.len <= size);
    LT_ASSERT(typed.len == 0 || memcmp(typed.data, also.data, typed.len) == 0);
    LT_ASSERT(strcmp(whole.name, pieces.name) == 0 && whole.sixel == pieces.sixel);
    LT_ASSERT(whole.cell_width >= 0 && whole.cell_width <= 1000 && whole.registers >= 0);
    LT_ASSERT(lt_text_valid(whole.name, strlen(whole.name), NULL));
    lt_buf_done(&typed);
    lt_buf_done(&also);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t once = events(data, size, size ? size : 1, true);
    LT_ASSERT(once == events(data, size, 1, true));
    LT_ASSERT(once == events(data, size, 3, true));
    LT_ASSERT(events(data, size, 1, false) == events(data, size, 5, false));
    answers(data, size);
    return 0;
}
