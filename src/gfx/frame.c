/* frame.c - the encoder of graphics.h: a picture to the bytes of a frame. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gfx/blocks.h"
#include "gfx/graphics.h"
#include "gfx/kitty.h"
#include "gfx/sixel.h"
#include "image/resize.h"

enum {
    KITTY_ID = 0x6C74,       /* ours among the pictures of a terminal: "lt" */
    TMUX_MOST = 1000 * 1000, /* tmux drops sequences above 1 MiB */
    REGISTERS_UNKNOWN = 256,
};

/* Colours of a coarse picture of sixels: a sequence for each of them crosses every band, so squares
 * alone save little. */
static const int few[LT_SCALE_COARSEST + 1] = {[2] = 64, [3] = 16, [4] = 8, [5] = 8, [6] = 8};
/* Pixels of a square.  Those that divide a band of six, or are divided by it, cost least. */
static const int sides[LT_SCALE_COARSEST + 1] = {1, 1, 2, 3, 4, 6, 12};

struct lt_encoder {
    lt_term term;
    lt_graphics kind;
    lt_paletter *paletter;  /* of sixel */
    unsigned char *indices; /* owned, of the last size */
    size_t indices_size;
    size_t tail; /* of the last frame */
};

lt_encoder *lt_encoder_new(const lt_term *term, lt_graphics kind)
{
    lt_encoder *e = lt_alloc(sizeof *e);
    e->term = *term;
    e->kind = kind;
    if (kind == LT_GRAPHICS_SIXEL)
        e->paletter = lt_paletter_new(term->registers ? term->registers : REGISTERS_UNKNOWN);
    return e;
}

void lt_encoder_free(lt_encoder *e)
{
    if (!e)
        return;
    lt_paletter_free(e->paletter);
    free(e->indices);
    free(e);
}

/* The picture in the size in which its pixels are computed; a reference that the caller owns. */
static bool scale(const lt_image *image, int width, int height, bool nearest, lt_image **out,
                  lt_error *err)
{
    bool smaller = width < image->width || height < image->height;
    lt_filter filter = smaller ? LT_BOX : nearest ? LT_NEAREST : LT_BILINEAR;
    return lt_image_resize(image, width, height, filter, out, err);
}

static bool indices_for(lt_encoder *e, const lt_image *image, lt_error *err)
{
    size_t n = (size_t)image->width * (size_t)image->height;
    void *memory;
    if (n <= e->indices_size)
        return true;
    if (!lt_try_alloc(n, "a picture of indices", &memory, err))
        return false;
    free(e->indices);
    e->indices = memory;
    e->indices_size = n;
    return true;
}

static int divided(int side, int by)
{
    return (side + by - 1) / by;
}

/* Squares of times x times pixels, the last ones cut off. */
static bool sixels(lt_encoder *e, const lt_image *image, const lt_fit *fit, lt_quality q,
                   lt_buf *out, lt_error *err)
{
    int times = sides[q.scale], wanted = fit->width / image->width;
    lt_palette palette;
    lt_image *small = NULL;
    /* a whole number of times larger: index the small one, the squares are the same; but the fixed
     * palette's pattern would be seen if it were enlarged too */
    if (fit->nearest && times <= wanted && (q.adaptive || q.scale > 1))
        times = wanted;
    if (!scale(image, divided(fit->width, times), divided(fit->height, times), fit->nearest, &small,
               err))
        return false;
    bool ok = indices_for(e, small, err);
    if (ok) {
        if (q.scale > 1)
            lt_palette_few(e->paletter, small, few[q.scale], e->indices, &palette);
        else
            (q.adaptive ? lt_palette_adaptive : lt_palette_fixed)(e->paletter, small, e->indices,
                                                                  &palette);
        lt_indexed picture = {e->indices, small->width, small->height, times,
                              fit->width, fit->height,  &palette};
        ok = lt_sixel_encode(&picture, out, err);
    }
    lt_image_unref(small);
    return ok;
}

