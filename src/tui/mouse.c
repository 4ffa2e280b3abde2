/* mouse.c - clicks, drags and the wheel. */
#include <stdio.h>

#include "tui/edit_view.h"
#include "tui/gauge.h"
#include "tui/tour.h"
#include "tui/view.h"

static bool inside(lt_rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
}

static void to_timeline(lt_studio *s, int x)
{
    lt_rect r = s->layout.timeline;
    int steps = lt_studio_steps(s), first, last;
    if (lt_studio_what_if(s)) {
        lt_studio_what_if_set(s, lt_view_slider_at(s, x));
        return;
    }
    if (s->view == LT_VIEW_NOISING) {
        lt_studio_noising_set(s, lt_view_noising_at(s, x));
        return;
    }
    if (steps == 0 || s->view == LT_VIEW_AUTOENCODER)
        return;
    lt_timeline t = {.steps = steps,
                     .made = s->reel->film->done,
                     .at = s->step,
                     .width = r.width - 2 < LT_TIMELINE_MOST ? r.width - 2 : LT_TIMELINE_MOST};
    int cell = x - r.x - 1;
    lt_timeline_positions(&t, cell < 0 ? 0 : cell, &first, &last);
    lt_studio_goto(s, first);
}

static void to_footer(lt_studio *s, int x)
{
    lt_hint hints[LT_HINTS];
    lt_rect r = s->layout.footer;
    int n = lt_keymap_hints(s->keymap, lt_tour_context(s), lt_studio_state(s), r.width - 2, hints);
    for (int i = 0; i < n; i++)
        if (x >= r.x + 1 + hints[i].column && x < r.x + 1 + hints[i].column + hints[i].cells) {
            lt_studio_act(s, hints[i].action);
            return;
        }
}

static void to_panel(lt_studio *s, int x, int y)
{
    if (s->tour && s->focus == LT_FOCUS_VIEW) /* it has the lesson's page */
        return;
    int look = s->focus == LT_FOCUS_RUNS ? -1 : lt_view_lens_at(s->layout.panel, x, y);
    int word = s->focus == LT_FOCUS_RUNS ? -1 : lt_view_attention_at(s, x, y);
    if (word >= 0)
        lt_studio_attention_word(s, word);
    else if (look >= 0)
        lt_studio_look(s, look);
    else
        s->focus = LT_FOCUS_PARAMS;
}

/* The lens of a tile. */
static void to_sheet(lt_studio *s, int x, int y)
{
    lt_rect r = lt_beside_main(s);
    if (!inside(r, x, y))
        return;
    int row = lt_look_sheet_at((x - r.x + 0.5) / r.width, (y - r.y + 0.5) / r.height);
    if (row >= 0)
        lt_studio_look(s, row);
}

/* One of the list is an answer. */
static void to_lessons(lt_studio *s, int x, int y)
{
    char text[16];
    int number = lt_view_lessons_at(s, x, y);
    if (number == 0)
        return;
    snprintf(text, sizeof text, "%d", number);
    lt_edit_reset(s->line, text);
    lt_studio_accept(s);
}

static void press(lt_studio *s, int x, int y)
{
    const lt_layout *l = &s->layout;
    if (inside(l->footer, x, y)) {
        to_footer(s, x);
    } else if (s->ask == LT_ASK_LESSON) {
        to_lessons(s, x, y);
    } else if (s->ask != LT_ASK_NOTHING || s->help || s->details) {
        return;
    } else if (s->view == LT_VIEW_GALLERY) {
        lt_gallery_click(s, x, y);
    } else if (inside(l->timeline, x, y)) {
        s->dragging = true;
        to_timeline(s, x);
    } else if (inside(l->prompt, x, y)) {
        s->focus = LT_FOCUS_PROMPT;
    } else if (inside(l->negative, x, y)) {
        s->focus = LT_FOCUS_NEGATIVE;
    } else if (inside(l->panel, x, y)) {
        to_panel(s, x, y);
    } else if (inside(l->picture_box, x, y)) {
        s->focus = LT_FOCUS_VIEW;
        if (s->view == LT_VIEW_GRID)
            lt_studio_grid_click(s, x, y);
        else if (lt_beside_click(s, x, y))
            return;
        else if (lt_studio_through(s)->make == lt_look_sheet)
            to_sheet(s, x, y);
        else if (lt_studio_through(s)->attends)
            lt_studio_attention_click(s, x, y);
        else if (s->view == LT_VIEW_TOKENS && lt_view_tokens_at(s, x, y) >= 0)
            lt_studio_tokens_click(s, lt_view_tokens_at(s, x, y));
    }
}

static void wheel(lt_studio *s, const lt_input_event *e, int by)
{
    if (s->help || s->details || s->view == LT_VIEW_TOKENS)
        lt_studio_act(s, by < 0 ? LT_ACTION_SCROLL_UP : LT_ACTION_SCROLL_DOWN);
    else if (s->view == LT_VIEW_GALLERY)
        lt_studio_act(s, by < 0 ? LT_ACTION_PAGE_UP : LT_ACTION_PAGE_DOWN);
    else if (inside(s->layout.panel, e->x, e->y) && s->focus == LT_FOCUS_PARAMS)
        lt_form_nudge(&s->form, s->row, -by);
    else if (lt_studio_what_if(s))
        lt_studio_act(s, by < 0 ? LT_ACTION_SCALE_MORE : LT_ACTION_SCALE_LESS);
    else if (s->view == LT_VIEW_NOISING)
        lt_studio_act(s, by < 0 ? LT_ACTION_T_LESS : LT_ACTION_T_MORE);
    else if (s->reel && s->reel->film && !lt_studio_vae(s))
        lt_studio_goto(s, s->step + by);
}

void lt_studio_mouse(lt_studio *s, const lt_input_event *e)
{
    if (s->layout.too_small)
        return;
    switch (e->action) {
    case LT_MOUSE_PRESS:
        if (e->button == 1)
            press(s, e->x, e->y);
        break;
    case LT_MOUSE_DRAG:
        if (!s->dragging)
            return;
        to_timeline(s, e->x);
        break;
    case LT_MOUSE_RELEASE:
        if (!s->dragging)
            return;
        s->dragging = false; /* now the VAE's own picture */
        lt_studio_picture(s, false);
        break;
    case LT_MOUSE_WHEEL_UP:
        wheel(s, e, -1);
        break;
    case LT_MOUSE_WHEEL_DOWN:
        wheel(s, e, 1);
        break;
    }
    s->dirty = true;
}
