/* resume.c - a run that was interrupted, by a signal or by leaving, goes on where it was. */
#include "base/mem.h"
#include "tui/studio.h"

/* It had no step yet: the same settings from the beginning. */
static void again(lt_studio *s, const lt_reel *r)
{
    lt_studio_take_settings(s, &r->film->params, "");
    lt_studio_run(s, false);
}

static void go_on(lt_studio *s, const lt_reel *r, int64_t stored)
{
    lt_error err = {0};
    const lt_film *f = r->film;
    uint64_t parent = r->id;
    if (!lt_session_fork(s->session, s->next_id + 1, &f->params, f, f->done, false, &err)) {
        lt_studio_fault(s, &err);
        return;
    }
    lt_studio_begin_reel(s, f->params.prompts[0], false);
    s->reel->parent = parent;
    s->reel->forked = f->done;
    s->reel->adopts = stored;
    for (int i = 0; i < f->images; i++)
        if (r->image[i].dropped)
            lt_session_drop(s->session, s->reel->id, i);
}

void lt_studio_resume(lt_studio *s)
{
    int64_t id = s->interrupted;
    if (!id) {
        lt_studio_say(s, LT_NOTE_INFO, "no run was interrupted");
        return;
    }
    lt_reel *r = lt_gallery_reopen(s, id);
    s->interrupted = 0;
    if (!r)
        return;
    lt_studio_show_view(s, LT_VIEW_STEP);
    if (s->focus == LT_FOCUS_PROMPT || s->focus == LT_FOCUS_NEGATIVE)
        s->focus = LT_FOCUS_VIEW;
    lt_studio_show_run(s, r);
    if (r->film->done == r->film->steps)
        lt_studio_say(s, LT_NOTE_INFO, "all of its steps are there");
    else if (r->film->done == 0)
        again(s, r);
    else
        go_on(s, r, id);
}
