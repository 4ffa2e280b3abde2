/* view_lesson.c - a page of a lesson in the panel, and the list of lessons. */
#include <stdio.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/tour.h"
#include "tui/view.h"

enum {
    NUMBERS_LEAST = 5 /* rows below a page that are worth it */,
    NUMBERS_MOST = 11,
    WIDE = 114 /* columns for a table of tokens and a page */
};

static void title(const lt_studio *s)
{
    const lt_tour *t = s->tour;
    char text[160], number[16] = "";
    if (t->number)
        snprintf(number, sizeof number, " %d", t->number);
    int n = snprintf(text, sizeof text, "lesson%s: %s  page %d/%d", number, t->lesson.title,
                     t->page + 1, t->lesson.count);
    if (n > s->layout.panel_box.width - 6) /* beside a grid */
        snprintf(text, sizeof text, "%s  page %d/%d", t->lesson.title, t->page + 1,
                 t->lesson.count);
    lt_draw_box(s->layout.panel_box, LT_STYLE_ACCENT, text);
}

/* The key that is the next page everywhere, also where Enter is another one's. */
static void turning_key(const lt_studio *s, char *to, size_t size)
{
    lt_buf keys = {0};
    lt_keymap_keys(s->keymap, LT_IN_VIEWING, LT_ACTION_LESSON, &keys);
    snprintf(to, size, "%.*s", keys.len ? (int)strcspn(keys.data, ",") : 0,
             keys.len ? keys.data : "");
    lt_buf_done(&keys);
}

/* What the page before asked for was not done. */
static bool skipped_before(const lt_tour *t)
{
    const lt_lesson_page *p = t->page > 0 ? &t->lesson.pages[t->page - 1] : NULL;
    return p && p->check_count && !p->done;
}

/* What the lesson waits for, and how it goes on. */
static lt_style state(const lt_studio *s, bool more, char *to, size_t size)
{
    const lt_tour *t = s->tour;
    const lt_lesson_page *p = &t->lesson.pages[t->page];
    bool last = t->page + 1 == t->lesson.count;
    char key[64];
    turning_key(s, key, sizeof key);
    const char *scroll = more ? "PgDn: more.  " : "";
    if (t->failed) { /* the row of messages said why */
        snprintf(to, size, "%sfailed: %s", scroll, t->failed);
        return LT_STYLE_WARN;
    }
    if (t->at <= t->page && lt_studio_paused(s))
        snprintf(to, size, "%swaits for the run, which is paused", scroll);
    else if (t->at <= t->page)
        snprintf(to, size, "%swait: it is being made ...", scroll);
    else if (t->lacks && skipped_before(t))
        snprintf(to, size, "%s... comes with the try.  %s: %s", scroll, key,
                 last ? "the end" : "next page");
    else if (p->done)
        snprintf(to, size, "%sDone.  %s: %s", scroll, key, last ? "the end" : "next page");
    else if (p->check_count)
        snprintf(to, size, "%s(waits for it; %s skips it)", scroll, key);
    else
        snprintf(to, size, "%s%s: %s", scroll, key, last ? "the end" : "next page");
    return p->done ? LT_STYLE_STRONG : LT_STYLE_DIM;
}

/* The lines of the page from the top-th on; returns the rows that they took. */
static int lines(lt_studio *s, lt_rect area, int rows, bool *more)
{
    lt_tour *t = s->tour;
    lt_buf text = {0};
    int try_at, source_at, row = 0, line = 0;
    t->lacks = false;
    int count = lt_lesson_lay_out(&t->lesson.pages[t->page], lt_tour_kept_number, s, area.width - 2,
                                  s->options->utf8, &text, &try_at, &source_at);
    int most = count > rows ? count - rows : 0;
    t->top = t->top > most ? most : t->top;
    *more = t->top < most;
    for (const char *at = text.data; at && *at && row < rows; line++) {
        size_t n = strcspn(at, "\n");
        lt_style style = source_at >= 0 && line >= source_at ? LT_STYLE_DIM
                         : try_at >= 0 && line >= try_at     ? LT_STYLE_STRONG
                                                             : LT_STYLE_PLAIN;
        if (line >= t->top)
            lt_draw_bytes(area.y + row++, area.x + 1, area.width - 2, style, at, n);
        at += n + (at[n] == '\n');
    }
    lt_buf_done(&text);
    return row;
}

void lt_view_tour(lt_studio *s)
{
    lt_rect area = s->layout.panel;
    char text[160];
    bool more;
    lt_view_count(s);
    lt_draw_apart(area, 0);
    title(s);
    int used = lines(s, area, area.height - 1, &more);
    lt_style style = state(s, more, text, sizeof text);
    /* on a tall screen both come right behind the text, with blank rows between */
    bool tall = area.height - used > NUMBERS_MOST + 4;
    int end = area.height - 1, from = tall ? used + 3 : used + 1;
    lt_draw_text(area.y + (tall ? used + 1 : end), area.x + 1, area.width - 2, style, text);
    if (end - from >= NUMBERS_LEAST && s->view == LT_VIEW_STEP)
        lt_view_numbers(s, (lt_rect){area.x, area.y + from, area.width, end - from});
}

bool lt_view_tour_fits(const lt_studio *s, int cols)
{
    return s->tour && (s->view != LT_VIEW_TOKENS || cols >= WIDE);
}

void lt_view_tour_row(const lt_studio *s, lt_rect row)
{
    const lt_tour *t = s->tour;
    const lt_lesson_page *p = &t->lesson.pages[t->page];
    bool waits = t->at > t->page && p->check_count && !p->done;
    char key[64], number[16] = "";
    turning_key(s, key, sizeof key);
    if (t->number)
        snprintf(number, sizeof number, " %d", t->number);
    lt_draw_format(row.y, row.x + 1, row.width - 2, LT_STYLE_ACCENT,
                   "lesson%s  page %d/%d  %s%s: %s   Esc shows the page", number, t->page + 1,
                   t->lesson.count,
                   p->done ? "Done.  "
                   : waits ? "(waits for it)  "
                           : "",
                   key, t->page + 1 == t->lesson.count ? "the end" : "next page");
}

/* Rows of one of the list. */
static int rows_each(const lt_studio *s)
{
    int height = s->layout.panel.height, count = s->lessons.count;
    return height >= 4 * count ? 3 : height >= 2 * count ? 2 : 1;
}

int lt_view_lessons_at(const lt_studio *s, int x, int y)
{
    lt_rect r = s->layout.panel;
    int i = (y - r.y) / rows_each(s);
    bool inside = x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
    return inside && i < s->lessons.count ? s->lessons.all[i].number : 0;
}

void lt_view_lessons(lt_studio *s)
{
    lt_rect area = s->layout.panel;
    const lt_lessons *l = &s->lessons;
    int each = rows_each(s);
    lt_draw_box(s->layout.panel_box, LT_STYLE_ACCENT, "lessons");
    for (int i = 0; i < l->count && i * each < area.height; i++) {
        const lt_lesson_entry *e = &l->all[i];
        int y = area.y + i * each;
        lt_draw_format(y, area.x + 1, area.width - 2, LT_STYLE_STRONG, "%d  %s", e->number,
                       e->title);
        if (each > 1)
            lt_draw_fit(y + 1, area.x + 4, area.width - 5, LT_STYLE_DIM, e->about);
    }
}
