/* form_follow.c - which of the form's fields the user changed, and the others as a run has them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/form.h"

enum { TEXT = 512 };

/* What a run looks like, but for its texts.  Not: what it begins with (seed, variation, a picture),
 * which a fork has from its parent; and what the studio works with (model, backend, type). */
static const char *const followed[] = {"guidance-scale", "steps", "size", "scheduler",
                                       "timestep-spacing"};

/* ---- what it was ---- */

void lt_form_base_copy(lt_form_base *to, const lt_form_base *from)
{
    *to = *from;
    to->prompt = lt_strdup(from->prompt);
    to->negative = lt_strdup(from->negative);
    lt_params_copy(&to->next, &from->next);
}

void lt_form_base_done(lt_form_base *b)
{
    free(b->prompt);
    free(b->negative);
    lt_params_done(&b->next);
    *b = (lt_form_base){0};
}

void lt_form_take(lt_form *f)
{
    lt_form_base now = {.prompt = (char *)(uintptr_t)lt_edit_text(f->prompt, NULL),
                        .negative = (char *)(uintptr_t)lt_edit_text(f->negative, NULL),
                        .next = f->next,
                        .seed_given = f->seed_given,
                        .seed = f->seed};
    lt_form_base_done(&f->base);
    lt_form_base_copy(&f->base, &now);
}

void lt_form_hold(lt_form *f)
{
    f->base.held = true;
}

bool lt_form_seed_changed(const lt_form *f)
{
    return f->seed_given != f->base.seed_given || f->seed != f->base.seed;
}

static bool same(const lt_params *a, const lt_params *b, const lt_param_info *info)
{
    char x[TEXT], y[TEXT];
    bool given = lt_params_text(a, info, x, sizeof x);
    return given == lt_params_text(b, info, y, sizeof y) && (!given || strcmp(x, y) == 0);
}

/* ---- following ---- */

static void follow_text(lt_edit *e, char **base, const char *run)
{
    const char *text = lt_edit_text(e, NULL);
    bool is = strcmp(text, run) == 0;
    if (!is && strcmp(text, *base) != 0)
        return;
    if (!is)
        lt_edit_set(e, run);
    free(*base);
    *base = lt_strdup(run);
}

/* As the run had it: given or not, unless "not given" means another value now. */
static void give(lt_form *f, const lt_film *film, int row, const lt_param_info *info,
                 const char *run)
{
    char text[TEXT];
    lt_error ignored;
    lt_form_reset(f, row);
    if (lt_params_text(&film->params, info, text, sizeof text))
        (void)!lt_form_set(f, row, text, &ignored);
    lt_form_next(f, row, text, sizeof text);
    if (strcmp(text, run) != 0)
        (void)!lt_form_set(f, row, run, &ignored);
}

static void follow_row(lt_form *f, const lt_film *film, int image, int row)
{
    const lt_param_info *info = lt_params_find(lt_form_label(row));
    char run[TEXT], next[TEXT];
    lt_error ignored;
    lt_form_this(film, image, row, run, sizeof run);
    lt_form_next(f, row, next, sizeof next);
    bool is = strcmp(next, run) == 0;
    if (!is && !same(&f->next, &f->base.next, info))
        return;
    if (!is)
        give(f, film, row, info, run);
    lt_params_unset(&f->base.next, info);
    if (lt_params_text(&f->next, info, next, sizeof next))
        (void)!lt_params_set(&f->base.next, info, next, &ignored); /* it was valid there */
}

void lt_form_follow(lt_form *f, const lt_film *film, int image)
{
    const lt_params *p = &film->params;
    int prompt = image / lt_params_per_prompt(p);
    if (f->base.held)
        return;
    follow_text(f->prompt, &f->base.prompt, prompt < p->prompt_count ? p->prompts[prompt] : "");
    follow_text(f->negative, &f->base.negative, p->negative_prompt ? p->negative_prompt : "");
    for (size_t i = 0; i < sizeof followed / sizeof *followed; i++)
        follow_row(f, film, image, lt_form_row_of(followed[i]));
}
