/*
 * fuzz_prompt.c - input: a prompt.  What the settings accept is encoded with the vocabulary of the
 * demo model, and goes into a PNG and into JSON and back.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/text.h"
#include "fuzz.h"
#include "image/png.h"
#include "model/tokenizer.h"
#include "pipeline/params.h"
#include "pipeline/words.h"

static lt_tokenizer *tokenizer; /* open until the program ends */

static void close_tokenizer(void)
{
    lt_tokenizer_close(tokenizer);
}

static void open_tokenizer(void)
{
    lt_error err = {0};
    LT_ASSERT(lt_tokenizer_open(LT_ASSETS "/demo/tokenizer", &tokenizer, &err));
    LT_ASSERT(atexit(close_tokenizer) == 0);
}

static void check_tokens(const lt_tokens *t, size_t n)
{
    LT_ASSERT(t->used <= t->total && t->length == 77);
    for (size_t i = 0; i < t->total; i++)
        LT_ASSERT(t->all[i].start <= t->all[i].end && t->all[i].end <= n);
    for (size_t i = 0; i < t->length; i++)
        LT_ASSERT(t->ids[i] >= 0 && (size_t)t->ids[i] < lt_tokenizer_vocab_size(tokenizer));
}

/* They cover the positions of the model. */
static void check_words(const char *prompt, const lt_tokens *t, lt_words_by by)
{
    lt_prompt_words w;
    int at = 0;
    lt_words_of(prompt, t, by, &w);
    for (int i = 0; i < w.count; at = w.at[i++].to)
        LT_ASSERT(w.at[i].from == at && w.at[i].to > at && w.at[i].text);
    LT_ASSERT(at == (int)t->length);
    lt_words_done(&w);
}

static void through_png(const char *prompt)
{
    lt_image *image = NULL, *again = NULL;
    lt_png_texts texts = {0}, found = {0};
    lt_buf bytes = {0};
    lt_error err = {0};
    LT_ASSERT(lt_image_new(1, 1, &image, &err));
    lt_png_texts_add(&texts, "prompt", prompt);
    LT_ASSERT(lt_png_encode(&bytes, image, &texts, 0, &err));
    LT_ASSERT(lt_png_decode(bytes.data, bytes.len, &again, &found, &err));
    LT_ASSERT(strcmp(lt_png_texts_get(&found, "prompt"), prompt) == 0);
    lt_png_texts_done(&texts);
    lt_png_texts_done(&found);
    lt_image_unref(image);
    lt_image_unref(again);
    lt_buf_done(&bytes);
}

/* json-c 0.16 takes an escaped character above U+FFFF whose low 16 bits look like half of a pair
 * for that half, and reads U+FFFD. */
static bool json_c_misreads(const char *s)
{
    for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
        int32_t point;
        n = lt_text_next(s, left, &point);
        if (point > 0xFFFF && (point & 0xF800) == 0xD800 && lt_text_hostile(point))
            return true;
    }
    return false;
}

static void through_json(const char *prompt)
{
    lt_buf json = {0}, shown = {0};
    lt_buf_json(&json, prompt);
    lt_buf_json_shown(&shown, json.data);
    json_object *o = json_tokener_parse(shown.data);
    LT_ASSERT(o);
    LT_ASSERT(json_c_misreads(prompt) || strcmp(json_object_get_string(o), prompt) == 0);
    json_object_put(o);
    lt_buf_done(&json);
    lt_buf_done(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {.data = data, .size = size};
    lt_params p;
    lt_error err = {0};
    lt_tokens tokens = {0};
    char *text = fuzz_next(&in, NULL);
    size_t n = strlen(text);
    if (!tokenizer)
        open_tokenizer();
    lt_params_init(&p);
    lt_params_add_prompt(&p, text);
    bool ok = lt_params_check(&p, &err);
    LT_ASSERT(ok == lt_text_valid(text, n, NULL));
    if (ok && lt_tokenizer_encode(tokenizer, text, n, &tokens, &err)) {
        check_tokens(&tokens, n);
        check_words(text, &tokens, LT_BY_WORD);
        check_words(text, &tokens, LT_BY_TOKEN);
        through_png(text);
        through_json(text);
    } else {
        LT_ASSERT(err.code == LT_ERR_ARGUMENT && (!ok || n > LT_TOKENIZER_MAX_TEXT));
    }
    lt_tokens_done(&tokens);
    lt_params_done(&p);
    free(text);
    return 0;
}
