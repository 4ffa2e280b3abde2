/* tokens.c - the view of the prompt's tokens: its text, its keys; see tokens.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/studio.h"

static const double rest = 0.3; /* seconds after which a text that is typed is encoded */

void lt_studio_tokens_done(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    lt_tokens_done(&v->tokens);
    free(v->text);
    v->text = NULL;
    v->refused = (lt_error){0};
}

/* ---- whose text ---- */

static const char *prompt_of_run(const lt_studio *s)
{
    const lt_film *f = s->reel->film;
    if (!f)
        return s->reel->prompt;
    return f->params.prompts[s->image / lt_params_per_prompt(&f->params)];
}

static const char *negative_of_run(const lt_studio *s)
{
    const lt_film *f = s->reel->film;
    return f && f->params.negative_prompt ? f->params.negative_prompt : "";
}

const char *lt_studio_tokens_text(const lt_studio *s)
{
    switch (s->tokens.of) {
    case LT_TOKENS_RUN:
        return prompt_of_run(s);
    case LT_TOKENS_RUN_AVOID:
        return negative_of_run(s);
    case LT_TOKENS_FIELD:
        return lt_edit_text(s->form.prompt, NULL);
    default:
        return lt_edit_text(s->form.negative, NULL);
    }
}

/* A field that has the cursor is what is looked at. */
static void choose_text(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    if (s->focus == LT_FOCUS_PROMPT)
        v->of = LT_TOKENS_FIELD;
    else if (s->focus == LT_FOCUS_NEGATIVE)
        v->of = LT_TOKENS_FIELD_AVOID;
    else if (!s->reel && v->of < LT_TOKENS_FIELD)
        v->of = LT_TOKENS_FIELD;
}

static void limit(lt_token_view *v)
{
    int rows = lt_token_rows(&v->tokens, v->open);
    v->row = v->row < 0 ? 0 : v->row >= rows ? rows - 1 : v->row;
}

bool lt_studio_tokens_follow(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    lt_tokens fresh;
    bool typed = v->text && s->focus != LT_FOCUS_VIEW;
    choose_text(s);
    const char *text = lt_studio_tokens_text(s);
    if (!s->facts || !s->facts->tokenizer)
        return false;
    if (v->text && strcmp(v->text, text) == 0)
        return true;
    lt_studio_tokens_done(s);
    v->rest_at = typed ? s->now + rest : 0;
    if (!lt_tokenizer_encode(s->facts->tokenizer, text, strlen(text), &fresh, &v->refused))
        return false;
    v->refused = (lt_error){0};
    v->tokens = fresh;
    v->text = lt_strdup(text);
    limit(v);
    return true;
}

/* ---- keys ---- */

/* There is another text in the field than the run's: it is what the next one is made of. */
static bool is_typed(const lt_studio *s)
{
    const char *text = lt_edit_text(s->form.prompt, NULL);
    return !s->reel || (*text && strcmp(text, prompt_of_run(s)) != 0);
}

static void open_view(lt_studio *s)
{
    bool negative = s->focus == LT_FOCUS_NEGATIVE, field = s->focus == LT_FOCUS_PROMPT;
    lt_token_view *v = &s->tokens;
    v->of = negative               ? LT_TOKENS_FIELD_AVOID
            : field || is_typed(s) ? LT_TOKENS_FIELD
                                   : LT_TOKENS_RUN;
    v->row = 1; /* the first word, or the end of an empty text */
    v->top = 0;
    v->open = false;
    lt_studio_show_view(s, LT_VIEW_TOKENS);
    if (!negative && !field)
        s->focus = LT_FOCUS_VIEW;
}

static void next_text(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    v->of = (v->of + 1) % LT_TOKENS_TEXTS;
    if (!s->reel && v->of < LT_TOKENS_FIELD)
        v->of = LT_TOKENS_FIELD;
    v->row = 1;
    v->top = 0;
}

/* The chosen row stays on its position, or goes to the first of the padding. */
static void fold(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    int padding = lt_token_padding(&v->tokens), first = (int)v->tokens.used + 2;
    if (padding == 0) {
        lt_studio_say(s, LT_NOTE_INFO, "there is no padding: the text fills all positions");
        return;
    }
    v->open = !v->open;
    if (v->row >= first + (v->open ? 1 : padding))
        v->row += v->open ? padding - 1 : 1 - padding;
    else if (!v->open && v->row > first)
        v->row = first;
}

static bool act(lt_studio *s, lt_action action)
{
    lt_token_view *v = &s->tokens;
    switch (action) {
    case LT_ACTION_WORD_BEFORE:
        v->row = lt_token_word_row(&v->tokens, v->open, v->row, -1);
        return true;
    case LT_ACTION_WORD_AFTER:
        v->row = lt_token_word_row(&v->tokens, v->open, v->row, 1);
        return true;
    case LT_ACTION_SCROLL_UP:
        v->row--;
        return true;
    case LT_ACTION_SCROLL_DOWN:
        v->row++;
        return true;
    case LT_ACTION_PAGE_UP:
        v->row -= v->page;
        return true;
    case LT_ACTION_PAGE_DOWN:
        v->row += v->page;
        return true;
    case LT_ACTION_TOP:
        v->row = 0;
        return true;
    case LT_ACTION_BOTTOM:
        v->row = lt_token_rows(&v->tokens, v->open) - 1;
        return true;
    case LT_ACTION_TOKENS_OF:
        next_text(s);
        return true;
    case LT_ACTION_PADDING:
        fold(s);
        return true;
    case LT_ACTION_WITHOUT:
        lt_studio_without(s);
        return true;
    case LT_ACTION_CLOSE:
        lt_studio_close_view(s);
        return true;
    default:
        return false;
    }
}

bool lt_studio_tokens_act(lt_studio *s, lt_action action)
{
    bool here = s->view == LT_VIEW_TOKENS && !s->help && !s->details;
    if (action == LT_ACTION_TOKENS) {
        if (here && s->focus == LT_FOCUS_VIEW)
            lt_studio_close_view(s);
        else
            open_view(s);
        return true;
    }
    if (!here || s->focus != LT_FOCUS_VIEW)
        return action == LT_ACTION_TOKENS_OF || action == LT_ACTION_PADDING ||
               action == LT_ACTION_WITHOUT;
    if (!lt_studio_tokens_follow(s)) /* no model is open yet */
        return action != LT_ACTION_CLOSE ? false : act(s, action);
    bool done = act(s, action);
    limit(&s->tokens);
    return done;
}

void lt_studio_tokens_click(lt_studio *s, int row)
{
    s->tokens.row = row;
    limit(&s->tokens);
}