static bool sixels_within(lt_encoder *e, const lt_image *image, const lt_fit *fit, lt_quality q,
                          lt_buf *out, lt_error *err)
{
    size_t before = out->len;
    for (;; q.scale++) {
        if (!sixels(e, image, fit, q, out, err))
            return false;
        if (e->term.mux != LT_MUX_TMUX || out->len - before < TMUX_MOST ||
            q.scale >= LT_SCALE_COARSEST)
            return true;
        out->len = before;
    }
}

/* The terminal could enlarge, but to whole cells only: the picture would change its size. */
static bool kitty(const lt_image *image, const lt_fit *fit, lt_quality q, lt_buf *out,
                  lt_error *err)
{
    lt_image *small = NULL, *whole = NULL;
    int side = sides[q.scale];
    bool ok = scale(image, divided(fit->width, side), divided(fit->height, side), fit->nearest,
                    &small, err) &&
              lt_image_resize(small, fit->width, fit->height, LT_NEAREST, &whole, err) &&
              lt_kitty_encode(whole, &(lt_kitty){.id = KITTY_ID}, out, err);
    lt_image_unref(small);
    lt_image_unref(whole);
    return ok;
}

static bool cells(const lt_encoder *e, const lt_image *image, const lt_fit *fit,
                  const lt_place *place, lt_buf *out, lt_error *err)
{
    lt_image *scaled = NULL;
    if (!scale(image, fit->width, fit->height, fit->nearest, &scaled, err))
        return false;
    if (fit->kind == LT_GRAPHICS_BLOCKS)
        lt_blocks_encode(scaled, e->term.colours, place->row, place->col, out);
    else
        lt_blocks_text(scaled, place->row, place->col, out);
    lt_image_unref(scaled);
    return true;
}

static bool picture(lt_encoder *e, const lt_image *image, const lt_fit *fit, const lt_place *place,
                    lt_quality q, lt_buf *out, lt_error *err)
{
    switch (fit->kind) {
    case LT_GRAPHICS_SIXEL:
        return sixels_within(e, image, fit, q, out, err);
    case LT_GRAPHICS_KITTY:
        return kitty(image, fit, q, out, err);
    default:
        return cells(e, image, fit, place, out, err);
    }
}

/* Bytes that end a picture wherever it was cut. */
static size_t end_of(lt_graphics kind)
{
    const size_t string = 2; /* ESC \ */
    return kind == LT_GRAPHICS_SIXEL   ? string
           : kind == LT_GRAPHICS_KITTY ? string + sizeof LT_KITTY_CLOSE - 1
                                       : 0;
}

bool lt_frame_encode(lt_encoder *e, const lt_image *image, const lt_fit *fit, const lt_place *place,
                     lt_quality quality, lt_buf *out, lt_error *err)
{
    const bool sync = e->term.sync;
    lt_buf_clear(out);
    lt_buf_str(out, "");
    if (fit->cols < 1 || fit->kind == LT_GRAPHICS_NONE)
        return true;
    quality.scale = quality.scale < 1                   ? 1
                    : quality.scale > LT_SCALE_COARSEST ? LT_SCALE_COARSEST
                                                        : quality.scale;
    /* the cursor is hidden again after the picture: mlterm shows it after a sixel */
    lt_buf_format(out, "%s\033[?25l\033[%d;%dH", sync ? "\033[?2026h" : "", place->row + 1,
                  place->col + 1);
    if (!picture(e, image, fit, place, quality, out, err)) {
        lt_buf_clear(out);
        return false;
    }
    e->tail = out->len - end_of(fit->kind);
    lt_buf_format(out, "\033[%d;%dH%s%s\033[5n", place->cursor_row + 1, place->cursor_col + 1,
                  place->cursor_visible ? "\033[?25h" : "\033[?25l", sync ? "\033[?2026l" : "");
    return true;
}

size_t lt_frame_tail(const lt_encoder *e)
{
    return e->tail;
}

/* Konsole before 24.12 draws text over a picture and keeps it behind. */
bool lt_frame_hide(const lt_encoder *e, lt_buf *out)
{
    if (e->kind == LT_GRAPHICS_KITTY)
        lt_kitty_delete(KITTY_ID, out);
    return e->kind == LT_GRAPHICS_SIXEL && strncmp(e->term.name, "Konsole ", 8) == 0;
}
