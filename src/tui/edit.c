/* edit.c - text, cursor and undo; see edit.h.  The operations are in edit_ops.c. */
#include "tui/edit.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/cells.h"
#include "tui/edit_impl.h"

enum { MOST_CHANGES = 1000, MOST_CHANGE_BYTES = 1 << 20 };

static void find_clusters(lt_edit *e)
{
    if (e->cluster_cap < e->len + 1) {
        e->cluster_cap = e->cap;
        e->clusters = lt_grow(e->clusters, e->cluster_cap, sizeof *e->clusters);
    }
    e->count = 0;
    for (size_t i = 0; i < e->len;) {
        int cells;
        e->clusters[e->count].start = (uint32_t)i;
        i += lt_cells_next(e->text + i, e->len - i, &cells);
        e->clusters[e->count++].cells = (uint32_t)cells;
    }
    e->clusters[e->count] = (lt_edit_cluster){(uint32_t)e->len, 0};
}

lt_edit *lt_edit_new(bool lines)
{
    lt_edit *e = lt_alloc(sizeof *e);
    e->lines = lines;
    e->cap = 256;
    e->text = lt_alloc(e->cap);
    e->goal = -1;
    find_clusters(e);
    return e;
}

static void change_done(lt_edit_change *c)
{
    free(c->removed);
    free(c->added);
}

static void forget_changes(lt_edit *e, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++) {
        e->change_bytes -= e->changes[i].removed_len + e->changes[i].added_len;
        change_done(&e->changes[i]);
    }
    if (count)
        memmove(e->changes + from, e->changes + from + count,
                (e->change_count - from - count) * sizeof *e->changes);
    e->change_count -= count;
    if (e->applied > from)
        e->applied = e->applied > from + count ? e->applied - count : from;
}

void lt_edit_free(lt_edit *e)
{
    if (!e)
        return;
    forget_changes(e, 0, e->change_count);
    free(e->changes);
    free(e->clusters);
    free(e->killed);
    free(e->text);
    free(e);
}

const char *lt_edit_text(const lt_edit *e, size_t *n)
{
    if (n)
        *n = e->len;
    return e->text;
}

size_t lt_edit_cursor(const lt_edit *e)
{
    return e->cursor;
}

unsigned long lt_edit_version(const lt_edit *e)
{
    return e->version;
}

bool lt_edit_refused(const lt_edit *e)
{
    return e->refused;
}

const lt_edit_cluster *lt_edit_clusters(const lt_edit *e, size_t *count)
{
    *count = e->count;
    return e->clusters;
}

