/*
 * fuzz_vocabulary.c - input: vocab.json, merges.txt, special_tokens_map.json and
 * tokenizer_config.json with a byte 0x1E between; the last two may be absent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "fuzz.h"
#include "model/tokenizer.h"

static void encode(const lt_tokenizer *tok)
{
    static const char text[] = "a cat!! \xC3\x89T\xC3\x89 <|endoftext|> 42's";
    lt_tokens tokens = {0};
    lt_error err = {0};
    LT_ASSERT(lt_tokenizer_encode(tok, text, sizeof text - 1, &tokens, &err));
    for (size_t i = 0; i < tokens.length; i++)
        LT_ASSERT(tokens.ids[i] >= 0 && (size_t)tokens.ids[i] < lt_tokenizer_vocab_size(tok));
    lt_tokens_done(&tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"vocab.json", "merges.txt", "special_tokens_map.json",
                                        "tokenizer_config.json"};
    fuzz_input in = {.data = data, .size = size};
    lt_tokenizer *tok = NULL;
    lt_error err = {0};
    for (int i = 0; i < 4; i++) {
        size_t n = 2;
        char *text = fuzz_next(&in, &n);
        fuzz_write(names[i], text ? text : "{}", n);
        free(text);
    }
    if (lt_tokenizer_open(fuzz_dir(), &tok, &err))
        encode(tok);
    else
        LT_ASSERT(err.code != LT_ERR_NONE && *err.message);
    lt_tokenizer_close(tok);
    return 0;
}
