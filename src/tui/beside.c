/* beside.c - see beside.h. */
#include "tui/beside.h"

#include <stdio.h>
#include <string.h>

#include "image/resize.h"
#include "tui/draw.h"
#include "tui/studio.h"

/* ---- which ---- */

bool lt_beside_on(const lt_studio *s)
{
    bool any = s->beside.main || (s->reel && lt_reel_frames(s->reel) > 0);
    return s->view == LT_VIEW_STEP && s->layout.side.width > 0 && any;
}

static int row_of(const lt_beside *b, int i)
{
    static const lt_lens usual[LT_BESIDE] = {LT_LENS_X0, LT_LENS_NOISE};
    return b->look[i] ? b->look[i] - 1 : lt_look_of(usual[i]);
}

/* The frame that is shown has pictures. */
static bool has_frame(const lt_studio *s)
{
    return s->reel && s->step < lt_reel_frames(s->reel);
}

/* What the i-th shows: as it is now, or else what it showed before of the same. */
static lt_image *small(lt_studio *s, int i)
{
    lt_looking *l = &s->beside.small[i];
    int row = row_of(&s->beside, i);
    lt_look_part part;
    if (!has_frame(s))
        return l->sheet;
    if (!lt_look_lacks(lt_look_row(row), s->reel, s->step, s->image, &part) ||
        lt_look_row(row)->partly)
        return lt_studio_look_once(s, l, row);
    if (l->of.id != s->reel->id || l->of.image != s->image || l->of.look != lt_look_row(row))
        lt_looking_done(l);
    return l->sheet;
}

/* ---- one picture of all ---- */

/* Rows of cells, as many as a frame may have. */
static int rows_of(const lt_studio *s)
{
    int rows = s->layout.picture.height, most = s->term.max_height / s->term.cell_height;
    return s->graphics == LT_GRAPHICS_SIXEL && most > 0 && most < rows ? most : rows;
}

lt_rect lt_beside_frame(const lt_studio *s)
{
    lt_rect main = s->layout.picture, side = s->layout.side;
    if (!lt_beside_on(s))
        return main;
    int left = lt_studio_through(s)->plot ? side.x : main.x;
    return (lt_rect){left, main.y, side.x + side.width - left, rows_of(s)};
}

/* Cells of a picture, 0 being the main one. */
static lt_rect room_of(const lt_studio *s, int i)
{
    lt_rect r = i == 0 ? s->layout.picture : s->layout.side;
    int all = rows_of(s), rows = (all - 1) / 2;
    if (i == 0)
        return (lt_rect){r.x, r.y, r.width, all};
    return (lt_rect){r.x, i == 1 ? r.y : r.y + all - rows, r.width, rows};
}

/* Pixels of the frame that it covers. */
static lt_rect place_of(const lt_studio *s, int i, const lt_image *image, bool *nearest)
{
    lt_rect r = room_of(s, i), frame = lt_beside_frame(s);
    int w = s->term.cell_width, h = s->term.cell_height;
    bool cells = s->graphics == LT_GRAPHICS_BLOCKS || s->graphics == LT_GRAPHICS_TEXT;
    const lt_look *look = i == 0 ? lt_studio_through(s) : lt_look_row(row_of(&s->beside, i - 1));
    lt_frame_room room = {r.width, r.height, cells ? LT_ZOOM_FILL : lt_look_zoom(look)};
    /* whatever draws: these are pixels of the terminal */
    lt_fit fit = lt_fit_make(&s->term, LT_GRAPHICS_KITTY, &room, image->width, image->height);
    *nearest = fit.nearest;
    return (lt_rect){(r.x - frame.x) * w + (r.width * w - fit.width) / 2,
                     (r.y - frame.y) * h + (r.height * h - fit.height) / 2, fit.width, fit.height};
}

static bool put(const lt_studio *s, lt_image *to, int i, lt_image *image, lt_error *err)
{
    lt_image *scaled;
    bool nearest;
    lt_rect at = place_of(s, i, image, &nearest);
    lt_filter filter = nearest ? LT_NEAREST : at.width < image->width ? LT_BOX : LT_BILINEAR;
    if (at.width < 1 || at.height < 1)
        return true;
    if (!lt_image_resize(image, at.width, at.height, filter, &scaled, err))
        return false;
    lt_image_place(to, scaled, at.x, at.y);
    lt_image_unref(scaled);
    return true;
}

