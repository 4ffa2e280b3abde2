/* without.c - a run once more without one of its words, and both side by side. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/studio.h"

/* What the new run is made of. */
typedef struct branch {
    lt_params params; /* owned */
    lt_reel *parent;  /* whose frame it goes on from; of frame 0: the run itself */
    int frame;
} branch;

/* The word under the cursor, in bytes of the text; false, said, where there is none to leave out.
 */
static bool chosen_word(lt_studio *s, lt_token_word *out)
{
    const lt_token_view *v = &s->tokens;
    lt_token_row row = lt_token_row_at(&v->tokens, v->open, v->row);
    if (row.kind != LT_TOKEN_TEXT && row.kind != LT_TOKEN_CUT) {
        lt_studio_say(s, LT_NOTE_INFO, "choose a word: h and l go from one to the next");
        return false;
    }
    *out = lt_tokens_word(&v->tokens, v->tokens.total, row.token);
    if (out->first >= v->tokens.used) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "this word is cut off: the model does not see it, with or without");
        return false;
    }
    return true;
}

/* False, said, where the text is not that of a run that has begun and read it. */
static bool of_a_run(lt_studio *s)
{
    const lt_film *f = s->reel ? s->reel->film : NULL;
    lt_tokens_of of = s->tokens.of;
    const char *why = NULL;
    if (of >= LT_TOKENS_FIELD)
        why = f ? "this is the text of the next run: Tab goes to that of the run"
                : "make a picture first: then - leaves a word of its prompt out";
    else if (!f)
        why = "the run has not begun yet";
    else if (f->images > 1)
        why = "this run has several pictures: open one of them first";
    else if (of == LT_TOKENS_RUN_AVOID && !f->guided)
        why = "guidance is off: the run did not read this text";
    if (why)
        lt_studio_say(s, LT_NOTE_INFO, "%s", why);
    return !why;
}

/* A fork's word is left out from where it was forked on, too. */
static bool find_parent(lt_studio *s, branch *b)
{
    lt_reel *r = s->reel;
    b->parent = r;
    b->frame = r->film->forked;
    if (b->frame > 0) {
        b->parent = lt_reels_find(&s->reels, r->parent);
        if (!b->parent || !b->parent->film || b->parent->film->done < b->frame) {
            lt_studio_say(s, LT_NOTE_INFO, "what this run was forked from is not open");
            return false;
        }
    }
    return true;
}

/* The settings of the run that is looked at, which has one picture, with another text. */
static void settings(const lt_studio *s, const char *text, lt_params *out)
{
    const lt_film *f = s->reel->film;
    lt_params_copy(out, &f->params);
    lt_params_pick(out, 0);
    lt_studio_as_parent(s, out, f, false);
    char **place = s->tokens.of == LT_TOKENS_RUN ? &out->prompts[0] : &out->negative_prompt;
    free(*place);
    *place = lt_strdup(text);
}

/* Its id, 0 if it was refused. */
static uint64_t begin(lt_studio *s, branch *b)
{
    const lt_reel *before = s->reel;
    if (lt_runs_at_work(s) || lt_runs_waiting(s)) {
        if (b->frame == 0) {
            lt_reel *r = lt_runs_queue_up(s, &b->params);
            r->parent = b->parent->id;
            return r->id;
        }
        lt_studio_say(s, LT_NOTE_INFO,
                      "a run is at work, and a fork cannot wait for it: x stops it");
        return 0;
    }
    if (b->frame > 0)
        s->image = before->parent_image;
    lt_studio_branch(s, &b->params, b->parent, b->frame);
    if (s->reel != before)
        return s->reel->id;
    s->image = 0;
    return 0;
}

void lt_studio_without(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    lt_token_word word;
    branch b;
    if (!of_a_run(s) || !chosen_word(s, &word) || !find_parent(s, &b))
        return;
    uint64_t with = s->reel->id;
    char *text = lt_tokens_without(v->text, strlen(v->text), word.start, word.end);
    lt_text_escape(v->word, sizeof v->word, v->text + word.start, word.end - word.start);
    settings(s, text, &b.params);
    v->without = begin(s, &b);
    v->with = v->without ? with : 0;
    lt_params_done(&b.params);
    free(text);
}

void lt_studio_without_begun(lt_studio *s, lt_reel *r)
{
    lt_token_view *v = &s->tokens;
    if (!v->without || r->id != v->without)
        return;
    lt_reel *a = lt_reels_find(&s->reels, v->with);
    v->with = v->without = 0;
    bool free_to = s->focus == LT_FOCUS_VIEW && s->ask == LT_ASK_NOTHING && !s->help &&
                   !s->details && (s->view == LT_VIEW_STEP || s->view == LT_VIEW_TOKENS);
    if (!a || !a->film || !free_to) { /* the user is at something else */
        lt_studio_say(s, LT_NOTE_INFO, "run %d has begun: without '%s'",
                      lt_studio_run_number(s, r->id), v->word);
        return;
    }
    if (s->reel != r)
        lt_studio_show_run(s, r);
    lt_studio_compare_with(s, a);
    lt_studio_say(s, LT_NOTE_INFO, "A with '%s', B without", v->word);
}
