/*
 * clip_unicode.c - normalisation for CLIP's tokenizer; see clip_unicode.h.
 * Canonical decomposition, ordering and composition follow Unicode Standard Annex #15, the Hangul
 * arithmetic section 3.12 of the Unicode Standard.
 */
#include "model/clip_unicode.h"

#include <stdbool.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/panic.h"

/* Every table is sorted by its first member, which `find` relies on. */
typedef struct class_range {
    uint32_t first, last;
    uint8_t value;
} class_range;
typedef struct lower_range {
    uint32_t first, last;
    uint8_t step;
    int32_t delta;
} lower_range;
typedef struct decomposition {
    uint32_t from, to[4]; /* zeros fill up */
} decomposition;
typedef struct ccc_range {
    uint32_t first, last;
    uint8_t value;
} ccc_range;
typedef struct composition {
    uint32_t starter, mark, to;
} composition;

#include "model/clip_unicode.inc"

enum {
    HANGUL_S = 0xAC00,
    HANGUL_L = 0x1100,
    HANGUL_V = 0x1161,
    HANGUL_T = 0x11A7,
    HANGUL_COUNT_V = 21,
    HANGUL_COUNT_T = 28,
    HANGUL_COUNT_L = 19,
    HANGUL_COUNT_S = HANGUL_COUNT_L * HANGUL_COUNT_V * HANGUL_COUNT_T,
    ORDER_BITS = 24, /* lt_clip_char.order: combining class above, position below */
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* The last entry whose first member is <= point, or NULL. */
static const void *find(const void *table, size_t count, size_t size, uint32_t point)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const uint32_t *first = (const uint32_t *)((const char *)table + mid * size);
        if (*first <= point)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? (const char *)table + (low - 1) * size : NULL;
}

#define FIND(table, point) find(table, COUNT(table), sizeof(table)[0], point)

lt_clip_class lt_clip_unicode_class(uint32_t point)
{
    const class_range *r = FIND(class_ranges, point);
    return r && point <= r->last ? (lt_clip_class)r->value : LT_CLIP_OTHER;
}

static uint32_t combining_class(uint32_t point)
{
    const ccc_range *r = FIND(ccc_ranges, point);
    return r && point <= r->last ? r->value : 0;
}

/* U+0130, the one character whose lowercase is longer, is handled by the caller. */
static uint32_t to_lower(uint32_t point)
{
    const lower_range *r = FIND(lower_ranges, point);
    if (!r || point > r->last || (point - r->first) % r->step != 0)
        return point;
    return (uint32_t)((int32_t)point + r->delta);
}

void lt_clip_text_done(lt_clip_text *text)
{
    free(text->chars);
    *text = (lt_clip_text){0};
}

static void reserve(lt_clip_text *t, size_t extra)
{
    if (t->cap - t->len >= extra)
        return;
    t->cap = t->cap * 2 + extra;
    t->chars = lt_grow(t->chars, t->cap, sizeof *t->chars);
}

static void push(lt_clip_text *t, uint32_t point, uint32_t start, uint32_t end)
{
    uint32_t order = combining_class(point) << ORDER_BITS | (uint32_t)t->len;
    reserve(t, 1);
    t->chars[t->len++] = (lt_clip_char){point, start, end, order};
}

static void push_decomposed(lt_clip_text *t, uint32_t point, uint32_t start, uint32_t end)
{
    if (point < 0xC0) {
        push(t, point, start, end);
        return;
    }
    if (point >= HANGUL_S && point < HANGUL_S + HANGUL_COUNT_S) {
        uint32_t i = point - HANGUL_S, per_l = HANGUL_COUNT_V * HANGUL_COUNT_T;
        push(t, HANGUL_L + i / per_l, start, end);
        push(t, HANGUL_V + i % per_l / HANGUL_COUNT_T, start, end);
        if (i % HANGUL_COUNT_T)
            push(t, HANGUL_T + i % HANGUL_COUNT_T, start, end);
        return;
    }
    const decomposition *d = FIND(decompositions, point);
    if (!d || d->from != point) {
        push(t, point, start, end);
        return;
    }
    for (size_t k = 0; k < COUNT(d->to) && d->to[k]; k++)
        push(t, d->to[k], start, end);
}

