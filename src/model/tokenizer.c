/*
 * tokenizer.c - encoding; see tokenizer.h.
 * A prompt is cut at the special tokens of the raw text; each part is normalised, cut at the
 * special tokens of normalised text, cut into words, and each word's bytes are merged by rank
 * (Sennrich et al. 2016, arXiv:1508.07909) with a heap, so that one word of n bytes takes n log n
 * steps.
 */
#include "model/tokenizer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/text.h"
#include "model/tokenizer_impl.h"

enum { NONE = -1 };

/* One token of a word while it is merged; a list through the array. */
typedef struct symbol {
    int32_t id; /* NONE once merged into the one before */
    int32_t prev, next;
    uint32_t first, end; /* its characters in scratch.text */
} symbol;

/* All that one call needs, reused from word to word. */
typedef struct scratch {
    const lt_tokenizer *tok;
    lt_clip_text text;
    symbol *symbols; /* owned */
    size_t n_symbols, cap_symbols;
    uint64_t *heap; /* owned: rank << 32 | left symbol, smallest first */
    size_t n_heap, cap_heap;
    lt_token *tokens; /* owned */
    size_t n_tokens, cap_tokens, n_words;
} scratch;

static void scratch_done(scratch *s)
{
    lt_clip_text_done(&s->text);
    free(s->symbols);
    free(s->heap);
    free(s->tokens);
}

static void add_token(scratch *s, int32_t id, size_t start, size_t end)
{
    if (s->n_tokens == s->cap_tokens) {
        s->cap_tokens = s->cap_tokens * 2 + 128;
        s->tokens = lt_grow(s->tokens, s->cap_tokens, sizeof *s->tokens);
    }
    s->tokens[s->n_tokens++] = (lt_token){id, start, end, s->n_words};
}

static void heap_push(scratch *s, uint64_t key)
{
    if (s->n_heap == s->cap_heap) {
        s->cap_heap = s->cap_heap * 2 + 64;
        s->heap = lt_grow(s->heap, s->cap_heap, sizeof *s->heap);
    }
    size_t i = s->n_heap++;
    for (; i && s->heap[(i - 1) / 2] > key; i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = key;
}

static uint64_t heap_pop(scratch *s)
{
    uint64_t top = s->heap[0], key = s->heap[--s->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->n_heap; i = child) {
        if (child + 1 < s->n_heap && s->heap[child + 1] < s->heap[child])
            child++;
        if (s->heap[child] >= key)
            break;
        s->heap[i] = s->heap[child];
    }
    s->heap[i] = key;
    return top;
}

/* The merge of symbol i with its right neighbour, or NULL. */
static const lt_merge *merge_at(const scratch *s, int32_t i)
{
    const symbol *left = &s->symbols[i];
    if (left->id == NONE || left->next == NONE)
        return NULL;
    const lt_merge *m =
        lt_tokenizer_slot(s->tok->merges, s->tok->mask, left->id, s->symbols[left->next].id);
    return m->rank == UINT32_MAX ? NULL : m;
}

static void offer(scratch *s, int32_t i)
{
    const lt_merge *m = i == NONE ? NULL : merge_at(s, i);
    if (m)
        heap_push(s, (uint64_t)m->rank << 32 | (uint32_t)i);
}

static void merge_all(scratch *s)
{
    s->n_heap = 0;
    for (size_t i = 0; i + 1 < s->n_symbols; i++)
        offer(s, (int32_t)i);
    while (s->n_heap) {
        uint64_t key = heap_pop(s);
        int32_t i = (int32_t)(key & UINT32_MAX);
        const lt_merge *m = merge_at(s, i);
        if (!m || m->rank != key >> 32)
            continue; /* the pair was merged away since it was offered */
        symbol *left = &s->symbols[i], *right = &s->symbols[left->next];
        left->id = m->to;
        left->end = right->end;
        left->next = right->next;
        right->id = NONE;
        if (left->next != NONE)
            s->symbols[left->next].prev = i;
        offer(s, left->prev);
        offer(s, i);
    }
}

/* Characters [from, to) of the normalised text as one token. */
static void add_span(scratch *s, int32_t id, size_t from, size_t to)
{
    size_t start = SIZE_MAX, end = 0;
    for (size_t i = from; i < to; i++) {
        const lt_clip_char *c = &s->text.chars[i];
        start = c->start < start ? c->start : start;
        end = c->end > end ? c->end : end;
    }
    add_token(s, id, start, end);
}

static void add_symbol(scratch *s, int32_t id, size_t at)
{
    if (s->n_symbols == s->cap_symbols) {
        s->cap_symbols = s->cap_symbols * 2 + 64;
        s->symbols = lt_grow(s->symbols, s->cap_symbols, sizeof *s->symbols);
    }
    int32_t i = (int32_t)s->n_symbols++;
    s->symbols[i] = (symbol){id, i - 1, i + 1, (uint32_t)at, (uint32_t)at + 1};
}

/* Characters [from, to), not empty, as one word. */
static void add_word(scratch *s, size_t from, size_t to)
{
    s->n_symbols = 0;
    unsigned char byte = 0;
    for (size_t i = from; i < to; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)s->text.chars[i].point, bytes);
        for (utf8proc_ssize_t k = 0; k < n; k++) {
            byte = bytes[k];
            add_symbol(s, s->tok->inner[byte], i);
        }
    }
    symbol *last = &s->symbols[s->n_symbols - 1];
    last->id = s->tok->last[byte];
    last->next = NONE;
    merge_all(s);
    for (int32_t i = 0; i != NONE; i = s->symbols[i].next)
        add_span(s, s->symbols[i].id, s->symbols[i].first, s->symbols[i].end);
    s->n_words++;
}