size_t lt_edit_index(const lt_edit *e, size_t offset)
{
    size_t low = 0, high = e->count; /* the answer is in low..high */
    if (offset >= e->len)
        return e->count;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (e->clusters[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t border_from(const lt_edit *e, size_t offset)
{
    size_t i = lt_edit_index(e, offset);
    return e->clusters[i].start < offset && i < e->count ? e->clusters[i + 1].start
                                                         : e->clusters[i].start;
}

static void splice(lt_edit *e, size_t start, size_t end, const char *s, size_t n)
{
    size_t len = e->len - (end - start) + n;
    if (len + 1 > e->cap) {
        while (e->cap < len + 1)
            e->cap *= 2;
        e->text = lt_grow(e->text, e->cap, 1);
    }
    memmove(e->text + start + n, e->text + end, e->len - end + 1);
    if (n)
        memcpy(e->text + start, s, n);
    e->len = len;
    e->version++;
    find_clusters(e);
    e->cursor = border_from(e, start + n);
}

/* to becomes to with n bytes of s at its end (or its start). */
static void extend(char **to, size_t *len, const char *s, size_t n, bool at_start)
{
    *to = lt_grow(*to, *len + n + 1, 1);
    if (at_start)
        memmove(*to + n, *to, *len);
    memcpy(*to + (at_start ? 0 : *len), s, n);
    *len += n;
    (*to)[*len] = '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n';
}

/* True if the edit was added to the one before. */
static bool join(lt_edit *e, size_t start, size_t end, const char *s, size_t n, lt_edit_kind kind)
{
    if (kind == LT_EDIT_ALONE || kind != e->group || e->applied == 0)
        return false;
    lt_edit_change *last = &e->changes[e->applied - 1];
    const char *gone = e->text + start;
    if (kind == LT_EDIT_TYPED) {
        bool word_starts = n && !is_blank(*s) && is_blank(last->added[last->added_len - 1]);
        if (start != end || start != last->at + last->added_len || word_starts)
            return false;
        extend(&last->added, &last->added_len, s, n, false);
    } else if (kind == LT_EDIT_BACKSPACED) {
        if (end != last->at)
            return false;
        extend(&last->removed, &last->removed_len, gone, end - start, true);
        last->at = start;
    } else {
        if (start != last->at)
            return false;
        extend(&last->removed, &last->removed_len, gone, end - start, false);
    }
    e->change_bytes += n + (end - start);
    return true;
}

static void record(lt_edit *e, size_t start, size_t end, const char *s, size_t n, lt_edit_kind kind)
{
    forget_changes(e, e->applied, e->change_count - e->applied);
    if (!join(e, start, end, s, n, kind)) {
        e->changes = lt_grow(e->changes, e->change_count + 1, sizeof *e->changes);
        e->changes[e->change_count++] = (lt_edit_change){
            .at = start,
            .removed = lt_strndup(e->text + start, end - start),
            .added = lt_strndup(s, n),
            .removed_len = end - start,
            .added_len = n,
            .cursor_before = e->cursor,
        };
        e->applied = e->change_count;
        e->change_bytes += n + (end - start);
    }
    while (e->change_count > MOST_CHANGES ||
           (e->change_bytes > MOST_CHANGE_BYTES && e->change_count > 1))
        forget_changes(e, 0, 1);
}

bool lt_edit_replace(lt_edit *e, size_t start, size_t end, const char *s, size_t n,
                     lt_edit_kind kind)
{
    if (end - start == n && memcmp(e->text + start, s, n) == 0)
        return false; /* nothing that could be undone */
    if (e->len - (end - start) + n > LT_EDIT_LIMIT) {
        e->refused = true;
        return false;
    }
    record(e, start, end, s, n, kind);
    splice(e, start, end, s, n);
    e->changes[e->applied - 1].cursor_after = e->cursor;
    e->group = kind;
    return true;
}

void lt_edit_place(lt_edit *e, size_t offset)
{
    e->cursor = border_from(e, offset);
    e->changes[e->applied - 1].cursor_after = e->cursor;
}

bool lt_edit_undo(lt_edit *e)
{
    if (e->applied == 0)
        return false;
    const lt_edit_change *c = &e->changes[--e->applied];
    splice(e, c->at, c->at + c->added_len, c->removed, c->removed_len);
    e->cursor = c->cursor_before;
    return true;
}

bool lt_edit_redo(lt_edit *e)
{
    if (e->applied == e->change_count)
        return false;
    const lt_edit_change *c = &e->changes[e->applied++];
    splice(e, c->at, c->at + c->removed_len, c->added, c->added_len);
    e->cursor = c->cursor_after;
    return true;
}

static bool is_line_end(int32_t point)
{
    return point == '\n' || point == '\r' || point == 0x85 || point == 0x2028 || point == 0x2029;
}

/* Appends s as it may be in the text. */
static void clean(const lt_edit *e, const char *s, size_t n, lt_buf *out)
{
    for (size_t i = 0, used; i < n; i += used) {
        int32_t point;
        used = lt_text_next(s + i, n - i, &point);
        if (point == '\r' && i + 1 < n && s[i + 1] == '\n')
            continue;
        if (point < 0)
            lt_buf_str(out, "\xEF\xBF\xBD");
        else if (is_line_end(point))
            lt_buf_char(out, e->lines ? '\n' : ' ');
        else if (point == '\t')
            lt_buf_char(out, ' ');
        else if (utf8proc_category(point) != UTF8PROC_CATEGORY_CC)
            lt_buf_add(out, s + i, used);
    }
}

static bool put(lt_edit *e, size_t start, size_t end, const char *s, size_t n, lt_edit_kind kind)
{
    lt_buf text = {0};
    e->refused = e->selected = false;
    e->last_kill = LT_EDIT_NO_KILL;
    e->goal = -1;
    clean(e, s, n, &text);
    bool ok = lt_edit_replace(e, start, end, text.data ? text.data : "", text.len, kind);
    lt_buf_done(&text);
    return ok;
}

/* At the cursor, or in place of what is selected. */
static bool put_here(lt_edit *e, const char *s, size_t n, lt_edit_kind kind)
{
    bool all = e->selected && n > 0;
    return put(e, all ? 0 : e->cursor, all ? e->len : e->cursor, s, n, kind);
}

bool lt_edit_insert(lt_edit *e, const char *s, size_t n)
{
    return put_here(e, s, n, LT_EDIT_TYPED);
}

bool lt_edit_paste(lt_edit *e, const char *s, size_t n)
{
    return put_here(e, s, n, LT_EDIT_ALONE);
}

void lt_edit_select(lt_edit *e)
{
    e->selected = e->len > 0;
}

bool lt_edit_selected(const lt_edit *e)
{
    return e->selected;
}

bool lt_edit_set(lt_edit *e, const char *s)
{
    bool changed = put(e, 0, e->len, s, strlen(s), LT_EDIT_ALONE);
    if (!e->refused)
        e->cursor = e->len;
    return changed;
}

void lt_edit_reset(lt_edit *e, const char *s)
{
    lt_edit_set(e, s);
    if (e->refused)
        return;
    forget_changes(e, 0, e->change_count);
    e->group = LT_EDIT_ALONE;
}

bool lt_edit_move(lt_edit *e, size_t offset)
{
    size_t before = e->cursor;
    e->refused = e->selected = false;
    e->group = LT_EDIT_ALONE;
    e->last_kill = LT_EDIT_NO_KILL;
    e->goal = -1;
    e->cursor = border_from(e, offset);
    return e->cursor != before;
}