static void forget(lt_beside *b)
{
    lt_image_unref(b->sheet);
    b->sheet = NULL;
    b->frame = (lt_rect){0};
    for (int i = 0; i <= LT_BESIDE; i++) {
        lt_image_unref(b->of[i]);
        b->of[i] = NULL;
    }
}

/* Such that the canvas sends it as it is. */
static bool compose(const lt_studio *s, lt_image *const *now, lt_image **out, lt_error *err)
{
    static const lt_rgb ground = {22, 22, 26};
    enum { BAND = 6 /* rows of pixels that sixels come in */ };
    lt_rect r = lt_beside_frame(s);
    int width = r.width * s->term.cell_width, height = r.height * s->term.cell_height;
    if (s->graphics == LT_GRAPHICS_SIXEL)
        height = height / BAND * BAND;
    if (!lt_image_new(width, height, out, err))
        return false;
    lt_image_fill(*out, (lt_rect){0, 0, width, height}, ground);
    for (int i = 0; i <= LT_BESIDE; i++)
        if (now[i] && !put(s, *out, i, now[i], err)) {
            lt_image_unref(*out);
            return false;
        }
    return true;
}

static bool is_made(const lt_studio *s, lt_image *const *now)
{
    const lt_beside *b = &s->beside;
    lt_rect r = lt_beside_frame(s);
    bool same = memcmp(&b->frame, &r, sizeof r) == 0 && b->cell_width == s->term.cell_width &&
                b->cell_height == s->term.cell_height;
    for (int i = 0; i <= LT_BESIDE; i++)
        same = same && b->of[i] == now[i];
    return same;
}

/* Made once; NULL: it failed, and that was said. */
static lt_image *sheet(lt_studio *s)
{
    lt_beside *b = &s->beside;
    lt_image *now[LT_BESIDE + 1] = {lt_studio_through(s)->plot ? NULL : b->main};
    lt_error err = {0};
    for (int i = 0; i < LT_BESIDE; i++)
        now[i + 1] = small(s, i);
    if (is_made(s, now))
        return b->sheet;
    forget(b);
    b->frame = lt_beside_frame(s);
    b->cell_width = s->term.cell_width;
    b->cell_height = s->term.cell_height;
    for (int i = 0; i <= LT_BESIDE; i++)
        b->of[i] = now[i] ? lt_image_ref(now[i]) : NULL;
    if (!compose(s, now, &b->sheet, &err)) {
        b->sheet = NULL;
        lt_studio_fault(s, &err);
    }
    return b->sheet;
}

void lt_beside_show(lt_studio *s, lt_image *image, bool each, bool coarse)
{
    lt_beside *b = &s->beside;
    if (image)
        lt_image_ref(image);
    lt_image_unref(b->main);
    b->main = image;
    b->coarse = coarse;
    if (image && lt_beside_on(s))
        image = sheet(s);
    lt_canvas_show(s->canvas, image, each, coarse);
}

void lt_beside_done(lt_beside *b)
{
    forget(b);
    lt_image_unref(b->main);
    b->main = NULL;
    for (int i = 0; i < LT_BESIDE; i++)
        lt_looking_done(&b->small[i]);
}

lt_rect lt_beside_main(const lt_studio *s)
{
    const lt_beside *b = &s->beside;
    int w = s->term.cell_width, h = s->term.cell_height;
    bool ignored;
    if (!lt_beside_on(s) || !b->main)
        return lt_canvas_where(s->canvas);
    lt_rect r = place_of(s, 0, b->main, &ignored), frame = lt_beside_frame(s);
    return (lt_rect){frame.x + r.x / w, frame.y + r.y / h, (r.width + w - 1) / w,
                     (r.height + h - 1) / h};
}

/* ---- what they need ---- */

/* Of a run at work that is followed: its steps would come late. */
static bool dear(const lt_studio *s)
{
    const lt_reel *r = s->reel;
    return s->follow && r->state == LT_REEL_RUNNING &&
           (s->options->preview_budget < 1 || r->picture_seconds > r->step_seconds);
}

/* Something that the i-th lacks, after what the main picture lacks. */
static bool lacks(const lt_studio *s, int i, lt_look_part *out)
{
    bool main =
        lt_studio_through(s)->plot || !lt_studio_look_lacks(s, s->reel, s->step, s->image, out);
    return main && !dear(s) &&
           lt_look_lacks(lt_look_row(row_of(&s->beside, i)), s->reel, s->step, s->image, out);
}

