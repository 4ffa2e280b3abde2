/* attention.c - see attention.h. */
#include "pipeline/attention.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"

static size_t cells(const lt_attention_size *s)
{
    return (size_t)s->h * (size_t)s->w;
}

/* One block for all maps, of zeros. */
static bool make_block(lt_attention_maps *a, lt_error *err)
{
    size_t count = 0;
    void *memory;
    for (int i = 0; i < a->count; i++)
        count += cells(&a->size[i]) * (size_t)a->tokens;
    a->bytes = count * sizeof *a->block;
    if (!lt_try_alloc(a->bytes, "attention maps", &memory, err))
        return false;
    float *next = a->block = memory;
    for (int i = 0; i < a->count; i++) {
        a->size[i].at = next;
        next += cells(&a->size[i]) * (size_t)a->tokens;
    }
    return true;
}

bool lt_attention_new(const lt_unet_config *c, int tokens, int h, int w, lt_attention_maps **out,
                      lt_error *err)
{
    lt_attention_maps *a = lt_alloc(sizeof *a);
    a->tokens = tokens;
    for (int level = 0; level < c->levels; level++) {
        int lh = h, lw = w;
        bool middle = c->mid_block && level == c->levels - 1;
        const lt_attention_size *last = a->count ? &a->size[a->count - 1] : NULL;
        lt_unet_level(c, level, &lh, &lw);
        bool same = last && last->h == lh && last->w == lw; /* 1x1 does not halve */
        if ((c->down_attends[level] || c->up_attends[level] || middle) && !same)
            a->size[a->count++] = (lt_attention_size){.h = lh, .w = lw};
    }
    if (a->count == 0) {
        free(a);
        return lt_fail(err, LT_ERR_MODEL, NULL, "this UNet has no cross-attention");
    }
    if (!make_block(a, err)) {
        free(a);
        return false;
    }
    *out = a;
    return true;
}

void lt_attention_free(lt_attention_maps *a)
{
    if (!a)
        return;
    lt_words_done(&a->words);
    lt_words_done(&a->pieces);
    free(a->block);
    free(a);
}

void lt_attention_of(lt_attention_maps *a, const char *prompt, const lt_tokens *tokens)
{
    lt_words_done(&a->words);
    lt_words_done(&a->pieces);
    lt_words_of(prompt, tokens, LT_BY_WORD, &a->words);
    lt_words_of(prompt, tokens, LT_BY_TOKEN, &a->pieces);
}

void lt_attention_swap(lt_attention_maps *a)
{
    lt_prompt_words words = a->words;
    a->words = a->pieces;
    a->pieces = words;
}

void lt_attention_add(lt_attention_maps *sum, const lt_attention_maps *more)
{
    LT_ASSERT(more->bytes == sum->bytes);
    for (size_t i = 0; i < sum->bytes / sizeof *sum->block; i++)
        sum->block[i] += more->block[i];
}

void lt_attention_divide(lt_attention_maps *sum, int by)
{
    for (size_t i = 0; i < sum->bytes / sizeof *sum->block; i++)
        sum->block[i] /= (float)by;
}

bool lt_attention_copy(const lt_attention_maps *a, lt_attention_maps **out, lt_error *err)
{
    lt_attention_maps *copy = lt_alloc(sizeof *copy);
    *copy = *a;
    copy->words = copy->pieces = (lt_prompt_words){0};
    if (!make_block(copy, err)) {
        free(copy);
        return false;
    }
    memcpy(copy->block, a->block, a->bytes);
    lt_words_copy(&copy->words, &a->words);
    lt_words_copy(&copy->pieces, &a->pieces);
    *out = copy;
    return true;
}

bool lt_attention_mean(const lt_attention_maps *const *all, int n, lt_attention_maps **out,
                       lt_error *err)
{
    if (!lt_attention_copy(all[0], out, err))
        return false;
    for (int k = 1; k < n; k++)
        lt_attention_add(*out, all[k]);
    lt_attention_divide(*out, n);
    return true;
}

