/* steer.c - guidance that is changed while a run is at work acts from its next step on: as a fork,
 * so that nothing is overwritten. */
#include "tui/studio.h"

static const double settled = 0.4; /* seconds after the last press: several are one change */

static bool can_fork(const lt_studio *s)
{
    const lt_reel *r = s->reel;
    return r && r->film && lt_reel_at_work(r) && r->film->images == 1;
}

void lt_studio_steer(lt_studio *s, int by)
{
    char text[64];
    int row = lt_form_row_of("guidance-scale");
    if (!lt_form_nudge(&s->form, row, by))
        return;
    (void)lt_form_next(&s->form, row, text, sizeof text);
    if (!can_fork(s)) {
        lt_studio_say(s, LT_NOTE_INFO, "guidance %s for the next run", text);
        return;
    }
    s->steer_at = s->now + settled;
    if (lt_studio_paused(s))
        lt_studio_say(s, LT_NOTE_INFO, "guidance %s: Space goes on with it, as a fork", text);
    else
        lt_studio_say(s, LT_NOTE_INFO, "guidance %s from the next step on, as a fork", text);
}

static void fork_now(lt_studio *s)
{
    s->steer_at = 0;
    s->step = s->reel->film->done;
    lt_studio_fork(s);
}

/* There is a step to go on from, and one to come. */
static bool is_between(const lt_studio *s)
{
    const lt_film *f = s->reel->film;
    return f->done >= 1 && f->done < f->steps;
}

bool lt_studio_steer_on(lt_studio *s)
{
    if (s->steer_at <= 0 || !can_fork(s) || !is_between(s))
        return false;
    fork_now(s);
    return true;
}

double lt_studio_steer_wait(const lt_studio *s)
{
    if (s->steer_at <= 0 || !can_fork(s) || lt_studio_paused(s))
        return -1;
    return s->steer_at > s->now ? s->steer_at - s->now : 0.01; /* the first step is on its way */
}

void lt_studio_steer_tick(lt_studio *s)
{
    if (s->steer_at <= 0)
        return;
    if (!can_fork(s))
        s->steer_at = 0; /* it is over: the next run has it */
    else if (lt_studio_state_of(s, s->reel) == LT_REEL_RUNNING && s->now >= s->steer_at &&
             is_between(s))
        fork_now(s);
}
