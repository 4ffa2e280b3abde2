/* words.c - see words.h. */
#include "pipeline/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

/* A word in memory of its own; takes the text over. */
static void add(lt_prompt_words *w, lt_word_kind kind, int from, int to, char *text)
{
    w->at = lt_grow(w->at, (size_t)w->count + 1, sizeof *w->at);
    w->at[w->count++] = (lt_word){.kind = kind, .from = from, .to = to, .text = text};
}

static char *text_of(const char *prompt, const lt_token_word *word)
{
    lt_buf text = {0};
    lt_buf_escape(&text, prompt + word->start, word->end - word->start);
    return text.data ? text.data : lt_strdup("");
}

/* What begins with token i. */
static lt_token_word part_at(const lt_tokens *tokens, lt_words_by by, size_t i)
{
    if (by == LT_BY_WORD)
        return lt_tokens_word(tokens, tokens->used, i);
    const lt_token *t = &tokens->all[i];
    return (lt_token_word){.first = i, .count = 1, .start = t->start, .end = t->end};
}

void lt_words_of(const char *prompt, const lt_tokens *tokens, lt_words_by by, lt_prompt_words *out)
{
    int used = (int)tokens->used, length = (int)tokens->length;
    *out = (lt_prompt_words){0};
    add(out, LT_WORD_START, 0, 1, lt_strdup("<start>"));
    for (int i = 0, next; i < used; i = next) {
        lt_token_word word = part_at(tokens, by, (size_t)i);
        next = i + (int)word.count;
        add(out, LT_WORD_PROMPT, i + 1, next + 1, text_of(prompt, &word));
    }
    add(out, LT_WORD_END, used + 1, used + 2, lt_strdup("<end>"));
    if (used + 2 < length)
        add(out, LT_WORD_PADDING, used + 2, length, lt_strdup("<padding>"));
}

int lt_words_at(const lt_prompt_words *w, int position)
{
    int i = 0;
    while (i + 1 < w->count && w->at[i].to <= position)
        i++;
    return i;
}

void lt_words_copy(lt_prompt_words *to, const lt_prompt_words *from)
{
    *to = (lt_prompt_words){0};
    for (int i = 0; i < from->count; i++)
        add(to, from->at[i].kind, from->at[i].from, from->at[i].to, lt_strdup(from->at[i].text));
}

void lt_words_done(lt_prompt_words *w)
{
    for (int i = 0; i < w->count; i++)
        free(w->at[i].text);
    free(w->at);
    *w = (lt_prompt_words){0};
}
