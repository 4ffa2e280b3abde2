/*
 * tokenizer_open.c - reading a tokenizer/ folder; see tokenizer.h.
 * vocab.json gives every token its id, merges.txt one merge a line in order of rank.  The special
 * tokens follow transformers 5: a token given as an object is matched where its "normalized" says,
 * one given as a plain string in the raw text; of two entries with one spelling the later counts,
 * in the order begin, end, unknown, padding; "added_tokens_decoder" of tokenizer_config.json
 * outranks both.
 */
#define _POSIX_C_SOURCE 200809L
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json_file.h"
#include "model/tokenizer_impl.h"

enum {
    FILE_LIMIT = 16 << 20,
    CONFIG_LIMIT = 1 << 20,
    MAX_ENTRIES = 1 << 20,
    MAX_PIECE = 1024,    /* bytes; CLIP's longest is under 100 */
    DEFAULT_LENGTH = 77, /* CLIP's context, Radford et al. 2021 (arXiv:2103.00020) 2.4 */
    MIN_LENGTH = 2,
    MAX_LENGTH = 1024,
};

/* The files of one tokenizer while it is opened. */
typedef struct reader {
    lt_tokenizer *tok; /* borrowed */
    const char *dir;
    int32_t *index; /* owned: hash table of ids by piece, [mask + 1], -1 free */
    size_t mask;
    struct json_object *map, *config; /* owned; NULL where the file does not exist */
} reader;

uint32_t lt_tokenizer_symbol(unsigned char byte)
{
    if ((byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173))
        return byte;
    if (byte <= 32)
        return 256u + byte;
    return byte == 173 ? 256 + 67 : 256 + 33 + (uint32_t)(byte - 127);
}

lt_merge *lt_tokenizer_slot(lt_merge *merges, size_t mask, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)left << 32 | (uint32_t)right;
    size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 32) & mask; /* Fibonacci hashing */
    while (merges[i].rank != UINT32_MAX && (merges[i].left != left || merges[i].right != right))
        i = (i + 1) & mask;
    return &merges[i];
}

static size_t table_size(size_t entries)
{
    size_t size = 64;
    while (size < entries * 2)
        size *= 2;
    return size;
}

/* The slot of the piece a ++ b: where its id is, or the free one where it would go. */
static int32_t *piece_slot(const reader *r, const char *a, size_t na, const char *b, size_t nb)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < na; i++)
        hash = (hash ^ (unsigned char)a[i]) * 16777619u;
    for (size_t i = 0; i < nb; i++)
        hash = (hash ^ (unsigned char)b[i]) * 16777619u;
    for (size_t i = hash & r->mask;; i = (i + 1) & r->mask) {
        if (r->index[i] < 0)
            return &r->index[i];
        const char *piece = r->tok->pieces[r->index[i]];
        if (strlen(piece) == na + nb && memcmp(piece, a, na) == 0 && memcmp(piece + na, b, nb) == 0)
            return &r->index[i];
    }
}

/* The id of a piece, or -1. */
static int32_t piece_id(const reader *r, const char *piece)
{
    return *piece_slot(r, piece, strlen(piece), "", 0);
}

/* An optional file leaves *out as it is when it does not exist. */
static bool read_json(const reader *r, const char *name, bool optional, struct json_object **out,
                      lt_error *err)
{
    char *path = lt_path_join(r->dir, name);
    bool ok = (optional && !lt_file_exists(path)) ||
              lt_json_file_read(path, optional ? CONFIG_LIMIT : FILE_LIMIT, out, err);
    free(path);
    return ok;
}

