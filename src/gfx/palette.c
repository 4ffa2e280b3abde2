/* palette.c - see palette.h. */
#include "gfx/palette.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    FULL = 252, /* registers for the 6x7x6 grid, and for palettes of the picture's own */
    MOST = 256,
    BINS = 32768,  /* 5 bits a channel */
    DITHER = 4,    /* half of a bin: +-4 of 256 */
    NOWHERE = 600, /* a channel of a colour that nothing is near to */
};

static const unsigned char bayer[64] = {
    0,  32, 8,  40, 2,  34, 10, 42, 48, 16, 56, 24, 50, 18, 58, 26, 12, 44, 4,  36, 14, 46,
    6,  38, 60, 28, 52, 20, 62, 30, 54, 22, 3,  35, 11, 43, 1,  33, 9,  41, 51, 19, 59, 27,
    49, 17, 57, 25, 15, 47, 7,  39, 13, 45, 5,  37, 63, 31, 55, 23, 61, 29, 53, 21};

/* What is known of the pixels in one bin. */
typedef struct tally {
    uint32_t count, sum[3];
} tally;

/* A part of the list of bins that were used, and of the pixels in it. */
typedef struct box {
    int from, to;
    uint64_t count;
    int low[3], high[3]; /* of the bins' coordinates */
} box;

struct lt_paletter {
    int registers;
    lt_palette fixed;
    unsigned char levels[3][64][256]; /* channel, place in the pattern, value -> part of an index */
    /* of an adaptive palette */
    tally *bins;                            /* [BINS] */
    uint16_t *used, *sorted;                /* [BINS] */
    uint16_t *nearest;                      /* [BINS]: index + 1, 0: not yet looked for */
    unsigned char bin_of[256 + 2 * DITHER]; /* value + dither + DITHER -> coordinate */
    int red[MOST], green[MOST], blue[MOST];
};

/* ---- the fixed grid ---- */

static const struct {
    int registers, levels[3];
} grids[] = {{FULL, {6, 7, 6}}, {60, {4, 5, 3}}, {0, {2, 4, 2}}};

static const int *grid_of(int registers)
{
    int i = 0;
    while (registers < grids[i].registers)
        i++;
    return grids[i].levels;
}

int lt_palette_fixed_count(int registers)
{
    const int *n = grid_of(registers);
    return n[0] * n[1] * n[2];
}

static void make_grid(lt_paletter *p)
{
    const int *n = grid_of(p->registers);
    const int weight[3] = {n[1] * n[2], n[2], 1};
    p->fixed.count = lt_palette_fixed_count(p->registers);
    for (int i = 0; i < p->fixed.count; i++)
        for (int c = 0; c < 3; c++) {
            int level = i / weight[c] % n[c], top = n[c] - 1;
            p->fixed.rgb[i][c] = (unsigned char)((level * 255 + top / 2) / top);
        }
    for (int c = 0; c < 3; c++)
        for (int at = 0; at < 64; at++)
            for (int v = 0; v < 256; v++) {
                int level = (v * (n[c] - 1) * 128 + (2 * bayer[at] + 1) * 255) / (255 * 128);
                level = level < n[c] ? level : n[c] - 1;
                p->levels[c][at][v] = (unsigned char)(level * weight[c]);
            }
}

lt_paletter *lt_paletter_new(int registers)
{
    lt_paletter *p = lt_alloc(sizeof *p);
    p->registers = registers;
    make_grid(p);
    for (int i = 0; i < 256 + 2 * DITHER; i++) {
        int v = i - DITHER;
        p->bin_of[i] = (unsigned char)((v < 0 ? 0 : v > 255 ? 255 : v) >> 3);
    }
    return p;
}

void lt_paletter_free(lt_paletter *p)
{
    if (!p)
        return;
    free(p->bins);
    free(p->used);
    free(p->sorted);
    free(p->nearest);
    free(p);
}

void lt_palette_fixed(lt_paletter *p, const lt_image *image, unsigned char *indices,
                      lt_palette *out)
{
    const unsigned char *s = image->rgb;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++, s += 3) {
            int at = (y & 7) * 8 + (x & 7);
            *indices++ = (unsigned char)(p->levels[0][at][s[0]] + p->levels[1][at][s[1]] +
                                         p->levels[2][at][s[2]]);
        }
    *out = p->fixed;
}

/* ---- median cut ---- */

static int coordinate(int bin, int channel)
{
    return bin >> (10 - 5 * channel) & 31;
}

static int count_bins(lt_paletter *p, const lt_image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height;
    int used = 0;
    memset(p->bins, 0, BINS * sizeof *p->bins);
    for (const unsigned char *s = image->rgb; n > 0; n--, s += 3) {
        tally *b = &p->bins[(s[0] >> 3) << 10 | (s[1] >> 3) << 5 | s[2] >> 3];
        b->count++;
        for (int c = 0; c < 3; c++)
            b->sum[c] += s[c];
    }
    for (int i = 0; i < BINS; i++)
        if (p->bins[i].count)
            p->used[used++] = (uint16_t)i;
    return used;
}

static void measure(const lt_paletter *p, box *b)
{
    b->count = 0;
    for (int c = 0; c < 3; c++) {
        b->low[c] = 31;
        b->high[c] = 0;
    }
    for (int i = b->from; i < b->to; i++) {
        b->count += p->bins[p->used[i]].count;
        for (int c = 0; c < 3; c++) {
            int at = coordinate(p->used[i], c);
            b->low[c] = at < b->low[c] ? at : b->low[c];
            b->high[c] = at > b->high[c] ? at : b->high[c];
        }
    }
}

