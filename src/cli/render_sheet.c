/* render_sheet.c - `render --sheet`: all pictures of a run in one, each with its seed below. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/picture.h"
#include "cli/render.h"
#include "cli/signals.h"
#include "image/png.h"

enum { MOST_PER_ROW = 8 }; /* pictures of one prompt that stand in a row of their own */

/* As many as a prompt has, if that is a row; else as near to a square as can be. */
static int columns_of(const lt_render *r)
{
    int images = r->view->images, per_prompt = r->view->per_prompt, columns = 1;
    if (r->columns)
        return r->columns < images ? r->columns : images;
    if (r->params.prompt_count > 1 && per_prompt > 1 && per_prompt <= MOST_PER_ROW)
        return per_prompt;
    while (columns * columns < images)
        columns++;
    return columns;
}

bool lt_render_sheet_check(const lt_render *r, lt_error *err)
{
    const lt_run_view *v = r->view;
    if (!r->sheet)
        return true;
    int columns = columns_of(r), rows = (v->images + columns - 1) / columns;
    int64_t width = (int64_t)columns * (v->width + LT_PICTURE_GAP) - LT_PICTURE_GAP,
            height =
                (int64_t)rows * (v->height + lt_picture_caption_height(v->width) + LT_PICTURE_GAP) -
                LT_PICTURE_GAP;
    if (width <= LT_IMAGE_MAX_SIDE && height <= LT_IMAGE_MAX_SIDE &&
        lt_image_size_ok((int)width, (int)height))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, "fewer pictures, or other --columns",
                   "the sheet would have %" PRId64 "x%" PRId64
                   " pixels, expected at most %d a side and %d in all",
                   width, height, LT_IMAGE_MAX_SIDE, LT_IMAGE_MAX_PIXELS);
}

/* "42", "42 #1" for one of several from one generator, and the prompt if there are others. */
static bool caption(const lt_render *r, int i, lt_image **out, lt_error *err)
{
    const lt_params *p = &r->params;
    lt_buf text = {0};
    int place;
    lt_buf_format(&text, "%" PRIu64, lt_params_seed(p, i, &place));
    if (!p->own_generators && r->view->images > 1)
        lt_buf_format(&text, " #%d", place);
    if (p->prompt_count > 1)
        lt_buf_format(&text, "  %s", p->prompts[i / r->view->per_prompt]);
    bool ok = lt_picture_caption(r->images[i], text.data, out, err);
    lt_buf_done(&text);
    return ok;
}

static bool write_sheet(const lt_render *r, lt_image *const *cells, lt_error *err)
{
    int images = r->view->images;
    lt_png_texts texts = {0};
    lt_meta_part *parts = lt_alloc_array((size_t)images, sizeof *parts);
    for (int i = 0; i < images; i++)
        parts[i] = (lt_meta_part){lt_render_meta(r), i};
    lt_meta_parts_texts(parts, images, 0, &texts);
    bool ok = lt_signals_check(err) &&
              lt_picture_write_grid(r->sheet, cells, images, columns_of(r), &texts, err);
    lt_png_texts_done(&texts);
    free(parts);
    return ok;
}

bool lt_render_sheet(const lt_render *r, lt_error *err)
{
    int images = r->view->images;
    if (!r->sheet)
        return true;
    lt_image **cells = lt_alloc_array((size_t)images, sizeof *cells);
    bool ok = true;
    for (int i = 0; i < images && ok; i++)
        ok = caption(r, i, &cells[i], err);
    ok = ok && write_sheet(r, cells, err);
    for (int i = 0; i < images; i++)
        lt_image_unref(cells[i]);
    free(cells);
    return ok;
}