/* The length of `literal` if characters [at, to) begin with it, else 0. */
static size_t starts_with(const scratch *s, size_t at, size_t to, const char *literal)
{
    size_t n = strlen(literal);
    if (to - at < n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (s->text.chars[at + i].point != (unsigned char)literal[i])
            return 0;
    return n;
}

static size_t any_of(const scratch *s, size_t at, size_t to, const char *const *literals)
{
    for (; *literals; literals++) {
        size_t n = starts_with(s, at, to, *literals);
        if (n)
            return n;
    }
    return 0;
}

/* Cuts characters [from, to) into words, as the tokenizer's pattern does: the first that fits of a
 * special token's spelling, a contraction, a run of letters, one number, a run of anything else but
 * spaces. */
static void add_words(scratch *s, size_t from, size_t to)
{
    static const char *const spelled[] = {"<|startoftext|>", "<|endoftext|>", NULL};
    static const char *const contractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d", NULL};
    const lt_clip_char *chars = s->text.chars;
    for (size_t i = from, n; i < to; i += n) {
        lt_clip_class class = lt_clip_unicode_class(chars[i].point);
        n = 1;
        if (class == LT_CLIP_SPACE)
            continue;
        if (chars[i].point == '<' && (n = any_of(s, i, to, spelled)) != 0) {
            /* Found here it is text, not the token; the byte-level step cuts it once more. */
            add_word(s, i, i + 2);
            add_word(s, i + 2, i + n - 2);
            add_word(s, i + n - 2, i + n);
            continue;
        }
        n = chars[i].point == '\'' ? any_of(s, i, to, contractions) : 0;
        if (n == 0) {
            n = 1;
            while (class != LT_CLIP_NUMBER && i + n < to &&
                   lt_clip_unicode_class(chars[i + n].point) == class)
                n++;
        }
        add_word(s, i, i + n);
    }
}

static bool same_points(const lt_clip_char *a, const lt_clip_char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].point != b[i].point)
            return false;
    return true;
}

/* The longest special token of normalised text at character `at`, or NULL. */
static const lt_special *folded_special(const scratch *s, size_t at)
{
    const lt_special *best = NULL;
    for (size_t k = 0; k < s->tok->n_specials; k++) {
        const lt_special *sp = &s->tok->specials[k];
        if (sp->normalised && sp->folded.len && s->text.len - at >= sp->folded.len &&
            same_points(s->text.chars + at, sp->folded.chars, sp->folded.len) &&
            (!best || sp->folded.len > best->folded.len))
            best = sp;
    }
    return best;
}

/* Bytes [from, to) of the prompt, which hold no special token of raw text. */
static void add_part(scratch *s, const char *text, size_t from, size_t to)
{
    lt_clip_unicode_normalise(text, from, to, &s->text);
    size_t begin = 0;
    for (size_t i = 0; i < s->text.len;) {
        const lt_special *sp = folded_special(s, i);
        if (!sp) {
            i++;
            continue;
        }
        add_words(s, begin, i);
        add_span(s, sp->id, i, i + sp->folded.len);
        s->n_words++;
        i += sp->folded.len;
        begin = i;
    }
    add_words(s, begin, s->text.len);
}