static int longest_side(const box *b)
{
    int side = 1; /* green counts most for the eye */
    for (int c = 0; c < 3; c += 2)
        if (b->high[c] - b->low[c] > b->high[side] - b->low[side])
            side = c;
    return side;
}

/* The box whose division helps most: many pixels, far apart.  -1: none can be divided. */
static int worst(const box *boxes, int count)
{
    int best = -1;
    uint64_t most = 0;
    for (int i = 0; i < count; i++) {
        int side = longest_side(&boxes[i]);
        uint64_t width = (uint64_t)(boxes[i].high[side] - boxes[i].low[side]);
        if (width * width * boxes[i].count > most) {
            most = width * width * boxes[i].count;
            best = i;
        }
    }
    return best;
}

/* Divides b where half of its pixels lie on each side; b keeps the lower part. */
static void divide(lt_paletter *p, box *b, box *upper)
{
    int side = longest_side(b), start[33] = {0}, n = b->to - b->from;
    uint64_t pixels[32] = {0}, below = 0;
    for (int i = b->from; i < b->to; i++) {
        int at = coordinate(p->used[i], side);
        start[at + 1]++;
        pixels[at] += p->bins[p->used[i]].count;
    }
    for (int at = 0; at < 32; at++)
        start[at + 1] += start[at];
    int cut = b->low[side]; /* the last coordinate of the lower part */
    for (below = pixels[cut]; cut + 1 < b->high[side] && (below + pixels[cut + 1]) * 2 <= b->count;)
        below += pixels[++cut];
    int middle = b->from + start[cut + 1], at_next[32];
    memcpy(at_next, start, sizeof at_next);
    for (int i = b->from; i < b->to; i++)
        p->sorted[at_next[coordinate(p->used[i], side)]++] = p->used[i];
    memcpy(p->used + b->from, p->sorted, (size_t)n * sizeof *p->sorted);
    *upper = (box){.from = middle, .to = b->to};
    b->to = middle;
    measure(p, b);
    measure(p, upper);
}

static void choose(lt_paletter *p, const lt_image *image, int most, lt_palette *out)
{
    box boxes[MOST] = {{.from = 0, .to = count_bins(p, image)}};
    int count = 1;
    measure(p, &boxes[0]);
    for (int i; count < most && (i = worst(boxes, count)) >= 0; count++)
        divide(p, &boxes[i], &boxes[count]);
    out->count = count;
    for (int i = 0; i < count; i++) {
        uint64_t sum[3] = {0};
        for (int k = boxes[i].from; k < boxes[i].to; k++)
            for (int c = 0; c < 3; c++)
                sum[c] += p->bins[p->used[k]].sum[c];
        for (int c = 0; c < 3; c++)
            out->rgb[i][c] = (unsigned char)((sum[c] + boxes[i].count / 2) / boxes[i].count);
    }
}

/* ---- the nearest colour ---- */

/* The square of the distance and the index in one number, so that the loop has neither a branch nor
 * an end that the compiler does not know. */
static int look_for(const lt_paletter *p, int bin)
{
    int r = coordinate(bin, 0) * 8 + 4, g = coordinate(bin, 1) * 8 + 4, b = bin % 32 * 8 + 4;
    int best = INT32_MAX;
    for (int i = 0; i < MOST; i++) {
        int dr = p->red[i] - r, dg = p->green[i] - g, db = p->blue[i] - b;
        int key = (dr * dr + dg * dg + db * db) * MOST + i;
        best = key < best ? key : best;
    }
    return best % MOST;
}

static void assign(lt_paletter *p, const lt_image *image, unsigned char *indices, bool dither)
{
    const unsigned char *s = image->rgb;
    memset(p->nearest, 0, BINS * sizeof *p->nearest);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++, s += 3) {
            int by = dither ? bayer[(y & 7) * 8 + (x & 7)] / 8 : DITHER;
            const unsigned char *bin_of = p->bin_of + by;
            int bin = bin_of[s[0]] << 10 | bin_of[s[1]] << 5 | bin_of[s[2]];
            if (p->nearest[bin] == 0)
                p->nearest[bin] = (uint16_t)(look_for(p, bin) + 1);
            *indices++ = (unsigned char)(p->nearest[bin] - 1);
        }
}

static void own_colours(lt_paletter *p, const lt_image *image, int most, unsigned char *indices,
                        lt_palette *out)
{
    if (!p->bins) {
        p->bins = lt_alloc_array(BINS, sizeof *p->bins);
        p->used = lt_alloc_array(BINS, sizeof *p->used);
        p->sorted = lt_alloc_array(BINS, sizeof *p->sorted);
        p->nearest = lt_alloc_array(BINS, sizeof *p->nearest);
    }
    choose(p, image, most, out);
    for (int i = 0; i < MOST; i++) {
        p->red[i] = i < out->count ? out->rgb[i][0] : NOWHERE;
        p->green[i] = i < out->count ? out->rgb[i][1] : NOWHERE;
        p->blue[i] = i < out->count ? out->rgb[i][2] : NOWHERE;
    }
    assign(p, image, indices, most >= FULL);
}

void lt_palette_adaptive(lt_paletter *p, const lt_image *image, unsigned char *indices,
                         lt_palette *out)
{
    if (p->registers < FULL)
        lt_palette_fixed(p, image, indices, out);
    else
        own_colours(p, image, p->registers < MOST ? p->registers : MOST, indices, out);
}

void lt_palette_few(lt_paletter *p, const lt_image *image, int colours, unsigned char *indices,
                    lt_palette *out)
{
    own_colours(p, image, colours < p->registers ? colours : p->registers, indices, out);
}
