/* lesson_facts.c - what a lesson waits for: whether it is so. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/find.h"
#include "tui/tour.h"

_Static_assert((int)LT_LESSON_STEPS_MOST == (int)LT_PARAMS_MAX_STEPS, "steps of a run");
_Static_assert((int)LT_LESSON_LENS_PAGES == (int)LT_LOOK_PAGES, "pages of lens 8");

static bool is_over(const lt_reel *r)
{
    return r && r->state >= LT_REEL_DONE;
}

/* What is looked at is on the screen, or on its way there from here. */
static bool is_shown(const lt_studio *s)
{
    lt_look_part part;
    const lt_reel *r = s->reel;
    const lt_look *look = lt_studio_through(s);
    if (s->view == LT_VIEW_COMPARE)
        return s->comparing.measured;
    if (lt_studio_vae(s))
        return !s->vae.asked && s->vae.encoded &&
               (s->view == LT_VIEW_AUTOENCODER || (s->noising.said && !s->noising.asked));
    if (s->view != LT_VIEW_STEP)
        return true;
    if (!r || s->step >= lt_reel_frames(r))
        return false;
    if (lt_studio_what_if(s))
        return !lt_studio_what_if_waits(s) && !s->what_if.guessed;
    if (look->plot)
        return true;
    if (look->attends && lt_studio_attention_waits(s))
        return false;
    if (look->make)
        return !lt_studio_look_lacks(s, r, s->step, s->image, &part);
    return lt_reel_picture(r, s->step, s->image, lt_reel_lens(s->step, s->lens)) != NULL;
}

/* As words, or as numbers. */
static bool same(const char *a, const char *b)
{
    char *end_a, *end_b;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    bool numbers = *a && *b && !*end_a && !*end_b;
    return numbers ? fabs(x - y) < 1e-9 * (1 + fabs(y)) : strcmp(a, b) == 0;
}

static bool has(const lt_studio *s, const lt_lesson_test *t)
{
    char text[512];
    int row = lt_form_row_of(t->text);
    if (row < 0)
        return false;
    if (t->fact == LT_LESSON_IF_NEXT)
        (void)lt_form_next(&s->form, row, text, sizeof text);
    else if (s->reel && s->reel->film)
        lt_form_this(s->reel->film, s->image, row, text, sizeof text);
    else
        return false;
    return same(text, t->value);
}

static bool in_prompt(const lt_studio *s, const char *words)
{
    size_t n, start, end;
    const char *text = lt_edit_text(s->form.prompt, &n);
    return lt_find(text, n, 0, words, &start, &end);
}

static bool counted(const lt_studio *s, const lt_lesson_test *t)
{
    const lt_tokens *all = &s->prompt_count.tokens;
    if (s->prompt_count.version != lt_edit_version(s->form.prompt) + 1)
        return false;
    if (t->fact == LT_LESSON_IF_TOKENS)
        return (double)all->total >= t->number;
    return (t->fact == LT_LESSON_IF_CUT) == (all->total > all->used);
}

/* Of the run and its steps. */
static bool of_run(const lt_studio *s, const lt_lesson_test *t)
{
    const lt_reel *r = s->reel;
    const lt_film *f = r ? r->film : NULL;
    switch (t->fact) {
    case LT_LESSON_IF_RUN:
        return is_over(r) && (!f || is_shown(s));
    case LT_LESSON_IF_NEW_RUN:
        return is_over(r) && s->tour && r->id > s->tour->last_run && (!f || is_shown(s));
    case LT_LESSON_IF_PICTURE:
        return is_shown(s);
    case LT_LESSON_IF_MADE:
        return f && f->done >= t->number;
    case LT_LESSON_IF_STEP:
        return f && s->step == t->number;
    case LT_LESSON_IF_PAUSED:
        return lt_studio_paused(s);
    default: /* LT_LESSON_IF_FORK */
        return f && r->parent != 0 && r->forked > 0;
    }
}

/* In the order of lt_lesson_view_at. */
static bool is_view(const lt_studio *s, int which)
{
    static const lt_view views[] = {LT_VIEW_STEP,    LT_VIEW_GRID,   LT_VIEW_COMPARE,
                                    LT_VIEW_GALLERY, LT_VIEW_TOKENS, LT_VIEW_AUTOENCODER,
                                    LT_VIEW_NOISING};
    return s->view == views[which] && !lt_studio_what_if(s);
}

bool lt_tour_holds(const lt_studio *s, const lt_lesson_test *t)
{
    switch (t->fact) {
    case LT_LESSON_IF_LENS:
        return lt_look_key(lt_look_row(s->look)) == '0' + (int)t->number;
    case LT_LESSON_IF_PAGE:
        return lt_look_row(s->look)->plot && s->page + 1 == t->number;
    case LT_LESSON_IF_T:
        return s->view == LT_VIEW_NOISING && s->noising.of &&
               fabs(s->noising.at.t - t->number) <= 10; /* a key's step; a cell may be more */
    case LT_LESSON_IF_WHAT_IF:
        return lt_studio_what_if(s) && (!t->counted || fabs(s->what_if.scale - t->number) < 0.05);
    case LT_LESSON_IF_VIEW:
        return is_view(s, (int)t->number);
    case LT_LESSON_IF_TYPING:
        return s->focus == LT_FOCUS_PROMPT && s->ask == LT_ASK_NOTHING;
    case LT_LESSON_IF_PROMPT:
        return in_prompt(s, t->text);
    case LT_LESSON_IF_TOKENS:
    case LT_LESSON_IF_CUT:
    case LT_LESSON_IF_WHOLE:
        return counted(s, t);
    case LT_LESSON_IF_NEXT:
    case LT_LESSON_IF_THIS:
        return has(s, t);
    case LT_LESSON_IF_SECONDS:
        return s->tour && s->now - s->tour->since >= t->number;
    default:
        return of_run(s, t);
    }
}