/* The longest special token of raw text at text[at], or NULL. */
static const lt_special *raw_special(const lt_tokenizer *tok, const char *text, size_t at, size_t n)
{
    const lt_special *best = NULL;
    for (size_t k = 0; k < tok->n_specials; k++) {
        const lt_special *sp = &tok->specials[k];
        size_t len = strlen(sp->text);
        if (!sp->normalised && n - at >= len && memcmp(text + at, sp->text, len) == 0 &&
            (!best || len > strlen(best->text)))
            best = sp;
    }
    return best;
}

static void add_text(scratch *s, const char *text, size_t n)
{
    size_t begin = 0;
    for (size_t i = 0; i < n;) {
        const lt_special *sp = raw_special(s->tok, text, i, n);
        if (!sp) {
            i++;
            continue;
        }
        size_t len = strlen(sp->text);
        add_part(s, text, begin, i);
        add_token(s, sp->id, i, i + len);
        s->n_words++;
        i += len;
        begin = i;
    }
    add_part(s, text, begin, n);
}

bool lt_tokenizer_encode(const lt_tokenizer *tok, const char *text, size_t n, lt_tokens *out,
                         lt_error *err)
{
    size_t bad;
    if (n > LT_TOKENIZER_MAX_TEXT)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "the prompt is too long: %zu bytes, at most %zu are read", n,
                       LT_TOKENIZER_MAX_TEXT);
    if (!lt_text_valid(text, n, &bad))
        return lt_fail(err, LT_ERR_ARGUMENT, "give the prompt in UTF-8",
                       "the prompt is not UTF-8: wrong byte 0x%02X at offset %zu",
                       (unsigned char)text[bad], bad);
    scratch s = {.tok = tok};
    add_text(&s, text, n);
    *out = (lt_tokens){.all = s.tokens, .total = s.n_tokens, .length = tok->length};
    s.tokens = NULL;
    scratch_done(&s);

    size_t room = tok->length - 2;
    out->used = out->total < room ? out->total : room;
    out->ids = lt_alloc_array(tok->length, sizeof *out->ids);
    out->ids[0] = tok->begin;
    for (size_t i = 0; i < out->used; i++)
        out->ids[1 + i] = out->all[i].id;
    out->ids[1 + out->used] = tok->end;
    for (size_t i = out->used + 2; i < tok->length; i++)
        out->ids[i] = tok->pad;
    return true;
}

void lt_tokens_done(lt_tokens *tokens)
{
    free(tokens->all);
    free(tokens->ids);
    *tokens = (lt_tokens){0};
}

const char *lt_tokenizer_piece(const lt_tokenizer *tok, int32_t id)
{
    return id >= 0 && (size_t)id < tok->vocab ? tok->pieces[id] : NULL;
}

static bool is_special(const lt_tokenizer *tok, int32_t id)
{
    bool found = id == tok->begin || id == tok->end;
    for (size_t k = 0; k < tok->n_specials; k++)
        found = found || tok->specials[k].id == id;
    return found;
}

/* The byte that a character of a piece stands for, or NONE. */
static int byte_of(uint32_t point)
{
    for (int b = 0; b < 256; b++)
        if (lt_tokenizer_symbol((unsigned char)b) == point)
            return b;
    return NONE;
}

size_t lt_tokenizer_readable(const lt_tokenizer *tok, int32_t id, char *to, size_t size)
{
    const char *piece = lt_tokenizer_piece(tok, id);
    if (!piece)
        piece = "";
    size_t n = strlen(piece), tail = strlen(LT_WORD_END);
    if (is_special(tok, id))
        return lt_text_escape(to, size, piece, n);
    if (n > tail && strcmp(piece + n - tail, LT_WORD_END) == 0)
        n -= tail;
    lt_buf bytes = {0};
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)piece + i,
                                                 (utf8proc_ssize_t)(n - i), &point);
        size_t step = used > 0 ? (size_t)used : 1;
        int byte = used > 0 ? byte_of((uint32_t)point) : NONE;
        if (byte == NONE)
            lt_buf_add(&bytes, piece + i, step);
        else
            lt_buf_char(&bytes, (char)byte);
        i += step;
    }
    size_t len = lt_text_escape(to, size, bytes.data ? bytes.data : "", bytes.len);
    lt_buf_done(&bytes);
    return len;
}

int32_t lt_tokenizer_begin(const lt_tokenizer *tok)
{
    return tok->begin;
}

int32_t lt_tokenizer_end(const lt_tokenizer *tok)
{
    return tok->end;
}

int32_t lt_tokenizer_pad(const lt_tokenizer *tok)
{
    return tok->pad;
}

size_t lt_tokenizer_length(const lt_tokenizer *tok)
{
    return tok->length;
}

size_t lt_tokenizer_vocab_size(const lt_tokenizer *tok)
{
    return tok->vocab;
}
