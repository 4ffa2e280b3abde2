/* view_gallery.c - the history: its pictures' box, and what the chosen run is, beside them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/archive.h"
#include "tui/draw.h"
#include "tui/gauge.h"
#include "tui/view.h"
#include "tui/wrap.h"

/* Wrapped into at most `most` rows; returns how many. */
static int paragraph(const lt_studio *s, lt_rect r, int most, lt_style style, const char *text)
{
    lt_buf lines = {0};
    int y = 0;
    lt_wrap_text(&lines, text, strlen(text), r.width, s->options->utf8);
    for (const char *line = lines.len ? lines.data : ""; *line && y < most; y++) {
        size_t n = strcspn(line, "\n");
        lt_draw_bytes(r.y + y, r.x, r.width, style, line, n);
        line += n + (line[n] == '\n');
    }
    lt_buf_done(&lines);
    return y;
}

/* A place that moves down the panel. */
typedef struct pen {
    lt_rect area;
    int y;
} pen;

LT_PRINTF(3, 4) static void row(pen *p, const char *label, const char *format, ...)
{
    enum { LABEL = 10 };
    char text[192];
    va_list args;
    if (p->y >= p->area.y + p->area.height)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_draw_text(p->y, p->area.x, LABEL, LT_STYLE_DIM, label);
    lt_draw_fit(p->y++, p->area.x + LABEL, p->area.width - LABEL, LT_STYLE_PLAIN, text);
}

/* How many a batch has, and which of them are starred. */
static void pictures(pen *p, const lt_store_run *run)
{
    lt_params params;
    lt_error ignored;
    lt_buf stars = {0};
    int images = lt_archive_params(run, &params, &ignored) ? lt_params_images(&params) : 1;
    lt_params_done(&params);
    if (images == 1)
        return;
    lt_buf_str(&stars, "");
    for (size_t i = 0; i < run->picture_count; i++)
        if (run->pictures[i].starred)
            lt_buf_format(&stars, "%s %d", stars.len ? "" : ", *", run->pictures[i].image + 1);
    row(p, "pictures", "%d%s", images, stars.data);
    lt_buf_done(&stars);
}

static void details(const lt_studio *s, const lt_store_run *run, lt_rect r)
{
    enum { ROWS = 10 }; /* below the prompt */
    char text[LT_STORE_WHEN];
    pen p = {r, r.y};
    p.y += paragraph(s, r, r.height > ROWS + 1 ? r.height - ROWS - 1 : 1, LT_STYLE_STRONG,
                     *run->prompt ? run->prompt : "(no prompt)");
    p.y++;
    if (*run->negative)
        row(&p, "avoid", "%s", run->negative);
    lt_store_when(run->created, text);
    row(&p, "made", "%s", text);
    row(&p, "steps", "%d of %d, %s", run->done, run->steps, lt_store_state_name(run->state));
    row(&p, "guidance", "%g", run->guidance);
    row(&p, "sampler", "%s", run->sampler);
    row(&p, "seed", "%" PRIu64, run->seed);
    row(&p, "size", "%dx%d", run->width, run->height);
    pictures(&p, run);
    row(&p, "model", "%s", run->model);
    if (run->parent)
        row(&p, "run", "%" PRId64 ", fork of %" PRId64 " @ %d", run->id, run->parent,
            run->parent_step);
    else
        row(&p, "run", "%" PRId64, run->id);
}

static const char *nothing(const lt_gallery *g)
{
    return *g->search   ? "no run is about that"
           : g->starred ? "no run is starred: * stars one"
                        : "no run is kept yet";
}

void lt_view_gallery(lt_studio *s)
{
    const lt_gallery *g = &s->gallery;
    const lt_store_run *run = lt_gallery_chosen(s);
    lt_rect box = s->layout.picture_box, panel = s->layout.panel;
    char title[200];
    int64_t at = (int64_t)(g->pages - 1) * g->size + g->chosen + 1;
    snprintf(title, sizeof title, "History  %" PRId64 " of %" PRId64 "%s%s%s", run ? at : 0,
             g->total, g->starred ? "  starred" : "", *g->search ? "  /" : "", g->search);
    lt_draw_box(box, LT_STYLE_PLAIN, title);
    lt_draw_box(s->layout.panel_box, LT_STYLE_PLAIN, run && run->starred ? "* starred" : "");
    if (run) {
        details(s, run, (lt_rect){panel.x + 1, panel.y, panel.width - 2, panel.height});
        lt_draw_leave(s->layout.picture);
    } else {
        lt_draw_text(s->layout.picture.y + s->layout.picture.height / 2, s->layout.picture.x + 3,
                     s->layout.picture.width - 6, LT_STYLE_DIM, nothing(g));
    }
    lt_canvas_area(s->canvas, s->layout.picture, LT_ZOOM_FILL);
}
