/* context.c - where the next key goes, and what is true now. */
#include "tui/studio.h"

lt_keymap_context lt_studio_context(const lt_studio *s)
{
    return s->ask != LT_ASK_NOTHING ? LT_IN_LINE : lt_studio_context_below(s);
}

lt_keymap_context lt_studio_context_below(const lt_studio *s)
{
    if (s->help)
        return LT_IN_HELP;
    if (s->details)
        return LT_IN_MESSAGE;
    switch (s->focus) {
    case LT_FOCUS_PROMPT:
    case LT_FOCUS_NEGATIVE:
        return LT_IN_TYPING;
    case LT_FOCUS_PARAMS:
        return LT_IN_PARAMS;
    case LT_FOCUS_RUNS:
        return LT_IN_RUNS;
    default:
        break;
    }
    if (lt_studio_what_if(s))
        return LT_IN_WHATIF;
    switch (s->view) {
    case LT_VIEW_GRID:
        return LT_IN_GRID;
    case LT_VIEW_COMPARE:
        return LT_IN_COMPARE;
    case LT_VIEW_GALLERY:
        return LT_IN_GALLERY;
    case LT_VIEW_TOKENS:
        return LT_IN_TOKENS;
    case LT_VIEW_AUTOENCODER:
        return LT_IN_AUTOENCODER;
    case LT_VIEW_NOISING:
        return LT_IN_NOISING;
    default:
        return LT_IN_VIEWING;
    }
}

lt_reel_state lt_studio_state_of(const lt_studio *s, const lt_reel *r)
{
    return r->state == LT_REEL_PAUSED && s->paced_hold ? LT_REEL_RUNNING : r->state;
}

bool lt_studio_paused(const lt_studio *s)
{
    return s->reel && lt_studio_state_of(s, s->reel) == LT_REEL_PAUSED;
}

unsigned lt_studio_state(const lt_studio *s)
{
    const lt_reel *r = s->reel;
    unsigned state = 0;
    if (r && lt_reel_at_work(r))
        state |= LT_STATE_RUNNING;
    if (lt_studio_paused(s))
        state |= LT_STATE_PAUSED;
    if (r && lt_reel_frames(r) > 0)
        state |= LT_STATE_FILM;
    if ((s->note.kind == LT_NOTE_ERROR && s->note.text[0]) || s->unread)
        state |= LT_STATE_ERROR;
    if (s->interrupted)
        state |= LT_STATE_INTERRUPTED;
    if (s->tour)
        state |= LT_STATE_TOUR;
    if ((s->view == LT_VIEW_TOKENS && s->tokens.text) ||
        (lt_studio_through(s)->attends && lt_studio_attention(s, s->reel, s->step, s->image)))
        state |= LT_STATE_WORDS;
    return state;
}
