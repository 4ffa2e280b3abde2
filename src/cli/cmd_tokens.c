/* cmd_tokens.c - `latentty tokens`: a prompt as the text encoder reads it. */
#include "base/buf.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/stdin_text.h"
#include "model/tokenizer.h"
#include "weights/model_dir.h"

static bool open_tokenizer(const lt_context *c, lt_params *p, lt_tokenizer **out, lt_error *err)
{
    lt_model_request request = {.needed = 1u << LT_TOKENIZER};
    lt_model_dir dir = {0};
    if (!p->tokenizer && !lt_open_defaults(c, p, LT_NEEDS_TEXT, err))
        return false;
    request.model = p->tokenizer ? NULL : p->model;
    request.component[LT_TOKENIZER] = p->tokenizer;
    bool ok = lt_model_dir_resolve(&request, &dir, err) &&
              lt_tokenizer_open(dir.path[LT_TOKENIZER], out, err);
    lt_model_dir_done(&dir);
    return ok;
}

static json_object *token_json(const lt_tokenizer *tok, const lt_tokens *tokens, size_t i,
                               const char *text)
{
    const lt_token *t = &tokens->all[i];
    lt_token_word word = lt_tokens_word(tokens, tokens->total, i);
    json_object *o = json_object_new_object();
    char readable[256];
    lt_tokenizer_readable(tok, t->id, readable, sizeof readable);
    lt_output_set(o, "id", json_object_new_int(t->id));
    lt_output_set(o, "piece", lt_output_text(lt_tokenizer_piece(tok, t->id)));
    lt_output_set(o, "text", json_object_new_string(readable));
    lt_output_set(o, "start", json_object_new_uint64(t->start));
    lt_output_set(o, "end", json_object_new_uint64(t->end));
    lt_output_set(o, "position", json_object_new_uint64(i + 1));
    lt_output_set(o, "word", json_object_new_uint64(t->word));
    lt_output_set(o, "word_text",
                  json_object_new_string_len(text + word.start, (int)(word.end - word.start)));
    return o;
}

/* What the model does not see: from the first token that is cut off. */
static const char *cut_of(const lt_tokens *t, const char *text)
{
    return t->used < t->total ? text + t->all[t->used].start : "";
}

static void print_json(const lt_tokenizer *tok, const lt_tokens *t, const lt_buf *text)
{
    json_object *o = json_object_new_object(), *ids = json_object_new_array(),
                *tokens = json_object_new_array();
    for (size_t i = 0; i < t->length; i++)
        json_object_array_add(ids, json_object_new_int(t->ids[i]));
    for (size_t i = 0; i < t->used; i++)
        json_object_array_add(tokens, token_json(tok, t, i, text->data));
    lt_output_set(o, "text", lt_output_text(text->data));
    lt_output_set(o, "ids", ids);
    lt_output_set(o, "tokens", tokens);
    lt_output_set(o, "count", json_object_new_uint64(t->total));
    lt_output_set(o, "used", json_object_new_uint64(t->used));
    lt_output_set(o, "room", json_object_new_uint64(t->length - 2));
    lt_output_set(o, "length", json_object_new_uint64(t->length));
    lt_output_set(o, "cut", lt_output_text(cut_of(t, text->data)));
    lt_output_set(o, "begin", json_object_new_int(lt_tokenizer_begin(tok)));
    lt_output_set(o, "end", json_object_new_int(lt_tokenizer_end(tok)));
    lt_output_set(o, "pad", json_object_new_int(lt_tokenizer_pad(tok)));
    lt_output_json(o);
}

static void print_ids(const lt_tokens *t)
{
    lt_buf row = {0};
    for (size_t i = 0; i < t->length; i++) {
        lt_buf_format(&row, "%s%5d", i % 11 ? " " : "", t->ids[i]);
        if (i % 11 == 10 || i + 1 == t->length) {
            lt_output_line(stdout, "%s", row.data);
            lt_buf_clear(&row);
        }
    }
    lt_buf_done(&row);
}

static void print_table(const lt_tokenizer *tok, const lt_tokens *t, const char *text)
{
    char readable[256];
    lt_buf row = {0};
    lt_output_line(stdout, "ids, padded to %zu with %d:", t->length, lt_tokenizer_pad(tok));
    print_ids(t);
    lt_output_line(stdout,
                   "positions, ids, pieces, their text, and the word where it has several:");
    for (size_t i = 0; i < t->used; i++) {
        lt_token_word word = lt_tokens_word(t, t->total, i);
        lt_tokenizer_readable(tok, t->all[i].id, readable, sizeof readable);
        lt_buf_format(&row, "%3zu %6d  %-16s '%s'", i + 1, t->all[i].id,
                      lt_tokenizer_piece(tok, t->all[i].id), readable);
        if (word.count > 1)
            lt_buf_format(&row, " of '%.*s'", (int)(word.end - word.start), text + word.start);
        lt_output_line(stdout, "%s", row.data);
        lt_buf_clear(&row);
    }
    lt_buf_done(&row);
    lt_output_line(stdout, "tokens: %zu of %zu", t->total, t->length - 2);
    if (t->used < t->total)
        lt_output_line(stdout, "cut off: %zu tokens, '%s'", t->total - t->used, cut_of(t, text));
    else
        lt_output_line(stdout, "cut off: nothing");
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    lt_tokenizer *tok = NULL;
    lt_tokens tokens = {0};
    lt_buf text = {0};
    bool ok = lt_open_params(c, &p, err) && lt_stdin_text(c->args->operands[0], &text, err) &&
              open_tokenizer(c, &p, &tok, err) &&
              lt_tokenizer_encode(tok, text.data, text.len, &tokens, err);
    if (ok && c->json)
        print_json(tok, &tokens, &text);
    else if (ok && !c->quiet)
        print_table(tok, &tokens, text.data);
    lt_tokens_done(&tokens);
    lt_tokenizer_close(tok);
    lt_buf_done(&text);
    lt_params_done(&p);
    return ok;
}

static const char *const settings[] = {"model", "tokenizer", NULL};

const lt_command lt_command_tokens = {
    .name = "tokens",
    .summary = "a prompt as the text encoder reads it",
    .synopsis = "TEXT [options]",
    .operand = "TEXT",
    .about =
        "Cuts a text into the tokens of a model's vocabulary: the ids that the text encoder is "
        "given, padded to 77, the pieces of the text that they stand for and the words that they "
        "belong to, how many of the 75 places are taken and what is cut off.  '-' reads the text "
        "from stdin.",
    .example = "latentty tokens \"An image of a big truck\"",
    .settings = settings,
    .run = run,
};
