/* token_words.c - the words of a prompt, and a prompt without one of them; see tokenizer.h. */
#include <ctype.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/tokenizer.h"

lt_token_word lt_tokens_word(const lt_tokens *tokens, size_t limit, size_t i)
{
    const lt_token *t = tokens->all;
    lt_token_word w = {.first = i, .start = t[i].start, .end = t[i].end};
    while (w.first > 0 && t[w.first - 1].word == t[i].word)
        w.first--;
    for (size_t k = w.first; k < limit && t[k].word == t[i].word; k++) {
        w.start = t[k].start < w.start ? t[k].start : w.start;
        w.end = t[k].end > w.end ? t[k].end : w.end;
        w.count++;
    }
    return w;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes [from, to) without the blanks at their end, and without those at their start. */
static size_t trim_end(const char *text, size_t from, size_t to)
{
    while (to > from && is_blank(text[to - 1]))
        to--;
    return to;
}

static size_t trim_start(const char *text, size_t from, size_t to)
{
    while (from < to && is_blank(text[from]))
        from++;
    return from;
}

/* True if these two bytes, side by side, would make one word of two. */
static bool would_join(char a, char b)
{
    return (isalnum((unsigned char)a) || (unsigned char)a >= 0x80) &&
           (isalnum((unsigned char)b) || (unsigned char)b >= 0x80);
}

char *lt_tokens_without(const char *text, size_t n, size_t start, size_t end)
{
    lt_buf out = {0};
    size_t left = trim_end(text, 0, start), right = trim_start(text, end, n);
    bool blank = left < start || right > end;
    bool before = left > 0 && text[left - 1] == ',', after = right < n && text[right] == ',';
    if (after && (left == 0 || before))
        right = trim_start(text, right + 1, n);
    else if (before && right == n)
        left = trim_end(text, 0, left - 1);
    else if (after)
        blank = false; /* "a fox, running" without "fox" */
    lt_buf_add(&out, text, left);
    if (left > 0 && right < n && (blank || would_join(text[left - 1], text[right])))
        lt_buf_char(&out, ' ');
    lt_buf_add(&out, text + right, n - right);
    return out.data ? out.data : lt_strdup("");
}