static bool vocab_entry(reader *r, const char *key, struct json_object *value, lt_error *err)
{
    int64_t id = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
    if (id < 0 || id >= MAX_ENTRIES)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' has the id %s, expected 0 to %d", key,
                       json_object_to_json_string(value), MAX_ENTRIES - 1);
    lt_tokenizer *tok = r->tok;
    if ((size_t)id >= tok->vocab) {
        size_t old = tok->vocab, count = (size_t)id + 1;
        tok->pieces = lt_grow(tok->pieces, count, sizeof *tok->pieces);
        memset(tok->pieces + old, 0, (count - old) * sizeof *tok->pieces);
        tok->vocab = count;
    }
    if (tok->pieces[id])
        return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' and '%s' have the same id %d",
                       tok->pieces[id], key, (int)id);
    size_t n = strlen(key);
    if (n > MAX_PIECE)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the token with id %d has %zu bytes, at most %d",
                       (int)id, n, MAX_PIECE);
    int32_t *slot = piece_slot(r, key, n, "", 0);
    if (*slot >= 0)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' has two ids", key);
    tok->pieces[id] = lt_arena_strdup(tok->arena, key);
    *slot = (int32_t)id;
    return true;
}

static bool fill_vocab(reader *r, struct json_object *root, lt_error *err)
{
    size_t count = (size_t)json_object_object_length(root);
    if (count > MAX_ENTRIES)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "%zu tokens, at most %d", count, MAX_ENTRIES);
    r->mask = table_size(count) - 1;
    r->index = lt_alloc_array(r->mask + 1, sizeof *r->index);
    memset(r->index, 0xFF, (r->mask + 1) * sizeof *r->index);
    r->tok->pieces = lt_alloc_array(count + 1, sizeof *r->tok->pieces);
    r->tok->vocab = count;
    struct json_object_iterator it = json_object_iter_begin(root), end = json_object_iter_end(root);
    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
        if (!vocab_entry(r, json_object_iter_peek_name(&it), json_object_iter_peek_value(&it), err))
            return false;
    for (int b = 0; b < 256; b++) {
        utf8proc_uint8_t symbol[4];
        size_t n = (size_t)utf8proc_encode_char(
            (utf8proc_int32_t)lt_tokenizer_symbol((unsigned char)b), symbol);
        r->tok->inner[b] = *piece_slot(r, (const char *)symbol, n, "", 0);
        r->tok->last[b] = *piece_slot(r, (const char *)symbol, n, LT_WORD_END, strlen(LT_WORD_END));
        if (r->tok->inner[b] < 0 || r->tok->last[b] < 0)
            return lt_fail(err, LT_ERR_MODEL, "use the tokenizer folder of a CLIP text encoder",
                           "no '%.*s%s' among %zu tokens: not a CLIP vocabulary", (int)n,
                           (const char *)symbol, r->tok->inner[b] < 0 ? "" : LT_WORD_END, count);
    }
    return true;
}

static bool read_vocab(reader *r, lt_error *err)
{
    struct json_object *root = NULL;
    if (!read_json(r, "vocab.json", false, &root, err))
        return false;
    bool ok = fill_vocab(r, root, err) || lt_fail_in(err, "cannot use '%s/vocab.json'", r->dir);
    json_object_put(root);
    return ok;
}

static size_t count_lines(const lt_buf *text)
{
    size_t n = 1;
    for (size_t i = 0; i < text->len; i++)
        n += text->data[i] == '\n';
    return n;
}

/* One line "left right" of n bytes, without its end. */
static bool merge_line(reader *r, const char *line, size_t n, uint32_t rank, lt_error *err)
{
    const char *space = memchr(line, ' ', n);
    size_t left = space ? (size_t)(space - line) : 0, right = space ? n - left - 1 : 0;
    if (!left || !right || memchr(space + 1, ' ', right))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "expected two tokens, found '%.*s'",
                       (int)(n < 80 ? n : 80), line);
    int32_t a = *piece_slot(r, line, left, "", 0), b = *piece_slot(r, space + 1, right, "", 0);
    int32_t to = *piece_slot(r, line, left, space + 1, right);
    if (a < 0 || b < 0 || to < 0)
        return lt_fail(err, LT_ERR_MODEL, "vocab.json and merges.txt must be of one model",
                       "'%.*s%.*s' is not in vocab.json",
                       (int)(b < 0 && a >= 0 ? 0
                             : left < 80     ? left
                                             : 80),
                       line,
                       (int)(a < 0        ? 0
                             : right < 80 ? right
                                          : 80),
                       space + 1);
    lt_merge *slot = lt_tokenizer_slot(r->tok->merges, r->tok->mask, a, b);
    *slot = (lt_merge){a, b, to, rank};
    return true;
}