void lt_beside_ask(lt_studio *s)
{
    lt_look_part part;
    if (!lt_beside_on(s) || !has_frame(s) || s->dragging)
        return;
    for (int i = 0; i < LT_BESIDE; i++)
        if (lacks(s, i, &part)) {
            (void)lt_studio_ask_through(s, s->reel, part.step, s->image, part.lens);
            return;
        }
}

bool lt_beside_waits(const lt_studio *s)
{
    lt_look_part part;
    if (!lt_beside_on(s) || !has_frame(s) || s->asked.id != s->reel->id)
        return false;
    return lacks(s, 0, &part) || lacks(s, 1, &part);
}

/* ---- on the screen ---- */

/* The row of a title: that of the upper one is the box's upper border, of the other the lower. */
static int title_row(const lt_studio *s, int i)
{
    lt_rect box = s->layout.picture_box;
    return i == 0 ? box.y : box.y + box.height - 1;
}

static void title(const lt_studio *s, int i)
{
    const lt_beside *b = &s->beside;
    const lt_looking *l = &b->small[i];
    lt_rect side = s->layout.side;
    lt_look_part part;
    bool coming = has_frame(s) && lacks(s, i, &part);
    char text[96];
    const lt_look *look = lt_look_row(row_of(b, i));
    const char *soon = coming ? "  decoding..." : "";
    int step = l->sheet ? l->of.step : s->step;
    int n = snprintf(text, sizeof text, " %s  step %d%s ", look->name, step, soon);
    if (n >= side.width)
        snprintf(text, sizeof text, " %c %s  step %d%s ", lt_look_key(look), look->brief, step,
                 soon);
    lt_draw_fit(title_row(s, i), side.x, side.width - 1,
                b->chosen == i + 1 ? LT_STYLE_CHOSEN : LT_STYLE_STRONG, text);
}

void lt_beside_draw(lt_studio *s)
{
    lt_beside *b = &s->beside;
    if (!lt_beside_on(s)) {
        if (b->frame.width > 0 && b->main)
            lt_canvas_show(s->canvas, b->main, false, b->coarse);
        forget(b);
        return;
    }
    bool first = b->frame.width == 0; /* the screen became wide */
    lt_image *image = sheet(s);
    if (image)
        lt_canvas_show(s->canvas, image, false, b->coarse);
    for (int i = 0; i < LT_BESIDE; i++)
        title(s, i);
    if (first && !lt_studio_what_if(s))
        lt_beside_ask(s);
}

/* ---- keys ---- */

static void choose(lt_studio *s, int i)
{
    s->beside.chosen = i;
    if (i > 0)
        lt_studio_say(s, LT_NOTE_INFO, "a digit is the lens of the %s small picture",
                      i == 1 ? "upper" : "lower");
}

bool lt_beside_tab(lt_studio *s, int by)
{
    int now = s->beside.chosen, next = now + by;
    if (s->focus != LT_FOCUS_VIEW || !lt_beside_on(s))
        return false;
    choose(s, next < 0 || next > LT_BESIDE ? 0 : next);
    return next >= 0 && next <= LT_BESIDE;
}

bool lt_beside_look(lt_studio *s, int row)
{
    lt_beside *b = &s->beside;
    int i = b->chosen - 1;
    if (i < 0 || !lt_beside_on(s))
        return false;
    if (lt_look_row(row)->plot) {
        lt_studio_say(s, LT_NOTE_INFO, "lens %c is text: it has no small picture",
                      lt_look_key(lt_look_row(row)));
        return true;
    }
    if (lt_look_row(row)->attends) { /* words are chosen, and maps asked for, of one picture */
        lt_studio_say(s, LT_NOTE_INFO, "lens %c is for the main picture",
                      lt_look_key(lt_look_row(row)));
        return true;
    }
    b->look[i] = row + 1;
    b->chosen = 0;
    s->note.text[0] = '\0';
    lt_studio_picture(s, false);
    s->dirty = true;
    return true;
}

bool lt_beside_click(lt_studio *s, int x, int y)
{
    lt_rect side = s->layout.side;
    if (!lt_beside_on(s) || x < side.x || x >= side.x + side.width)
        return false;
    for (int i = 0; i < LT_BESIDE; i++) {
        lt_rect r = room_of(s, i + 1);
        if (y == title_row(s, i) || (y >= r.y && y < r.y + r.height)) {
            choose(s, i + 1);
            return true;
        }
    }
    return false;
}
