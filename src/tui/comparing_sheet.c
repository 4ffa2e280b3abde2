/* comparing_sheet.c - what is compared as one picture, on the screen and in a file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tui/studio.h"

static void forget_made(lt_comparing *c)
{
    for (int i = 0; i < 2; i++) {
        lt_image_unref(c->sheet[i]);
        c->sheet[i] = NULL;
    }
    c->measured = false;
}

static void forget_sheets(lt_comparing *c)
{
    forget_made(c);
    for (int i = 0; i < 2; i++) {
        lt_image_unref(c->of[i]);
        c->of[i] = NULL;
    }
}

void lt_studio_compare_leave(lt_studio *s)
{
    forget_sheets(&s->comparing);
}

/* Sheets are to be made of these. */
static void take_pictures(lt_comparing *c, lt_image *a, lt_image *b)
{
    if (c->of[0] == a && c->of[1] == b)
        return;
    lt_image_ref(a);
    lt_image_ref(b);
    forget_sheets(c);
    c->of[0] = a;
    c->of[1] = b;
    c->made_mode = LT_COMPARE_MODES; /* none is made yet */
}

static bool same_size(const lt_image *a, const lt_image *b)
{
    return a->width == b->width && a->height == b->height;
}

/* Both pictures, and what is between them.  out[1]: B, for flicker alone. */
static bool make_sheet(const lt_studio *s, lt_compare_mode mode, int width, int height,
                       bool captions, lt_image *out[2], lt_error *err)
{
    const lt_comparing *c = &s->comparing;
    char text[LT_COMPARE_PANELS][48], brief[2][48];
    lt_image *difference = NULL;
    bool ok = true;
    snprintf(text[0], sizeof text[0], "A run %d step %d", lt_studio_run_number(s, c->a), c->a_step);
    snprintf(text[1], sizeof text[1], "B run %d step %d", lt_studio_run_number(s, s->reel->id),
             s->step);
    snprintf(brief[0], sizeof brief[0], "A step %d", c->a_step);
    snprintf(brief[1], sizeof brief[1], "B step %d", s->step);
    snprintf(text[2], sizeof text[2], "|A-B| x%d", c->gain);
    if (same_size(c->of[0], c->of[1]))
        ok = lt_image_difference(c->of[0], c->of[1], c->gain, &difference, err);
    lt_compare_panel p[LT_COMPARE_PANELS] = {
        {.image = c->of[0], .caption = text[0], .brief = brief[0]},
        {.image = c->of[1], .caption = text[1], .brief = brief[1]},
        {.image = difference, .caption = text[2]}};
    for (int i = 0; i < LT_COMPARE_PANELS && !captions; i++)
        p[i].caption = NULL;
    if (ok && mode == LT_COMPARE_FLICKER)
        ok = lt_compare_sheet(p, 1, width, height, &out[0], err) &&
             lt_compare_sheet(p + 1, 1, width, height, &out[1], err);
    else if (ok && mode == LT_COMPARE_DIFFERENCE && difference)
        ok = lt_compare_sheet(p + 2, 1, width, height, &out[0], err);
    else if (ok)
        ok = lt_compare_sheet(p, difference ? 3 : 2, width, height, &out[0], err);
    lt_image_unref(difference);
    return ok;
}

/* True if the sheets are of this already, or could not be made. */
static bool is_made(const lt_studio *s, const lt_image *a, const lt_image *b, int width, int height)
{
    const lt_comparing *c = &s->comparing;
    return c->of[0] == a && c->of[1] == b && c->made_mode == c->mode && c->made_gain == c->gain &&
           c->made_width == width && c->made_height == height && c->made_a == c->a_step &&
           c->made_b == s->step;
}

static void measure(lt_comparing *c)
{
    lt_error ignored;
    c->measured = same_size(c->of[0], c->of[1]) &&
                  lt_image_compare(c->of[0], c->of[1], &c->distance, &ignored);
}

lt_image *lt_studio_compare_sheet(lt_studio *s, int width, int height, bool captions)
{
    lt_comparing *c = &s->comparing;
    const lt_reel *reel = lt_studio_compare_a(s);
    lt_error err = {0};
    lt_image *a = reel ? lt_reel_picture(reel, c->a_step, 0, s->lens) : NULL;
    lt_image *b = lt_studio_compare_b(s) ? lt_reel_picture(s->reel, s->step, 0, s->lens) : NULL;
    if (!a || !b)
        return NULL;
    if (!is_made(s, a, b, width, height)) {
        take_pictures(c, a, b);
        forget_made(c);
        c->made_mode = c->mode;
        c->made_gain = c->gain;
        c->made_width = width;
        c->made_height = height;
        c->made_a = c->a_step;
        c->made_b = s->step;
        if (!make_sheet(s, c->mode, width, height, captions, c->sheet, &err))
            lt_studio_fault(s, &err);
        measure(c);
    }
    return c->sheet[c->mode == LT_COMPARE_FLICKER && c->second];
}

/* Side by side. */
void lt_studio_compare_save(lt_studio *s, const char *path)
{
    lt_error err = {0};
    lt_image *sheet[2] = {NULL}, *of[2] = {NULL};
    const lt_reel *a = lt_studio_compare_a(s);
    if (a && lt_studio_compare_b(s)) {
        of[0] = lt_reel_picture(a, s->comparing.a_step, 0, s->lens);
        of[1] = lt_reel_picture(s->reel, s->step, 0, s->lens);
    }
    if (!of[0] || !of[1]) {
        lt_studio_say(s, LT_NOTE_INFO, "there is nothing to save yet");
        return;
    }
    take_pictures(&s->comparing, of[0], of[1]);
    char *name = path ? lt_strdup(path) : lt_studio_free_name(s, "-compare", ".png");
    if (make_sheet(s, LT_COMPARE_BESIDE, 0, 0, true, sheet, &err)) {
        lt_png_texts texts = {0};
        lt_meta_part parts[] = {lt_studio_part(s, a, s->comparing.a_step, 0),
                                lt_studio_part(s, s->reel, s->step, 0)};
        lt_meta_parts_texts(parts, 2, 1, &texts);
        lt_studio_save_image(s, name, sheet[0], &texts);
    } else {
        lt_studio_fault(s, &err);
    }
    lt_image_unref(sheet[0]);
    free(name);
}