void lt_attention_clear(lt_attention_maps *a)
{
    memset(a->block, 0, a->bytes);
    for (int i = 0; i < a->count; i++)
        a->size[i].layers = 0;
}

void lt_attention_layer(lt_attention_maps *a, int64_t positions, const float *map)
{
    int k = 0;
    while (k < a->count && cells(&a->size[k]) != (size_t)positions)
        k++;
    LT_ASSERT(k < a->count);
    lt_attention_size *s = &a->size[k];
    for (size_t i = 0; i < (size_t)positions * (size_t)a->tokens; i++)
        s->at[i] += map[i];
    s->layers++;
}

void lt_attention_end(lt_attention_maps *a)
{
    for (int k = 0; k < a->count; k++) {
        lt_attention_size *s = &a->size[k];
        for (size_t i = 0; i < cells(s) * (size_t)a->tokens; i++)
            s->at[i] /= (float)(s->layers ? s->layers : 1);
    }
}

/* ---- of a word ---- */

void lt_attention_grid(const lt_attention_maps *a, int size, int *h, int *w)
{
    const lt_attention_size *s = &a->size[size == LT_ATTENTION_ALL ? 0 : size];
    *h = s->h;
    *w = s->w;
}

static float of_word(const lt_attention_maps *a, const lt_attention_size *s, size_t i,
                     const lt_word *w)
{
    float sum = 0;
    for (int t = w->from; t < w->to; t++)
        sum += s->at[i * (size_t)a->tokens + (size_t)t];
    return sum;
}

/* Where one of n target cells lies between source cells: the first of two, and the second's
 * share. */
static float between(int target, int n, int source, int *first)
{
    float at = ((float)target + 0.5f) * (float)source / (float)n - 0.5f;
    at = at < 0 ? 0 : at > (float)(source - 1) ? (float)(source - 1) : at;
    *first = (int)at < source - 1 ? (int)at : source > 1 ? source - 2 : 0;
    return source > 1 ? at - (float)*first : 0;
}

/* The map x [h,w] at cell row, column of H x W. */
static float enlarged(const float *x, int h, int w, int row, int column, int H, int W)
{
    int i, j;
    float b = between(row, H, h, &i), c = between(column, W, w, &j);
    const float *upper = x + (size_t)i * (size_t)w + j, *lower = h > 1 ? upper + w : upper;
    int right = w > 1;
    return (1 - b) * ((1 - c) * upper[0] + c * upper[right]) +
           b * ((1 - c) * lower[0] + c * lower[right]);
}

/* Adds a resolution's map, enlarged to H x W, to out. */
static void add_enlarged(const lt_attention_maps *a, const lt_attention_size *s,
                         const lt_word *word, int H, int W, float *out)
{
    float *map = lt_alloc_array(cells(s), sizeof *map);
    for (size_t i = 0; i < cells(s); i++)
        map[i] = of_word(a, s, i, word);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            out[(size_t)y * (size_t)W + (size_t)x] += enlarged(map, s->h, s->w, y, x, H, W);
    free(map);
}

void lt_attention_map(const lt_attention_maps *a, int size, const lt_word *word, float *out)
{
    int h, w;
    if (size != LT_ATTENTION_ALL) {
        for (size_t i = 0; i < cells(&a->size[size]); i++)
            out[i] = of_word(a, &a->size[size], i, word);
        return;
    }
    lt_attention_grid(a, size, &h, &w);
    memset(out, 0, (size_t)h * (size_t)w * sizeof *out);
    for (int k = 0; k < a->count; k++)
        add_enlarged(a, &a->size[k], word, h, w, out);
    for (size_t i = 0; i < (size_t)h * (size_t)w; i++)
        out[i] /= (float)a->count;
}

