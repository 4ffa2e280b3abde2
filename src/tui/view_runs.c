/* view_runs.c - the tree of runs in the panel. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tui/compare.h"
#include "tui/draw.h"
#include "tui/tree.h"
#include "tui/view.h"

/* What a fork was made for: the settings that its parent has otherwise. */
static void differences(const lt_film *f, const lt_film *parent, lt_buf *out)
{
    int differ;
    lt_compare_setting *all = lt_alloc_array(LT_COMPARE_SETTINGS, sizeof *all);
    lt_compare_settings(parent, f, all, &differ);
    for (int i = 0; i < differ; i++)
        lt_buf_format(out, ", %s %s", all[i].label, all[i].b);
    free(all);
}

static void say_what(const lt_studio *s, const lt_reel *r, lt_buf *out)
{
    int place;
    const lt_reel *parent = lt_reels_find(&s->reels, r->parent);
    if (r->film && parent && parent->film) {
        lt_buf_format(out, "@%d", r->forked);
        differences(r->film, parent->film, out);
    } else if (r->film) {
        lt_buf_format(out, "s%" PRIu64 "  %s", lt_params_seed(&r->film->params, 0, &place),
                      r->prompt);
    } else {
        lt_buf_str(out, r->prompt);
    }
}

static void line(const lt_studio *s, const lt_tree_row *row, lt_rect r)
{
    enum { STATE = 8 };
    const lt_reel *reel = s->reels.all[row->item];
    bool on = reel == s->reel;
    char guides[LT_TREE_DEEP * 8];
    lt_buf text = {0};
    lt_tree_guides(row, s->options->utf8, guides, sizeof guides);
    lt_buf_format(&text, "%s%s%d%s ", on ? ">" : " ", guides, row->item + 1,
                  reel->starred ? "*" : "");
    say_what(s, reel, &text);
    if (on)
        lt_draw_fill(r, s->focus == LT_FOCUS_RUNS ? LT_STYLE_CHOSEN : LT_STYLE_PLAIN);
    lt_style style = !on                         ? LT_STYLE_PLAIN
                     : s->focus == LT_FOCUS_RUNS ? LT_STYLE_CHOSEN
                                                 : LT_STYLE_ACCENT;
    lt_draw_fit(r.y, r.x, r.width - STATE - 1, style, text.data);
    lt_draw_text(r.y, r.x + r.width - STATE, STATE, on ? style : LT_STYLE_DIM,
                 lt_reel_state_name(lt_studio_state_of(s, reel)));
    lt_buf_done(&text);
}

void lt_view_runs(lt_studio *s)
{
    lt_rect area = s->layout.panel;
    int count = s->reels.count, at = 0, first = 0;
    lt_tree_row *rows = lt_runs_tree(s);
    lt_draw_box(s->layout.panel_box, LT_STYLE_PLAIN, "Runs");
    if (count == 0)
        lt_draw_text(area.y, area.x + 2, area.width - 4, LT_STYLE_DIM, "no run was made yet");
    for (int i = 0; i < count; i++)
        at = s->reels.all[rows[i].item] == s->reel ? i : at;
    if (at >= area.height)
        first = at - area.height + 1;
    for (int i = first; i < count && i - first < area.height; i++)
        line(s, &rows[i], (lt_rect){area.x + 1, area.y + i - first, area.width - 2, 1});
    free(rows);
}
