/* token_table.c - see token_table.h. */
#include "tui/token_table.h"

const char *lt_token_kind_name(lt_token_kind kind)
{
    static const char *const names[] = {"start", "text", "end", "padding", "cut"};
    return names[kind];
}

int lt_token_padding(const lt_tokens *t)
{
    return (int)(t->length - t->used) - 2;
}

/* Rows of the padding. */
static int padding_rows(const lt_tokens *t, bool open)
{
    int n = lt_token_padding(t);
    return open || n == 0 ? n : 1;
}

int lt_token_rows(const lt_tokens *t, bool open)
{
    return (int)t->total + 2 + padding_rows(t, open);
}

lt_token_row lt_token_row_at(const lt_tokens *t, bool open, int row)
{
    int used = (int)t->used, padding = padding_rows(t, open);
    lt_token_row r = {.kind = LT_TOKEN_CUT, .position = row, .count = 1};
    if (row >= used + 2 + padding) {
        r.token = (size_t)(row - 2 - padding);
        r.position = -1;
        r.id = t->all[r.token].id;
        return r;
    }
    r.id = t->ids[row];
    r.kind = row == 0          ? LT_TOKEN_START
             : row <= used     ? LT_TOKEN_TEXT
             : row == used + 1 ? LT_TOKEN_END
                               : LT_TOKEN_PADDING;
    if (r.kind == LT_TOKEN_TEXT)
        r.token = (size_t)row - 1;
    if (r.kind == LT_TOKEN_PADDING && !open)
        r.count = lt_token_padding(t);
    return r;
}

static bool has_word(const lt_token_row *r)
{
    return r->kind == LT_TOKEN_TEXT || r->kind == LT_TOKEN_CUT;
}

static int row_of(const lt_tokens *t, bool open, size_t token)
{
    return (int)token + (token < t->used ? 1 : 2 + padding_rows(t, open));
}

int lt_token_word_row(const lt_tokens *t, bool open, int row, int by)
{
    int rows = lt_token_rows(t, open), step = by < 0 ? -1 : 1;
    lt_token_row from = lt_token_row_at(t, open, row);
    for (int i = row + step; i >= 0 && i < rows; i += step) {
        lt_token_row r = lt_token_row_at(t, open, i);
        bool same = has_word(&from) && t->all[r.token].word == t->all[from.token].word;
        if (has_word(&r) && !same)
            return by < 0 ? row_of(t, open, lt_tokens_word(t, t->total, r.token).first) : i;
    }
    return row;
}

size_t lt_token_words(const lt_tokens *t, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += i == from || t->all[i].word != t->all[i - 1].word;
    return n;
}
