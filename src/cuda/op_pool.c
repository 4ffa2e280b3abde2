/* op_pool.c - see op_pool.h. */
#include "cuda/op_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* With one more pin; NULL if there is none. */
static lt_cuda_op *find(const lt_cuda_pool *p, const char *words)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->items[i]->words, words) == 0) {
            p->items[i]->pins++;
            return p->items[i];
        }
    return NULL;
}

static lt_cuda_op *insert(lt_cuda_pool *p, const char *words)
{
    lt_cuda_op *op = lt_alloc(sizeof *op);
    op->pins = 1;
    memcpy(op->words, words, sizeof op->words);
    if (p->count == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->items = lt_grow(p->items, (size_t)p->cap, sizeof(lt_cuda_op *));
    }
    p->items[p->count++] = op;
    return op;
}

bool lt_cuda_pool_conv(lt_cuda_pool *p, const lt_conv_shape *shape, lt_cuda_op **out, lt_error *err)
{
    char words[LT_SHAPE_WORDS] = "";
    lt_conv *conv;
    if ((*out = find(p, lt_conv_shape_text(shape, words))))
        return true;
    if (!lt_conv_new(p->stream, shape, &conv, err))
        return lt_fail_in(err, "%s", words);
    *out = insert(p, words);
    (*out)->conv = conv;
    return true;
}

bool lt_cuda_pool_matmul(lt_cuda_pool *p, const lt_matmul_shape *shape, lt_cuda_op **out,
                         lt_error *err)
{
    char words[LT_SHAPE_WORDS] = "";
    lt_matmul *matmul;
    if ((*out = find(p, lt_matmul_shape_text(shape, words))))
        return true;
    if (!lt_matmul_new(p->stream, shape, &matmul, err))
        return lt_fail_in(err, "%s", words);
    *out = insert(p, words);
    (*out)->matmul = matmul;
    return true;
}

bool lt_cuda_pool_attention(lt_cuda_pool *p, const lt_attention_shape *shape, lt_cuda_op **out,
                            lt_error *err)
{
    char words[LT_SHAPE_WORDS] = "";
    lt_attention_op *attention;
    if ((*out = find(p, lt_attention_shape_text(shape, words))))
        return true;
    if (!lt_attention_op_new(p->stream, shape, &attention, err))
        return lt_fail_in(err, "%s", words);
    *out = insert(p, words);
    (*out)->attention = attention;
    return true;
}

void lt_cuda_pool_unpin(lt_cuda_pool *p, lt_cuda_op *op)
{
    if (!op || --op->pins > 0)
        return;
    for (int i = 0; i < p->count; i++)
        if (p->items[i] == op)
            p->items[i] = p->items[--p->count];
    lt_conv_free(op->conv);
    lt_matmul_free(op->matmul);
    lt_attention_op_free(op->attention);
    free(op);
}

void lt_cuda_pool_done(lt_cuda_pool *p)
{
    free(p->items);
    *p = (lt_cuda_pool){0};
}
