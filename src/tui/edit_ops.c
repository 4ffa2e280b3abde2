/* edit_ops.c - the operations of edit.def. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/edit_impl.h"

static const char *cluster(const lt_edit *e, size_t i)
{
    return e->text + e->clusters[i].start;
}

static bool is_newline(const lt_edit *e, size_t i)
{
    return *cluster(e, i) == '\n';
}

static bool is_blank(const lt_edit *e, size_t i)
{
    return *cluster(e, i) == ' ' || is_newline(e, i);
}

/* Emoji are words too, so that they can be stepped over and killed like them. */
static bool is_word(const lt_edit *e, size_t i)
{
    int32_t point;
    lt_text_next(cluster(e, i), e->len - e->clusters[i].start, &point);
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_SO:
        return true;
    default:
        return false;
    }
}

static size_t word_left(const lt_edit *e, size_t i)
{
    while (i > 0 && !is_word(e, i - 1))
        i--;
    while (i > 0 && is_word(e, i - 1))
        i--;
    return i;
}

static size_t word_right(const lt_edit *e, size_t i)
{
    while (i < e->count && !is_word(e, i))
        i++;
    while (i < e->count && is_word(e, i))
        i++;
    return i;
}

static size_t blank_left(const lt_edit *e, size_t i)
{
    while (i > 0 && is_blank(e, i - 1))
        i--;
    while (i > 0 && !is_blank(e, i - 1))
        i--;
    return i;
}

static size_t line_start(const lt_edit *e, size_t i)
{
    while (i > 0 && !is_newline(e, i - 1))
        i--;
    return i;
}

static size_t line_end(const lt_edit *e, size_t i)
{
    while (i < e->count && !is_newline(e, i))
        i++;
    return i;
}

/* Where a movement leads, or false: another operation. */
static bool target(const lt_edit *e, lt_edit_op op, size_t i, size_t *to)
{
    switch (op) {
    case LT_EDIT_LEFT:
        *to = i > 0 ? i - 1 : 0;
        return true;
    case LT_EDIT_RIGHT:
        *to = i < e->count ? i + 1 : i;
        return true;
    case LT_EDIT_WORD_LEFT:
        *to = word_left(e, i);
        return true;
    case LT_EDIT_WORD_RIGHT:
        *to = word_right(e, i);
        return true;
    case LT_EDIT_HOME:
        *to = line_start(e, i);
        return true;
    case LT_EDIT_END:
        *to = line_end(e, i);
        return true;
    case LT_EDIT_TEXT_START:
        *to = 0;
        return true;
    case LT_EDIT_TEXT_END:
        *to = e->count;
        return true;
    default:
        return false;
    }
}

static bool erase(lt_edit *e, size_t from, size_t to, lt_edit_kind kind)
{
    return lt_edit_replace(e, e->clusters[from].start, e->clusters[to].start, "", 0, kind);
}

/* Kills in a row add up to one text, as in a shell. */
static bool cut(lt_edit *e, size_t from, size_t to, lt_edit_kill before)
{
    size_t start = e->clusters[from].start, n = e->clusters[to].start - start;
    lt_edit_kill way = start < e->cursor ? LT_EDIT_KILL_BACK : LT_EDIT_KILL_ON;
    e->last_kill = before;
    if (n == 0)
        return false;
    lt_buf all = {0};
    if (before && way == LT_EDIT_KILL_ON)
        lt_buf_add(&all, e->killed, e->killed_len);
    lt_buf_add(&all, e->text + start, n);
    if (before && way == LT_EDIT_KILL_BACK)
        lt_buf_add(&all, e->killed, e->killed_len);
    free(e->killed);
    e->killed = all.data;
    e->killed_len = all.len;
    e->last_kill = way;
    return erase(e, from, to, LT_EDIT_ALONE);
}

static bool transpose(lt_edit *e, size_t i)
{
    i = i == e->count && i > 0 ? i - 1 : i;
    if (i == 0 || i >= e->count || is_newline(e, i) || is_newline(e, i - 1))
        return false;
    size_t start = e->clusters[i - 1].start, middle = e->clusters[i].start,
           end = e->clusters[i + 1].start;
    lt_buf both = {0};
    lt_buf_add(&both, e->text + middle, end - middle);
    lt_buf_add(&both, e->text + start, middle - start);
    bool ok = lt_edit_replace(e, start, end, both.data, both.len, LT_EDIT_ALONE);
    lt_buf_done(&both);
    return ok;
}

typedef struct span {
    size_t start, end;
} span;

static int depth_of(char c)
{
    return c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
}

static bool is_balanced(const lt_edit *e)
{
    int depth = 0;
    for (size_t i = 0; i < e->len && depth >= 0; i++)
        if (e->text[i] == '\\' && i + 1 < e->len)
            i++;
        else
            depth += depth_of(e->text[i]);
    return depth == 0;
}

