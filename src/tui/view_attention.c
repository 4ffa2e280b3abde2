/* view_attention.c - the words of lens 6 in the panel, with a bar each. */
#include <stdio.h>

#include "tui/draw.h"
#include "tui/view.h"

enum { HEAD = 2, NAME = 16, PERCENT = 8 };

/* Of what is shown; NULL: not there. */
static const lt_attention_maps *maps_of(const lt_studio *s)
{
    return lt_studio_attention(s, s->reel, s->step, s->image);
}

int lt_view_attention_rows(const lt_studio *s)
{
    if (!lt_studio_through(s)->attends || !s->reel || s->step >= lt_reel_frames(s->reel))
        return 0;
    const lt_attention_maps *maps = maps_of(s);
    return HEAD + (maps ? maps->words.count : 1);
}

/* The word in a row of those that are drawn: the prompt's, then start, end and padding; all as they
 * stand in the text if they fit. */
static int word_in(const lt_attending *a, int row)
{
    int count = a->now->words.count, last = count - 1;
    if (a->rows.height == count)
        return row;
    if (row < a->prompt)
        return a->first + row;
    row -= a->prompt;
    while (a->now->words.at[last].kind != LT_WORD_PROMPT && last > 0)
        last--;
    return row == 0 ? 0 : last + row;
}

int lt_view_attention_at(const lt_studio *s, int x, int y)
{
    const lt_attending *a = &s->attending;
    lt_rect r = a->rows;
    if (!lt_view_attention_rows(s) || !maps_of(s) || x < r.x || x >= r.x + r.width || y < r.y ||
        y >= r.y + r.height)
        return -1;
    return word_in(a, y - r.y);
}

/* "Attention, step 5, 16x16" and what the colours mean; what is missing instead. */
static void head(const lt_studio *s, lt_rect area)
{
    const lt_attending *a = &s->attending;
    char size[32] = "all sizes", of[48];
    int x = area.x + 1, width = area.width - 2;
    const lt_attention_maps *maps = maps_of(s);
    if (maps && a->size != LT_ATTENTION_ALL)
        snprintf(size, sizeof size, "%dx%d", maps->size[a->size].h, maps->size[a->size].w);
    if (a->whole)
        snprintf(of, sizeof of, "mean of %d step%s", a->steps, a->steps == 1 ? "" : "s");
    else
        snprintf(of, sizeof of, "step %d", s->step);
    lt_draw_format(area.y, x, width, LT_STYLE_STRONG, "Attention%s, %s, %s",
                   a->by_token ? " by token" : "", of, size);
    if (area.height < HEAD)
        return;
    if (maps)
        lt_draw_format(area.y + 1, x + 1, width - 1, LT_STYLE_PLAIN, "dark %.3g to bright %.3g",
                       a->range.min, a->range.max);
    else
        lt_draw_text(area.y + 1, x + 1, width - 1, LT_STYLE_DIM,
                     s->step == 0                   ? "noise: no step has looked yet"
                     : lt_studio_attention_waits(s) ? "computing..."
                                                    : "not there");
}

/* The share that fills a bar: the largest of the prompt's words. */
static double full(const lt_attending *a)
{
    double most = 0;
    for (int i = 0; i < a->now->words.count; i++)
        if (a->now->words.at[i].kind == LT_WORD_PROMPT && a->share[i] > most)
            most = a->share[i];
    return most;
}

static void row(const lt_attending *a, int i, int y, lt_rect area, double most)
{
    const lt_word *w = &a->now->words.at[i];
    bool prompt = w->kind == LT_WORD_PROMPT, chosen = i == a->word;
    lt_style style = chosen ? LT_STYLE_ACCENT : prompt ? LT_STYLE_PLAIN : LT_STYLE_DIM;
    int x = area.x + 1, room = area.width - 2 - 2 - NAME - PERCENT;
    int cells = prompt && most > 0 && room > 0 ? (int)(a->share[i] / most * room + 0.5) : 0;
    lt_draw_text(y, x, 1, style, chosen ? ">" : " ");
    lt_draw_fit(y, x + 2, NAME - 1, style, w->text);
    for (int k = 0; k < cells; k++)
        lt_draw_text(y, x + 2 + NAME + k, 1, style, "#");
    lt_draw_format(y, x + 2 + NAME + (room > 0 ? room : 0), PERCENT, style, "%6.1f %%",
                   100 * a->share[i]);
}

/* Where the rows begin: as many words of the prompt as fit, around the chosen one, above the rest.
 */
static void scroll(lt_attending *a, int rows)
{
    int count = a->now->words.count, words = 0, most;
    for (int i = 0; i < count; i++)
        words += a->now->words.at[i].kind == LT_WORD_PROMPT;
    a->prompt = rows - (count - words);
    a->prompt = a->prompt < 1 ? (words > 0) : a->prompt > words ? words : a->prompt;
    most = 1 + words - a->prompt;
    a->first = a->word - a->prompt / 2;
    a->first = a->first > most ? most : a->first < 1 ? 1 : a->first;
}

void lt_view_attention(lt_studio *s, lt_rect area)
{
    lt_attending *a = &s->attending;
    if (area.height < 1)
        return;
    head(s, area);
    int rows = area.height - HEAD;
    if (!maps_of(s) || rows < 1)
        return;
    int count = a->now->words.count;
    rows = rows < count ? rows : count;
    a->rows = (lt_rect){area.x, area.y + HEAD, area.width, rows};
    scroll(a, rows);
    double most = full(a);
    for (int i = 0; i < rows; i++)
        row(a, word_in(a, i), a->rows.y + i, area, most);
}