static uint32_t char_class(const lt_clip_char *c)
{
    return c->order >> ORDER_BITS;
}

static int by_order(const void *a, const void *b)
{
    const lt_clip_char *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

/* Canonical ordering: each run of combining marks sorted by class, equal classes kept in place. */
static void reorder(lt_clip_text *t)
{
    for (size_t i = 0; i < t->len;) {
        size_t j = i;
        while (j < t->len && char_class(&t->chars[j]))
            j++;
        if (j - i > 1)
            qsort(t->chars + i, j - i, sizeof *t->chars, by_order);
        i = j > i ? j : i + 1;
    }
}

static uint32_t compose_pair(uint32_t a, uint32_t b)
{
    if (a - HANGUL_L < HANGUL_COUNT_L && b - HANGUL_V < HANGUL_COUNT_V)
        return HANGUL_S + ((a - HANGUL_L) * HANGUL_COUNT_V + (b - HANGUL_V)) * HANGUL_COUNT_T;
    if (a - HANGUL_S < HANGUL_COUNT_S && (a - HANGUL_S) % HANGUL_COUNT_T == 0 && b > HANGUL_T &&
        b < HANGUL_T + HANGUL_COUNT_T)
        return a + (b - HANGUL_T);
    size_t low = 0, high = COUNT(compositions);
    while (low < high) {
        size_t mid = (low + high) / 2;
        const composition *c = &compositions[mid];
        if (c->starter == a && c->mark == b)
            return c->to;
        if (c->starter < a || (c->starter == a && c->mark < b))
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}

/* Canonical composition in place: a mark joins the last starter unless one of the same or a higher
 * class stands between. */
static void compose(lt_clip_text *t)
{
    size_t len = 0, starter = SIZE_MAX;
    uint32_t last = 0; /* class of the character before, since the starter */
    for (size_t i = 0; i < t->len; i++) {
        lt_clip_char c = t->chars[i];
        uint32_t ccc = char_class(&c);
        bool adjacent = last == 0 && len == starter + 1;
        if (starter != SIZE_MAX && (last < ccc || adjacent)) {
            lt_clip_char *s = &t->chars[starter];
            uint32_t joined = compose_pair(s->point, c.point);
            if (joined) {
                s->point = joined;
                s->start = c.start < s->start ? c.start : s->start;
                s->end = c.end > s->end ? c.end : s->end;
                continue;
            }
        }
        t->chars[len] = c;
        if (ccc == 0)
            starter = len;
        last = ccc;
        len++;
    }
    t->len = len;
}

/* Runs of white space become one space, everything else lowercase.  In place but for U+0130, whose
 * second code point `spare` made room for. */
static void fold(lt_clip_text *t)
{
    size_t spare = 0;
    for (size_t i = 0; i < t->len; i++)
        spare += t->chars[i].point == 0x130;
    reserve(t, spare);
    for (size_t i = t->len; spare && i-- > 0;)
        t->chars[i + spare] = t->chars[i];
    size_t n = t->len + spare, len = 0;
    for (size_t i = spare; i < n; i++) {
        lt_clip_char c = t->chars[i];
        if (lt_clip_unicode_class(c.point) == LT_CLIP_SPACE) {
            c.point = ' ';
            if (len && t->chars[len - 1].point == ' ') {
                t->chars[len - 1].end = c.end;
                continue;
            }
        } else if (c.point == 0x130) {
            c.point = 'i';
            t->chars[len++] = c;
            c.point = 0x307;
        } else {
            c.point = to_lower(c.point);
        }
        t->chars[len++] = c;
    }
    t->len = len;
}

void lt_clip_unicode_normalise(const char *s, size_t from, size_t to, lt_clip_text *out)
{
    out->len = 0;
    reserve(out, to - from);
    for (size_t i = from; i < to;) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(to - i), &point);
        LT_ASSERT(used > 0);
        push_decomposed(out, (uint32_t)point, (uint32_t)i, (uint32_t)(i + (size_t)used));
        i += (size_t)used;
    }
    reorder(out);
    compose(out);
    fold(out);
}