/* From a phrase's start to the comma that ends it, or the end of the text. */
static size_t phrase_end(const lt_edit *e, size_t i, bool brackets)
{
    for (int depth = 0; i < e->len; i++)
        if (brackets && e->text[i] == '\\' && i + 1 < e->len)
            i++;
        else if (brackets && depth_of(e->text[i]))
            depth += depth_of(e->text[i]);
        else if (e->text[i] == ',' && depth == 0)
            break;
    return i;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

static span trim(const lt_edit *e, span s)
{
    while (s.start < s.end && is_space(e->text[s.start]))
        s.start++;
    while (s.start < s.end && is_space(e->text[s.end - 1]))
        s.end--;
    return s;
}

/* The phrase under the cursor and its neighbour on one side, without the blanks around them. */
static bool find_phrases(const lt_edit *e, bool left, span *here, span *other)
{
    bool brackets = is_balanced(e); /* otherwise a stray one would hide every comma after it */
    span before = {0}, now = {0, phrase_end(e, 0, brackets)};
    bool first = true;
    while (e->cursor > now.end) {
        before = now;
        now = (span){now.end + 1, phrase_end(e, now.end + 1, brackets)};
        first = false;
    }
    if (left ? first : now.end == e->len)
        return false;
    *here = trim(e, now);
    *other = trim(e, left ? before : (span){now.end + 1, phrase_end(e, now.end + 1, brackets)});
    return true;
}

static bool move_phrase(lt_edit *e, bool left)
{
    span here, other;
    if (!find_phrases(e, left, &here, &other))
        return false;
    span a = left ? other : here, b = left ? here : other;
    size_t size = here.end - here.start,
           inside = e->cursor > here.start ? e->cursor - here.start : 0;
    lt_buf swapped = {0};
    lt_buf_add(&swapped, e->text + b.start, b.end - b.start);
    lt_buf_add(&swapped, e->text + a.end, b.start - a.end);
    lt_buf_add(&swapped, e->text + a.start, a.end - a.start);
    bool ok = lt_edit_replace(e, a.start, b.end, swapped.data, swapped.len, LT_EDIT_ALONE);
    if (ok)
        lt_edit_place(e, (left ? a.start : b.end - size) + (inside < size ? inside : size));
    lt_buf_done(&swapped);
    return ok;
}

static bool yank(lt_edit *e)
{
    char *copy = lt_strndup(e->killed ? e->killed : "", e->killed_len);
    bool ok = lt_edit_replace(e, e->cursor, e->cursor, copy, e->killed_len, LT_EDIT_ALONE);
    free(copy);
    return ok;
}

static bool change(lt_edit *e, lt_edit_op op, size_t i, lt_edit_kill before)
{
    switch (op) {
    case LT_EDIT_DELETE:
        return i < e->count && erase(e, i, i + 1, LT_EDIT_DELETED);
    case LT_EDIT_BACKSPACE:
        return i > 0 && erase(e, i - 1, i, LT_EDIT_BACKSPACED);
    case LT_EDIT_KILL_END:
        return cut(e, i, i < e->count && is_newline(e, i) ? i + 1 : line_end(e, i), before);
    case LT_EDIT_KILL_START:
        return cut(e, line_start(e, i), i, before);
    case LT_EDIT_KILL_BLANK_LEFT:
        return cut(e, blank_left(e, i), i, before);
    case LT_EDIT_KILL_WORD_LEFT:
        return cut(e, word_left(e, i), i, before);
    case LT_EDIT_KILL_WORD_RIGHT:
        return cut(e, i, word_right(e, i), before);
    case LT_EDIT_YANK:
        return yank(e);
    case LT_EDIT_TRANSPOSE:
        return transpose(e, i);
    case LT_EDIT_NEWLINE:
        return e->lines && lt_edit_replace(e, e->cursor, e->cursor, "\n", 1, LT_EDIT_TYPED);
    case LT_EDIT_CLEAR:
        return erase(e, 0, e->count, LT_EDIT_ALONE);
    case LT_EDIT_PHRASE_LEFT:
    case LT_EDIT_PHRASE_RIGHT:
        return move_phrase(e, op == LT_EDIT_PHRASE_LEFT);
    default:
        return false;
    }
}

bool lt_edit_do(lt_edit *e, lt_edit_op op)
{
    size_t i = lt_edit_index(e, e->cursor), to;
    lt_edit_kill before = e->last_kill;
    if (target(e, op, i, &to))
        return lt_edit_move(e, e->clusters[to].start);
    e->refused = e->selected = false;
    e->last_kill = LT_EDIT_NO_KILL;
    e->goal = -1;
    if (op != LT_EDIT_UNDO && op != LT_EDIT_REDO)
        return change(e, op, i, before);
    e->group = LT_EDIT_ALONE;
    return op == LT_EDIT_UNDO ? lt_edit_undo(e) : lt_edit_redo(e);
}