static bool fill_merges(reader *r, const lt_buf *text, lt_error *err)
{
    size_t lines = count_lines(text), number = 0;
    uint32_t rank = 0;
    if (lines > MAX_ENTRIES)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "%zu lines, at most %d", lines, MAX_ENTRIES);
    r->tok->mask = table_size(lines) - 1;
    r->tok->merges = lt_alloc_array(r->tok->mask + 1, sizeof *r->tok->merges);
    memset(r->tok->merges, 0xFF, (r->tok->mask + 1) * sizeof *r->tok->merges);
    for (size_t i = 0, next; i < text->len; i = next) {
        const char *line = text->data + i, *end = memchr(line, '\n', text->len - i);
        size_t n = end ? (size_t)(end - line) : text->len - i;
        next = i + n + 1;
        number++;
        if (n && line[n - 1] == '\r')
            n--;
        if (n == 0 || (number == 1 && n >= 8 && memcmp(line, "#version", 8) == 0))
            continue;
        if (!merge_line(r, line, n, rank++, err))
            return lt_fail_in(err, "line %zu", number);
    }
    return rank > 0 || lt_fail(err, LT_ERR_FORMAT, NULL, "no merges");
}

static bool read_merges(reader *r, lt_error *err)
{
    lt_buf text = {0};
    char *path = lt_path_join(r->dir, "merges.txt");
    bool ok = lt_file_read(path, FILE_LIMIT, &text, err);
    if (ok && !fill_merges(r, &text, err))
        ok = lt_fail_in(err, "cannot use '%s'", path);
    lt_buf_done(&text);
    free(path);
    return ok;
}

/* Registers a special token; a second one with the same spelling replaces how it is matched. */
static bool add_special(reader *r, const char *text, bool normalised, int32_t *id, lt_error *err)
{
    lt_tokenizer *tok = r->tok;
    *id = piece_id(r, text);
    if (*id < 0 || !*text)
        return lt_fail(err, LT_ERR_MODEL, "use the tokenizer folder of a CLIP text encoder",
                       "the special token '%s' is not in vocab.json", text);
    size_t k = 0;
    while (k < tok->n_specials && tok->specials[k].id != *id)
        k++;
    if (k == LT_MAX_SPECIALS)
        return lt_fail(err, LT_ERR_MODEL, NULL, "more than %d special tokens", LT_MAX_SPECIALS);
    if (k == tok->n_specials) {
        lt_special *sp = &tok->specials[tok->n_specials++];
        sp->text = tok->pieces[*id];
        sp->id = *id;
        lt_clip_unicode_normalise(text, 0, strlen(text), &sp->folded);
    }
    tok->specials[k].normalised = normalised;
    return true;
}

static bool flag(struct json_object *object, const char *name, bool missing)
{
    struct json_object *value;
    return json_object_object_get_ex(object, name, &value) ? json_object_get_boolean(value)
                                                           : missing;
}

/* A token as an object {"content", "normalized", ...} or as a plain string. */
static bool add_special_json(reader *r, const char *name, struct json_object *value, int32_t *id,
                             lt_error *err)
{
    bool object = json_object_is_type(value, json_type_object), normalised = false;
    if (object) {
        normalised = flag(value, "normalized", true);
        if (flag(value, "lstrip", false) || flag(value, "rstrip", false) ||
            flag(value, "single_word", false))
            return lt_fail(err, LT_ERR_MODEL, NULL,
                           "'%s' asks for lstrip, rstrip or single_word, which CLIP does not use",
                           name);
        json_object_object_get_ex(value, "content", &value);
    }
    if (!json_object_is_type(value, json_type_string))
        return lt_fail(err, LT_ERR_FORMAT, NULL,
                       "'%s' is not a string or an object with a 'content'", name);
    return add_special(r, json_object_get_string(value), normalised, id, err);
}

