/*
 * tokenizer.h - a prompt to the token ids that a CLIP text encoder reads.
 *
 * Byte-pair encoding with the vocabulary of a model's tokenizer/ folder, id for id as the
 * CLIPTokenizer of transformers 5 (the "fast" one that diffusers runs): special tokens,
 * normalisation (clip_unicode.h), the pattern that cuts words, byte-level merges. The padding token
 * takes part: where it is "!" (Stable Diffusion 2, SDXL's second encoder), every "!" of a prompt
 * becomes padding, as it does there.
 *
 * An open tokenizer is constant: any number of threads may use it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The longest prompt, in bytes. */
#define LT_TOKENIZER_MAX_TEXT ((size_t)256 * 1024)

typedef struct lt_tokenizer lt_tokenizer;

/* Reads vocab.json and merges.txt of `dir`, and special_tokens_map.json and tokenizer_config.json
 * where they exist: begin, end and padding token are taken from the first of the two that names
 * them (else
 * <|startoftext|>, <|endoftext|>, <|endoftext|>), the length from "model_max_length" (else 77).
 * LT_ERR_IO for a missing file, LT_ERR_FORMAT for a damaged one, LT_ERR_MODEL for files that do not
 * fit together.  *out is the caller's, for lt_tokenizer_close. */
bool lt_tokenizer_open(const char *dir, lt_tokenizer **out, lt_error *err) LT_WARN_UNUSED;
void lt_tokenizer_close(lt_tokenizer *tok); /* NULL is fine */

/* One token of a prompt and the bytes [start, end) of the prompt that it stands for, in whole
 * characters; tokens that share a character share its bytes.  word: which of the words it belongs
 * to, from 0: what the tokenizer's pattern cuts out of a text and then merges by itself, such as
 * "fox", "," or "'s", and each special token.  The pieces of a word follow each other. */
typedef struct lt_token {
    int32_t id;
    size_t start, end, word;
} lt_token;

typedef struct lt_tokens {
    lt_token *all; /* owned: every token of the prompt, without begin and end */
    size_t total;  /* how many */
    size_t used;   /* how many the model sees: at most length - 2; the rest is cut off */
    int32_t *ids;  /* owned: begin, all[0..used), end, then padding; [length] */
    size_t length; /* 77 */
} lt_tokens;

/* Encodes n bytes of text (may hold NUL).  Text that is not UTF-8, or longer than
 * LT_TOKENIZER_MAX_TEXT, is LT_ERR_ARGUMENT.  *out is written on success only; release it with
 * lt_tokens_done. */
bool lt_tokenizer_encode(const lt_tokenizer *tok, const char *text, size_t n, lt_tokens *out,
                         lt_error *err) LT_WARN_UNUSED;
void lt_tokens_done(lt_tokens *tokens); /* {0} is fine */

/* A word of a prompt: its tokens all[first .. first + count), and the bytes [start, end) of the
 * prompt. */
typedef struct lt_token_word {
    size_t first, count, start, end;
} lt_token_word;
/* The word of token i < limit, as far as it is among the first `limit` tokens: `total`, or `used`
 * for what the model sees of it. */
lt_token_word lt_tokens_word(const lt_tokens *tokens, size_t limit, size_t i);

/* The n bytes of a prompt without [start, end), in whole characters: blanks at the seam become one,
 * words that were apart stay so, and a comma goes with the word where it would stand at the start
 * or the end of what is left, or beside another one.  The caller's, with a NUL behind it. */
char *lt_tokens_without(const char *text, size_t n, size_t start, size_t end);

/* The vocabulary's own spelling of a token: "cat</w>", or "ðŁĺ" for the bytes F0 9F 98.  Borrowed;
 * NULL for an id that is not in the vocabulary. */
const char *lt_tokenizer_piece(const lt_tokenizer *tok, int32_t id);

/* The same to be read: the bytes that the piece stands for, without </w>, escaped as lt_text_escape
 * does
 * ("\xF0\x9F\x98" for a part of a character).  Returns the length written; "" for an unknown id. */
size_t lt_tokenizer_readable(const lt_tokenizer *tok, int32_t id, char *to, size_t size);

int32_t lt_tokenizer_begin(const lt_tokenizer *tok);
int32_t lt_tokenizer_end(const lt_tokenizer *tok);
int32_t lt_tokenizer_pad(const lt_tokenizer *tok);
size_t lt_tokenizer_length(const lt_tokenizer *tok);     /* of lt_tokens.ids: 77 */
size_t lt_tokenizer_vocab_size(const lt_tokenizer *tok); /* largest id + 1: 49408 */
