/* view_text.c - the timeline, both prompts, the row of messages and the footer. */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/command.h"
#include "tui/draw.h"
#include "tui/edit_view.h"
#include "tui/gauge.h"
#include "tui/tour.h"
#include "tui/view.h"

void lt_view_timeline(lt_studio *s)
{
    lt_rect r = s->layout.timeline;
    char line[LT_TIMELINE_MOST + 1];
    int steps = lt_studio_steps(s);
    if (lt_studio_what_if(s)) {
        lt_view_slider(s);
        return;
    }
    if (s->view == LT_VIEW_AUTOENCODER) {
        lt_view_autoencoder_line(s);
        return;
    }
    if (s->view == LT_VIEW_NOISING) {
        lt_view_noising_line(s);
        return;
    }
    if (steps == 0)
        return;
    lt_timeline t = {.steps = steps,
                     .made = s->reel->film->done,
                     .at = s->step,
                     .width = r.width - 2 < LT_TIMELINE_MOST ? r.width - 2 : LT_TIMELINE_MOST};
    lt_timeline_draw(&t, line);
    lt_draw_text(r.y, r.x + 1, r.width - 2, LT_STYLE_PLAIN, line);
    int at = lt_timeline_cell(&t, s->step);
    if (at >= 1)
        lt_draw_bytes(r.y, r.x + at, 3, LT_STYLE_ACCENT, line + at - 1, 3);
}

/* ---- editors ---- */

static void glyphs(const lt_edit *e, const lt_edit_view *v, lt_rect r)
{
    static const lt_style styles[] = {[LT_EDIT_PLAIN] = LT_STYLE_PLAIN,
                                      [LT_EDIT_CUT] = LT_STYLE_CUT,
                                      [LT_EDIT_MATCH] = LT_STYLE_ACCENT,
                                      [LT_EDIT_SELECTED] = LT_STYLE_CHOSEN};
    const char *text = lt_edit_text(e, NULL);
    for (size_t i = 0; i < v->glyph_count; i++) {
        const lt_edit_glyph *g = &v->glyphs[i];
        lt_draw_bytes(r.y + g->row, r.x + g->column, g->cells, styles[g->style], text + g->start,
                      g->length);
    }
}

static void editor(const lt_edit *e, lt_rect r, bool wrap, const lt_edit_mark *mark, bool cursor)
{
    lt_edit_window window = {.width = r.width,
                             .rows = r.height,
                             .wrap = wrap,
                             .marks = mark,
                             .mark_count = mark ? 1 : 0};
    lt_edit_view view = {0};
    if (r.width <= 0)
        return;
    lt_edit_layout(e, &window, &view);
    glyphs(e, &view, r);
    if (cursor)
        lt_draw_cursor(r.y + view.cursor_row, r.x + view.cursor_column);
    lt_edit_view_done(&view);
}

/* Counts the tokens of a field if it changed. */
static void count(const lt_studio *s, const lt_edit *e, lt_count *c)
{
    size_t n;
    lt_error ignored;
    lt_tokens fresh;
    unsigned long version = lt_edit_version(e) + 1;
    const char *text = lt_edit_text(e, &n);
    if (version == c->version || !s->facts || !s->facts->tokenizer ||
        !lt_tokenizer_encode(s->facts->tokenizer, text, n, &fresh, &ignored))
        return;
    lt_tokens_done(&c->tokens);
    c->tokens = fresh;
    c->version = version;
}

static void token_count(const lt_count *c, lt_rect r)
{
    const lt_tokens *t = &c->tokens;
    size_t cut = t->total - t->used;
    int x = r.x + r.width - LT_FIELD_COUNT;
    if (c->version == 0)
        lt_draw_text(r.y, x, LT_FIELD_COUNT, LT_STYLE_DIM, "        ?/75");
    else if (cut > 0)
        lt_draw_format(r.y, x, LT_FIELD_COUNT, LT_STYLE_WARN, "%zu+%zu cut", t->used, cut);
    else
        lt_draw_format(r.y, x, LT_FIELD_COUNT, LT_STYLE_DIM, "%9zu/%zu", t->used, t->length - 2);
}