/* The token called `name`: from special_tokens_map.json, else tokenizer_config.json, else
 * `spelled`. */
static bool named_special(reader *r, const char *name, const char *spelled, int32_t *id,
                          lt_error *err)
{
    struct json_object *value = NULL;
    if (json_object_object_get_ex(r->map, name, &value) && value)
        return add_special_json(r, name, value, id, err) ||
               lt_fail_in(err, "cannot use '%s/special_tokens_map.json'", r->dir);
    if (json_object_object_get_ex(r->config, name, &value) && value)
        return add_special_json(r, name, value, id, err) ||
               lt_fail_in(err, "cannot use '%s/tokenizer_config.json'", r->dir);
    return add_special(r, spelled, false, id, err) ||
           lt_fail_in(err, "cannot use '%s/vocab.json'", r->dir);
}

static bool added_tokens(reader *r, lt_error *err)
{
    struct json_object *added = NULL;
    int32_t id;
    if (!json_object_object_get_ex(r->config, "added_tokens_decoder", &added) ||
        !json_object_is_type(added, json_type_object))
        return true;
    struct json_object_iterator it = json_object_iter_begin(added),
                                end = json_object_iter_end(added);
    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        const char *key = json_object_iter_peek_name(&it);
        if (!add_special_json(r, key, json_object_iter_peek_value(&it), &id, err))
            return lt_fail_in(
                err, "cannot use 'added_tokens_decoder' of '%s/tokenizer_config.json'", r->dir);
    }
    return true;
}

static bool read_length(reader *r, lt_error *err)
{
    struct json_object *value = NULL;
    r->tok->length = DEFAULT_LENGTH;
    if (!json_object_object_get_ex(r->config, "model_max_length", &value) || !value)
        return true;
    /* transformers writes 10^30 for "not set". */
    if (json_object_get_double(value) > 1e18)
        return true;
    int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
    if (n < MIN_LENGTH || n > MAX_LENGTH)
        return lt_fail(err, LT_ERR_MODEL, NULL,
                       "cannot use '%s/tokenizer_config.json': 'model_max_length' is %s, expected "
                       "%d to %d",
                       r->dir, json_object_to_json_string(value), MIN_LENGTH, MAX_LENGTH);
    r->tok->length = (size_t)n;
    return true;
}

static bool read_specials(reader *r, lt_error *err)
{
    static const char begin[] = "<|startoftext|>", end[] = "<|endoftext|>";
    lt_tokenizer *tok = r->tok;
    int32_t unknown;
    return read_json(r, "special_tokens_map.json", true, &r->map, err) &&
           read_json(r, "tokenizer_config.json", true, &r->config, err) && read_length(r, err) &&
           named_special(r, "bos_token", begin, &tok->begin, err) &&
           named_special(r, "eos_token", end, &tok->end, err) &&
           named_special(r, "unk_token", end, &unknown, err) &&
           named_special(r, "pad_token", end, &tok->pad, err) && added_tokens(r, err);
}

bool lt_tokenizer_open(const char *dir, lt_tokenizer **out, lt_error *err)
{
    lt_tokenizer *tok = lt_alloc(sizeof *tok);
    reader r = {.tok = tok, .dir = dir};
    tok->arena = lt_arena_new();
    bool ok = read_vocab(&r, err) && read_merges(&r, err) && read_specials(&r, err);
    free(r.index);
    json_object_put(r.map);
    json_object_put(r.config);
    if (ok)
        *out = tok;
    else
        lt_tokenizer_close(tok);
    return ok;
}

void lt_tokenizer_close(lt_tokenizer *tok)
{
    if (!tok)
        return;
    for (size_t k = 0; k < tok->n_specials; k++)
        lt_clip_text_done(&tok->specials[k].folded);
    free(tok->pieces);
    free(tok->merges);
    lt_arena_free(tok->arena);
    free(tok);
}
