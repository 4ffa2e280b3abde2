/* fuzz_tokenizer.c - input: a prompt, encoded with a small vocabulary, padded as SD 1 and as SD 2.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"
#include "fuzz.h"
#include "model/tokenizer.h"

#define MINI LT_TEST_DATA "/model/tokenizer/mini"

/* [0] pads with the end token, [1] with "!"; open until the program ends. */
static lt_tokenizer *tokenizers[2];

static void close_both(void)
{
    for (int i = 0; i < 2; i++)
        lt_tokenizer_close(tokenizers[i]);
}

static void open_both(void)
{
    static const char special[] = "{\"bos_token\": \"<|startoftext|>\", \"eos_token\": "
                                  "\"<|endoftext|>\", \"pad_token\": \"!\"}";
    lt_error err = {0};
    fuzz_link("vocab.json", MINI "/vocab.json");
    fuzz_link("merges.txt", MINI "/merges.txt");
    fuzz_write("special_tokens_map.json", special, sizeof special - 1);
    LT_ASSERT(lt_tokenizer_open(MINI, &tokenizers[0], &err));
    LT_ASSERT(lt_tokenizer_open(fuzz_dir(), &tokenizers[1], &err));
    LT_ASSERT(lt_tokenizer_pad(tokenizers[0]) != lt_tokenizer_pad(tokenizers[1]));
    LT_ASSERT(atexit(close_both) == 0);
}

/* Words are in order and without a gap; the text without one is UTF-8, and has nothing of its own
 * but a blank. */
static void check_word(const char *text, size_t n, const lt_tokens *t, size_t i)
{
    lt_token_word w = lt_tokens_word(t, t->total, i);
    LT_ASSERT(w.first <= i && i < w.first + w.count && w.first + w.count <= t->total);
    LT_ASSERT(w.start <= t->all[i].start && t->all[i].end <= w.end && w.end <= n);
    LT_ASSERT(i == 0 ? t->all[i].word == 0 : t->all[i].word - t->all[i - 1].word <= 1);
    if (n > 4096) /* each makes a copy */
        return;
    char *left = lt_tokens_without(text, n, w.start, w.end);
    size_t bytes = memchr(text, 0, n) ? 0 : strlen(left);
    LT_ASSERT(lt_text_valid(left, bytes, NULL) && bytes <= n - (w.end - w.start) + 1);
    free(left);
}

static void check(const lt_tokenizer *tok, const char *prompt, size_t n, const lt_tokens *t)
{
    char text[64];
    LT_ASSERT(t->length == lt_tokenizer_length(tok) && t->used <= t->length - 2);
    LT_ASSERT(t->used == (t->total < t->length - 2 ? t->total : t->length - 2));
    LT_ASSERT(t->ids[0] == lt_tokenizer_begin(tok) && t->ids[t->used + 1] == lt_tokenizer_end(tok));
    for (size_t i = t->used + 2; i < t->length; i++)
        LT_ASSERT(t->ids[i] == lt_tokenizer_pad(tok));
    for (size_t i = 0; i < t->total; i++) {
        const lt_token *k = &t->all[i];
        LT_ASSERT(k->start <= k->end && k->end <= n);
        LT_ASSERT(lt_tokenizer_piece(tok, k->id));
        LT_ASSERT(i >= t->used || t->ids[i + 1] == k->id);
        lt_tokenizer_readable(tok, k->id, text, sizeof text);
        check_word(prompt, n, t, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!tokenizers[0])
        open_both();
    bool valid = lt_text_valid((const char *)data, size, NULL) && size <= LT_TOKENIZER_MAX_TEXT;
    for (int i = 0; i < 2; i++) {
        lt_tokens tokens = {0};
        lt_error err = {0};
        bool ok = lt_tokenizer_encode(tokenizers[i], (const char *)data, size, &tokens, &err);
        LT_ASSERT(ok == valid);
        if (ok)
            check(tokenizers[i], (const char *)data, size, &tokens);
        lt_tokens_done(&tokens);
    }
    return 0;
}
