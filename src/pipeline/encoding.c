/* encoding.c - see encoding.h. */
#include "pipeline/encoding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool lt_encoding_make(lt_engine *e, const char *text, size_t n, lt_progress *progress,
                      lt_encoding **out, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    const lt_clip_config *clip = about->clip;
    lt_tokens tokens;
    void *memory;
    if (!lt_tokenizer_encode(about->tokenizer, text, n, &tokens, err))
        return false;
    size_t count = (size_t)clip->max_position_embeddings * (size_t)clip->hidden_size;
    if (!lt_try_alloc(count * sizeof(float), "the hidden states", &memory, err)) {
        lt_tokens_done(&tokens);
        return false;
    }
    lt_encoding *c = lt_alloc(sizeof *c);
    *c = (lt_encoding){.text = lt_alloc(n + 1),
                       .tokens = tokens,
                       .positions = clip->max_position_embeddings,
                       .width = clip->hidden_size,
                       .hidden = memory,
                       .row = lt_clip_pooled_row(clip, tokens.ids, (int)tokens.length)};
    if (n)
        memcpy(c->text, text, n);
    c->text[n] = '\0';
    c->pooled = c->hidden + (size_t)c->row * (size_t)c->width;
    if (!lt_engine_encode_text(e, c->tokens.ids, c->hidden, progress, err)) {
        lt_encoding_free(c);
        return false;
    }
    *out = c;
    return true;
}

void lt_encoding_free(lt_encoding *e)
{
    if (!e)
        return;
    lt_tokens_done(&e->tokens);
    free(e->text);
    free(e->hidden);
    free(e);
}

static double dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

static double cosine(const float *x, const float *y, size_t n)
{
    double lengths = sqrt(dot(x, x, n)) * sqrt(dot(y, y, n));
    return lengths > 0 ? dot(x, y, n) / lengths : 0;
}

lt_encoding_numbers lt_encoding_numbers_at(const lt_encoding *e, int position)
{
    size_t n = (size_t)e->width;
    const float *x = e->hidden + (size_t)position * n;
    return (lt_encoding_numbers){.rms = sqrt(dot(x, x, n) / (double)n),
                                 .to_pooled = cosine(x, e->pooled, n),
                                 .to_start = cosine(x, e->hidden, n)};
}

void lt_encoding_bins(const lt_encoding *e, int position, int bins, double *out)
{
    size_t n = (size_t)e->width, count = (size_t)bins;
    const float *x = e->hidden + (size_t)position * n;
    for (size_t i = 0; i < count; i++) {
        size_t from = n * i / count, to = n * (i + 1) / count;
        out[i] = sqrt(dot(x + from, x + from, to - from) / (double)(to - from));
    }
}
