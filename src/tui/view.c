/* view.c - the whole screen, and its title bar. */
#include "tui/tour.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/edit_view.h"
#include "tui/gauge.h"
#include "tui/view.h"
#include "tui/wrap.h"

/* ---- the title ---- */

static const char *stage(const lt_studio *s)
{
    switch (lt_session_now(s->session).what) {
    case LT_AT_LOADING:
        return "loading the model";
    case LT_AT_TEXT:
        return "preparing";
    case LT_AT_PICTURE:
        return "decoding";
    case LT_AT_STEP:
        return "step";
    case LT_AT_ENCODING:
        return "encoding";
    case LT_AT_PREDICTING:
        return "predicting noise";
    case LT_AT_ATTENTION:
        return "attention";
    default:
        return "";
    }
}

/* In capitals, as titles have it. */
enum { WORD = 16 };
static const char *word(const lt_studio *s, char to[WORD])
{
    snprintf(to, WORD, "%s", lt_reel_state_name(lt_studio_state_of(s, s->reel)));
    for (char *c = to; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    return to;
}

/* Of a run at work: "step 40%  1.6 it/s  eta 5 s", or "held 2 s  1.6 it/s  eta 0:21". */
static void work(const lt_studio *s, char *to, size_t size)
{
    char rate[LT_GAUGE_TEXT], eta[LT_GAUGE_TEXT], what[48];
    const lt_reel *r = s->reel;
    lt_activity_now now = lt_session_now(s->session);
    double seconds = lt_reel_seconds(r), held = s->paced_hold ? s->pace : 0;
    lt_gauge_rate(seconds, rate);
    lt_gauge_eta((seconds + held) * (r->film->steps - r->film->done), eta);
    if (r->state == LT_REEL_PAUSED)
        snprintf(what, sizeof what, "held %g s", held);
    else
        snprintf(what, sizeof what, "%s %d%%", stage(s),
                 now.total > 0 ? 100 * now.done / now.total : 0);
    snprintf(to, size, "%s  %s  %s", what, rate, eta);
}

/* "RUN 12/20  step 40%  1.6 it/s  eta 5 s", for the right end of the bar. */
static void progress(const lt_studio *s, char *to, size_t size)
{
    const lt_reel *r = s->reel;
    char state[WORD], at_work[112];
    lt_activity_now now = lt_session_now(s->session);
    int percent = now.total > 0 ? 100 * now.done / now.total : 0;
    if (!r || !r->film) {
        if (now.what == LT_IDLE)
            snprintf(to, size, "%s", r ? word(s, state) : "ready");
        else if (percent > 0)
            snprintf(to, size, "%s %d%%", stage(s), percent);
        else
            snprintf(to, size, "%s...", stage(s));
        return;
    }
    if (lt_studio_state_of(s, r) != LT_REEL_RUNNING || r->film->done == 0) {
        bool busy = now.what >= LT_AT_PICTURE;
        snprintf(to, size, "%s %d/%d%s%s%s", word(s, state), r->film->done, r->film->steps,
                 busy ? "  " : "", busy ? stage(s) : "", busy ? "..." : "");
        return;
    }
    work(s, at_work, sizeof at_work);
    snprintf(to, size, "%s %d/%d  %s", word(s, state), r->film->done, r->film->steps, at_work);
}

/* What the run is of; before the first one, what the next will be. */
static void subject(const lt_studio *s, char *to, size_t size)
{
    const lt_film *f = s->reel ? s->reel->film : NULL;
    char fork[48] = "", queue[32] = "";
    int place, at = 0, parent = 0;
    for (int i = 0; i < s->reels.count; i++) {
        at = s->reels.all[i] == s->reel ? i + 1 : at;
        parent = s->reel && s->reels.all[i]->id == s->reel->parent ? i + 1 : parent;
    }
    if (parent)
        snprintf(fork, sizeof fork, ", fork of %d @ %d", parent, s->reel->forked);
    if (lt_runs_waiting(s))
        snprintf(queue, sizeof queue, "  %d queued", lt_runs_waiting(s));
    if (f)
        snprintf(to, size, " latentty  %s %s  %dx%d  %s %d  seed %" PRIu64 "  run %d/%d%s%s",
                 f->model, lt_dtype_name(f->dtype), f->width, f->height, f->sampler->name, f->steps,
                 lt_params_seed(&f->params, s->image, &place), at, s->reels.count, fork, queue);
    else if (s->facts)
        snprintf(to, size, " latentty  %s %s on %s%s", s->facts->name, s->facts->dtype,
                 s->facts->backend, queue);
    else
        snprintf(to, size, " latentty  %s", s->loading);
}

void lt_view_title(lt_studio *s)
{
    lt_rect r = s->layout.title;
    char left[256], right[128];
    subject(s, left, sizeof left);
    progress(s, right, sizeof right);
    int cells = (int)strlen(right) + 1; /* it is ASCII */
    lt_draw_fill(r, LT_STYLE_TITLE);
    lt_draw_fit(r.y, r.x, r.width - cells - 2, LT_STYLE_TITLE, left);
    lt_draw_text(r.y, r.x + r.width - cells, cells, LT_STYLE_TITLE, right);
}

/* ---- the picture's box ---- */

const char *lt_studio_lens_name(lt_lens lens)
{
    return lt_look_row(lt_look_of(lens))->name;
}

/* What the picture is not, or not yet. */
static const char *mark(const lt_studio *s)
{
    bool what_if = lt_studio_what_if(s);
    const lt_look *look = lt_studio_through(s);
    if (look->plot)
        return "";
    if (what_if ? lt_studio_what_if_waits(s) : lt_studio_decoding(s))
        return "  decoding...";
    if (look->attends && lt_studio_attention_waits(s))
        return "  attention...";
    return (what_if ? s->what_if.guessed : s->dragging && !look->make) ? "  linear preview" : "";
}

/* As much as fits: the panel names the lens, too, and the step of a what-if. */
static void picture_title(const lt_studio *s, int room, char *to, size_t size)
{
    char scale[32] = "", guidance[48] = "", page[16] = "";
    bool what_if = lt_studio_what_if(s);
    if (what_if) {
        snprintf(scale, sizeof scale, " at %.4g", s->what_if.scale);
        snprintf(guidance, sizeof guidance, " at guidance %.4g", s->what_if.scale);
    }
    const lt_look *look = lt_studio_through(s);
    bool words = look->attends && lt_studio_attention(s, s->reel, s->step, s->image);
    const char *word = words ? s->attending.text : NULL;
    if (look->plot)
        snprintf(page, sizeof page, "  %d/%d", s->page + 1, LT_LOOK_PAGES);
    int n = snprintf(to, size, "%s%s%s  step %d%s%s%s", look->name, word ? ": " : "",
                     word ? word : "", s->step, guidance, page, mark(s));
    if (n > room && word)
        n = snprintf(to, size, "%s  step %d%s", word, s->step, mark(s));
    if (n > room)
        n = snprintf(to, size, "step %d%s%s", s->step, scale, mark(s));
    if (n > room && what_if)
        snprintf(to, size, "%s%s", scale + 1, mark(s));
}

void lt_view_skipped(const lt_studio *s, lt_rect box)
{
    int n = s->reel ? s->reel->skipped : 0;
    if (n > 0)
        lt_draw_format(box.y + box.height - 1, box.x + 3, box.width - 6, LT_STYLE_WARN,
                       " %d picture%s skipped ", n, n == 1 ? "" : "s");
}

static void picture_box(lt_studio *s)
{
    lt_rect box = s->layout.picture_box;
    char title[160] = "";
    if (s->reel && s->reel->film)
        picture_title(s, s->layout.picture.width - 4, title, sizeof title);
    lt_draw_box(box, LT_STYLE_PLAIN, title);
    lt_view_skipped(s, box);
}

static void empty_box(const lt_studio *s)
{
    static const char first[] = "Type what the picture shows, then Enter.",
                      more[] = "\nEvery step of the way from noise is drawn here and kept.\n\n"
                               "Esc leaves the text; ? shows the keys, F2 the lessons.";
    lt_rect r = s->layout.picture;
    lt_buf text = {0};
    int width = r.width - 6 < 42 ? r.width - 6 : 42, row = 0;
    int bright = lt_wrap_text(&text, first, strlen(first), width, s->options->utf8);
    int count = bright + lt_wrap_text(&text, more, strlen(more), width, s->options->utf8);
    for (const char *at = text.data; *at && row < r.height; row++) {
        size_t n = strcspn(at, "\n");
        lt_draw_bytes(r.y + (r.height - count) / 2 + row, r.x + 3, width,
                      row < bright ? LT_STYLE_PLAIN : LT_STYLE_DIM, at, n);
        at += n + (at[n] == '\n');
    }
    lt_buf_done(&text);
}

static const char *waiting_for(const lt_studio *s)
{
    switch (s->reel->state) {
    case LT_REEL_WAITING:
        return stage(s);
    case LT_REEL_QUEUED:
        return "waits for its turn";
    default:
        return s->reels.count > 1 ? "no picture; Up: others" : "no picture";
    }
}

static void no_picture(const lt_studio *s)
{
    lt_rect r = s->layout.picture;
    lt_draw_leave(r); /* so that no rows are scrolled when a page beside them changes */
    if (!s->reel)
        empty_box(s);
    else
        lt_draw_text(r.y + r.height / 2, r.x + 3, r.width - 6, LT_STYLE_DIM, waiting_for(s));
}

/* ---- all ---- */

static void too_small(lt_studio *s, int cols, int rows)
{
    const lt_reel *r = s->reel;
    char state[WORD];
    lt_draw_format(0, 0, cols, LT_STYLE_STRONG, "latentty needs %dx%d, this is %dx%d",
                   LT_LAYOUT_COLS, LT_LAYOUT_ROWS, cols, rows);
    if (r && r->film)
        lt_draw_format(1, 0, cols, LT_STYLE_PLAIN, "%s %d/%d%s", word(s, state), r->film->done,
                       r->film->steps,
                       lt_studio_state_of(s, r) == LT_REEL_RUNNING ? ", it goes on" : "");
    if (s->layout.message.width > 0)
        lt_view_bottom(s);
}

static int wanted_rows(const lt_edit *e, int cols)
{
    lt_edit_window window = {.width = cols - LT_FIELD_BESIDE, .rows = 8, .wrap = true};
    lt_edit_view view = {0};
    lt_edit_layout(e, &window, &view);
    int rows = view.total;
    lt_edit_view_done(&view);
    return rows;
}

/* Of text below what is compared: numbers, steps, a heading, settings. */
static int compare_rows(int rows)
{
    return rows < 24 ? 6 : rows / 4 > 12 ? 12 : rows / 4;
}

/* Of text in a view that has no prompts. */
static int text_rows(const lt_studio *s, int rows)
{
    return s->view == LT_VIEW_COMPARE       ? compare_rows(rows)
           : s->view == LT_VIEW_NOISING     ? lt_view_noising_rows()
           : s->view == LT_VIEW_AUTOENCODER ? lt_view_autoencoder_rows(s)
                                            : 0;
}

static void make_layout(lt_studio *s, int cols, int rows)
{
    const lt_film *f = s->reel ? s->reel->film : NULL;
    lt_layout_ask ask = {.cols = cols,
                         .rows = rows,
                         .cell_width = s->term.cell_width,
                         .cell_height = s->term.cell_height,
                         .picture_width = f ? f->width : 1,
                         .picture_height = f ? f->height : 1,
                         .prompt_rows = wanted_rows(s->form.prompt, cols),
                         .negative_rows = wanted_rows(s->form.negative, cols),
                         .text_rows = text_rows(s, rows),
                         .sides =
                             s->view == LT_VIEW_STEP && !s->tour && s->graphics != LT_GRAPHICS_NONE,
                         .most_cols = s->graphics == LT_GRAPHICS_SIXEL && s->term.max_width > 0
                                          ? s->term.max_width / s->term.cell_width
                                          : 0,
                         .zoom = s->view == LT_VIEW_STEP ? s->zoom
                                 : s->view == LT_VIEW_GALLERY || s->ask == LT_ASK_LESSON ||
                                         lt_view_tour_fits(s, cols)
                                     ? LT_LAYOUT_BIG
                                     : LT_LAYOUT_ONLY};
    lt_layout_make(&ask, &s->layout);
}

/* Its cells are the canvas's, unless there is nothing, or text in its place. */
static void the_picture(lt_studio *s, bool grid)
{
    bool any = s->reel && lt_reel_frames(s->reel) > 0;
    bool text = !grid && lt_studio_through(s)->plot;
    lt_rect area = grid ? s->layout.picture : lt_beside_frame(s), none = {0};
    if (text && any)
        lt_view_lens_text(s, s->layout.picture);
    if (text && !lt_beside_on(s)) {
        lt_canvas_area(s->canvas, none, LT_ZOOM_AUTO);
        if (!any)
            no_picture(s);
        return;
    }
    const lt_look *look = lt_studio_through(s);
    lt_zoom zoom = grid || lt_beside_on(s)       ? LT_ZOOM_ONE
                   : s->zoom != LT_LAYOUT_NORMAL ? LT_ZOOM_FILL
                                                 : lt_look_zoom(look);
    lt_canvas_area(s->canvas, area, zoom);
    if (grid || any || lt_canvas_where(s->canvas).width)
        lt_draw_leave(area);
    else
        no_picture(s);
    if (!grid)
        lt_beside_draw(s);
}

/* The middle: a page of text, or the picture beside the panel. */
static void middle(lt_studio *s)
{
    lt_rect none = {0};
    bool page = s->help || s->details;
    if (page) {
        lt_canvas_area(s->canvas, none, LT_ZOOM_AUTO);
        lt_view_help(s);
        return;
    }
    if (s->view == LT_VIEW_GALLERY) {
        lt_view_gallery(s);
        return;
    }
    if (s->view == LT_VIEW_COMPARE) {
        lt_view_compare(s);
        if (s->layout.panel.width)
            lt_view_panel(s);
        return;
    }
    if (s->view == LT_VIEW_TOKENS) {
        lt_canvas_area(s->canvas, none, LT_ZOOM_AUTO);
        lt_view_tokens(s);
        if (s->layout.panel.width)
            lt_view_panel(s);
        return;
    }
    if (s->view == LT_VIEW_AUTOENCODER) {
        lt_view_autoencoder(s);
        if (s->layout.panel.width)
            lt_view_panel(s);
        return;
    }
    if (s->view == LT_VIEW_NOISING) {
        lt_view_noising(s);
        if (s->layout.panel.width)
            lt_view_panel(s);
        return;
    }
    bool grid = s->view == LT_VIEW_GRID;
    if (grid)
        lt_view_grid(s);
    else
        picture_box(s);
    if (s->layout.panel.width && s->focus == LT_FOCUS_RUNS)
        lt_view_runs(s);
    else if (s->layout.panel.width)
        lt_view_panel(s);
    the_picture(s, grid);
}

void lt_studio_draw(lt_studio *s)
{
    int cols, rows;
    lt_rect none = {0};
    lt_draw_size(&cols, &rows);
    make_layout(s, cols, rows);
    lt_gallery_resized(s);
    lt_draw_begin();
    if (s->layout.too_small) {
        lt_canvas_area(s->canvas, none, LT_ZOOM_AUTO);
        too_small(s, cols, rows);
    } else {
        lt_view_title(s);
        if (s->view == LT_VIEW_GRID)
            lt_studio_grid_show(s);
        middle(s);
        lt_view_timeline(s);
        if (s->layout.prompt.width)
            lt_view_prompts(s);
        lt_view_bottom(s);
    }
    if (s->redraw || lt_canvas_uncovers(s->canvas)) {
        (void)lt_canvas_hide(s->canvas);
        lt_draw_again();
        s->redraw = false;
    }
    lt_draw_end();
}
