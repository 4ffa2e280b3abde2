/* tour_form.c - the form's settings, texts and the pace as they were before a lesson. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/tour.h"

void lt_tour_remember(lt_studio *s, lt_tour *t)
{
    t->form = (lt_form){.seed_given = s->form.seed_given, .seed = s->form.seed};
    lt_params_copy(&t->form.next, &s->form.next);
    lt_form_base_copy(&t->form.base, &s->form.base);
    t->prompt = lt_strdup(lt_edit_text(s->form.prompt, NULL));
    t->negative = lt_strdup(lt_edit_text(s->form.negative, NULL));
    t->pace = s->pace;
}

static void name(lt_buf *out, const char *what)
{
    lt_buf_format(out, "%s%s", out->len ? ", " : "", what);
}

static void give_text(lt_edit *e, const char *text, const char *what, lt_buf *names)
{
    if (strcmp(lt_edit_text(e, NULL), text) == 0)
        return;
    lt_edit_set(e, text);
    name(names, what);
}

void lt_tour_give_back(lt_studio *s, lt_tour *t, lt_buf *names)
{
    char was[512], is[512];
    t->form.facts = s->form.facts;
    for (int row = 0; row < lt_form_rows(); row++) {
        bool a = lt_form_next(&t->form, row, was, sizeof was);
        bool b = lt_form_next(&s->form, row, is, sizeof is);
        if (a != b || strcmp(was, is) != 0)
            name(names, lt_form_label(row));
    }
    lt_params_done(&s->form.next);
    lt_params_copy(&s->form.next, &t->form.next);
    s->form.seed_given = t->form.seed_given;
    s->form.seed = t->form.seed;
    lt_form_base_done(&s->form.base);
    lt_form_base_copy(&s->form.base, &t->form.base);
    s->form_run = s->reel ? s->reel->id : 0; /* the lesson's is not followed */
    s->form_image = s->image;
    give_text(s->form.prompt, t->prompt, "prompt", names);
    give_text(s->form.negative, t->negative, "negative prompt", names);
    if (fabs(s->pace - t->pace) > 0) {
        lt_studio_pace_of(s, t->pace);
        name(names, "pace");
    }
}