/* The map, the caller's, and its mean. */
static float *map_of(const lt_attention_maps *a, int size, const lt_word *word, double *mean)
{
    int h, w;
    double sum = 0;
    lt_attention_grid(a, size, &h, &w);
    size_t n = (size_t)h * (size_t)w;
    float *map = lt_alloc_array(n, sizeof *map);
    lt_attention_map(a, size, word, map);
    for (size_t i = 0; i < n; i++)
        sum += (double)map[i];
    *mean = sum / (double)n;
    return map;
}

double lt_attention_share(const lt_attention_maps *a, int size, const lt_word *word)
{
    double mean;
    free(map_of(a, size, word, &mean));
    return mean;
}

static int cell_at(double x, int n)
{
    int i = (int)(x * n);
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

int lt_attention_at(const lt_attention_maps *a, int size, double x, double y)
{
    int h, w, best = -1;
    double most = 0;
    lt_attention_grid(a, size, &h, &w);
    size_t cell = (size_t)cell_at(y, h) * (size_t)w + (size_t)cell_at(x, w);
    for (int i = 0; i < a->words.count; i++) {
        double mean;
        if (a->words.at[i].kind != LT_WORD_PROMPT)
            continue;
        float *map = map_of(a, size, &a->words.at[i], &mean);
        double value = mean > 0 ? (double)map[cell] / mean : 0;
        if (best < 0 || value > most) {
            best = i;
            most = value;
        }
        free(map);
    }
    return best;
}

/* ---- drawn ---- */

/* matplotlib's "inferno" at tenths. */
static const unsigned char colours[][3] = {
    {0, 0, 4},     {22, 11, 57},   {66, 10, 104},  {106, 23, 110}, {147, 38, 103},  {188, 55, 84},
    {221, 81, 58}, {243, 120, 25}, {252, 165, 10}, {246, 215, 70}, {252, 255, 164},
};
enum { COLOURS = sizeof colours / sizeof *colours };

/* v from 0 to 1 over a pixel. */
static void blend(float v, const unsigned char *under, unsigned char *out)
{
    float at = v * (COLOURS - 1);
    int i = at < COLOURS - 2 ? (int)at : COLOURS - 2;
    float f = at - (float)i, cover = 0.1f + 0.75f * v;
    float grey = 0.299f * (float)under[0] + 0.587f * (float)under[1] + 0.114f * (float)under[2];
    for (int c = 0; c < 3; c++) {
        float colour = (1 - f) * (float)colours[i][c] + f * (float)colours[i + 1][c];
        out[c] = (unsigned char)((1 - cover) * 0.7f * grey + cover * colour + 0.5f);
    }
}

static lt_attention_range range_of(const float *x, size_t n)
{
    lt_attention_range r = {(double)x[0], (double)x[0]};
    for (size_t i = 1; i < n; i++) {
        r.min = (double)x[i] < r.min ? (double)x[i] : r.min;
        r.max = (double)x[i] > r.max ? (double)x[i] : r.max;
    }
    return r;
}

lt_attention_range lt_attention_range_of(const lt_attention_maps *a, int size, const lt_word *word)
{
    int h, w;
    double mean;
    lt_attention_grid(a, size, &h, &w);
    float *map = map_of(a, size, word, &mean);
    lt_attention_range r = range_of(map, (size_t)h * (size_t)w);
    free(map);
    return r;
}

bool lt_attention_draw(const lt_attention_maps *a, int size, const lt_word *word,
                       const lt_image *over, lt_image **out, lt_error *err)
{
    int h, w, W = over->width, H = over->height;
    double mean;
    if (!lt_image_new(W, H, out, err))
        return false;
    lt_attention_grid(a, size, &h, &w);
    float *map = map_of(a, size, word, &mean);
    lt_attention_range r = range_of(map, (size_t)h * (size_t)w);
    float low = (float)r.min, span = r.max > r.min ? (float)r.max - low : 1;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            size_t at = 3 * ((size_t)y * (size_t)W + (size_t)x);
            float v = (enlarged(map, h, w, y, x, H, W) - low) / span;
            blend(v < 0 ? 0 : v > 1 ? 1 : v, over->rgb + at, (*out)->rgb + at);
        }
    free(map);
    return true;
}