static void field(const lt_studio *s, lt_rect r, const char *label, const lt_edit *e,
                  const lt_count *c, bool focused)
{
    lt_rect text = {r.x + LT_FIELD_LABEL, r.y, r.width - LT_FIELD_BESIDE, r.height};
    bool cursor = focused && s->ask == LT_ASK_NOTHING && !s->help && !s->details;
    bool cut = c->version && c->tokens.total > c->tokens.used;
    lt_edit_mark mark = {.style = LT_EDIT_CUT};
    if (cut) {
        mark.start = c->tokens.all[c->tokens.used].start;
        lt_edit_text(e, &mark.end);
    }
    lt_draw_text(r.y, r.x + 1, LT_FIELD_LABEL, focused ? LT_STYLE_ACCENT : LT_STYLE_DIM, label);
    editor(e, text, true, cut ? &mark : NULL, cursor);
    token_count(c, r);
}

void lt_view_count(lt_studio *s)
{
    count(s, s->form.prompt, &s->prompt_count);
    count(s, s->form.negative, &s->negative_count);
}

void lt_view_prompts(lt_studio *s)
{
    lt_view_count(s);
    field(s, s->layout.prompt, "prompt>", s->form.prompt, &s->prompt_count,
          s->focus == LT_FOCUS_PROMPT);
    field(s, s->layout.negative, "avoid >", s->form.negative, &s->negative_count,
          s->focus == LT_FOCUS_NEGATIVE);
}

/* ---- messages and footer ---- */

/* Cells of the first words from the from-th on that fit, with two blanks between; *end: the next
 * one. */
static int fitting(const lt_completion *c, int from, int width, int *end)
{
    int cells = 0;
    for (*end = from; *end < c->count; ++*end) {
        int more = lt_cells_width(c->words[*end], strlen(c->words[*end])) + 2;
        if (cells + more - 2 > width && *end > from)
            break;
        cells += more;
    }
    return cells - 2;
}

/* As many of the words as fit, among them the one that stands in the line. */
static void choices(const lt_completion *c, lt_rect r)
{
    int from = 0, end, x = 0;
    fitting(c, from, r.width, &end);
    while (c->at >= end) {
        from = end;
        fitting(c, from, r.width, &end);
    }
    for (int i = from; i < end; i++) {
        lt_style style = i == c->at ? LT_STYLE_STRONG : LT_STYLE_DIM;
        x += lt_draw_fit(r.y, r.x + x, r.width - x, style, c->words[i]) + 2;
    }
}

static void asked_line(const lt_studio *s, lt_rect r)
{
    const lt_completion *c = lt_command_choices(s);
    size_t bytes;
    const char *typed = lt_edit_text(s->line, &bytes);
    int n = lt_draw_format(r.y, r.x + 1, r.width - r.width / 3, LT_STYLE_ACCENT,
                           "%s: ", lt_studio_question(s));
    lt_rect text = {r.x + 1 + n, r.y, r.width - n - 2, 1};
    if (c) { /* beside the line, and in half of its room at least */
        int all, wanted = fitting(c, 0, text.width, &all);
        int free_cells = text.width - lt_cells_width(typed, bytes) - 4;
        int room = free_cells > text.width / 2 ? free_cells : text.width / 2;
        int cells = all == c->count && wanted < room ? wanted : room;
        choices(c, (lt_rect){text.x + text.width - cells, r.y, cells, 1});
        text.width -= cells + 2;
    }
    lt_edit_mark selected = {0, bytes, LT_EDIT_SELECTED};
    editor(s->line, text, false, lt_edit_selected(s->line) ? &selected : NULL, true);
}

static void note(const lt_studio *s, lt_rect r)
{
    static const lt_style styles[] = {LT_STYLE_PLAIN, LT_STYLE_WARN, LT_STYLE_ERROR};
    lt_draw_fit(r.y, r.x + 1, r.width - 2, styles[s->note.kind], s->note.text);
}

static void footer(const lt_studio *s, lt_rect r)
{
    lt_hint hints[LT_HINTS];
    int n = lt_keymap_hints(s->keymap, lt_tour_context(s), lt_studio_state(s), r.width - 2, hints);
    for (int i = 0; i < n; i++) {
        const lt_hint *h = &hints[i];
        int x = r.x + 1 + h->column;
        lt_draw_bytes(r.y, x, h->key_cells, LT_STYLE_KEY, h->text, (size_t)h->key_bytes);
        lt_draw_text(r.y, x + h->key_cells, h->cells - h->key_cells, LT_STYLE_DIM,
                     h->text + h->key_bytes);
    }
}

void lt_view_bottom(lt_studio *s)
{
    if (s->ask != LT_ASK_NOTHING)
        asked_line(s, s->layout.message);
    else if (s->tour && !s->note.text[0] && !s->layout.panel.width && s->view == LT_VIEW_TOKENS)
        lt_view_tour_row(s, s->layout.message);
    else
        note(s, s->layout.message);
    footer(s, s->layout.footer);
}
