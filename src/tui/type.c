/* type.c - fields of text: both prompts, and the line that is asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/recall.h"
#include "tui/command.h"
#include "tui/edit_view.h"
#include "tui/tour.h"

lt_edit *lt_studio_edit(lt_studio *s)
{
    if (s->ask != LT_ASK_NOTHING)
        return s->line;
    if (s->help || s->details)
        return NULL;
    return s->focus == LT_FOCUS_PROMPT     ? s->form.prompt
           : s->focus == LT_FOCUS_NEGATIVE ? s->form.negative
                                           : NULL;
}

const char *lt_studio_question(const lt_studio *s)
{
    switch (s->ask) {
    case LT_ASK_VALUE:
        return lt_form_label(s->row);
    case LT_ASK_PICTURE:
        return "take the settings of PNG file";
    case LT_ASK_SEARCH:
        return "search the prompts";
    case LT_ASK_FIND:
    case LT_ASK_HISTORY:
        return "find";
    case LT_ASK_SCALE:
        return "guidance of this step";
    case LT_ASK_SEEDS:
        return "how many seeds, 2 to 16";
    case LT_ASK_VARY:
        return "how strong are the variations, up to 1";
    case LT_ASK_LESSON:
        return "which lesson";
    case LT_ASK_QUIT:
        return "a run is at work: leave? y or n";
    default:
        return "command";
    }
}

void lt_studio_ask(lt_studio *s, lt_ask what, const char *text)
{
    s->ask = what;
    lt_prompts_rest(s->commands);
    lt_edit_reset(s->line, text);
    if (what != LT_ASK_COMMAND) /* a value: another one takes its place */
        lt_edit_select(s->line);
    s->dirty = true;
}

/* ---- the history of prompts ---- */

static void say_note(lt_studio *s, const lt_error *note)
{
    if (note->code != LT_ERR_NONE)
        lt_studio_say(s, LT_NOTE_WARN, "%s", note->message);
}

void lt_studio_remember(lt_studio *s, const char *prompt)
{
    lt_error note = {0};
    if (!lt_prompts_add(s->history, prompt, &note))
        say_note(s, &note);
    s->searched = 0;
}

static void recall_line(lt_studio *s, int by)
{
    const char *text = by < 0 ? lt_prompts_up(s->history, lt_edit_text(s->form.prompt, NULL))
                              : lt_prompts_down(s->history);
    if (text)
        lt_edit_set(s->form.prompt, text);
}

static void recall_command(lt_studio *s, int by)
{
    const char *text = by < 0 ? lt_prompts_up(s->commands, lt_edit_text(s->line, NULL))
                              : lt_prompts_down(s->commands);
    if (text)
        lt_edit_set(s->line, text);
}

/* From the first or last row of the prompt on to earlier and later ones. */
static void vertical(lt_studio *s, int by)
{
    lt_edit *e = lt_studio_edit(s);
    int width = s->layout.prompt.width - LT_FIELD_BESIDE;
    if (s->ask == LT_ASK_COMMAND)
        recall_command(s, by);
    if (s->ask != LT_ASK_NOTHING || !e)
        return;
    if (!lt_edit_vertical(e, width, by) && e == s->form.prompt)
        recall_line(s, by);
}

/* The newest prompt with the needle, from the from-th on, goes into the field. */
static void search(lt_studio *s, size_t from)
{
    size_t at, start, end;
    const char *needle = lt_edit_text(s->line, NULL);
    if (!*needle)
        return;
    if (lt_prompts_search(s->history, needle, from, &at, &start, &end)) {
        s->searched = at;
        lt_edit_set(s->form.prompt, lt_prompts_get(s->history, at));
    } else {
        lt_studio_say(s, LT_NOTE_INFO, "no earlier prompt has '%s'", needle);
    }
}

static void search_key(lt_studio *s)
{
    if (s->ask == LT_ASK_SEARCH) {
        search(s, s->searched + 1);
    } else if (s->ask == LT_ASK_NOTHING) {
        s->searched = 0;
        s->focus = LT_FOCUS_PROMPT;
        lt_studio_ask(s, LT_ASK_SEARCH, "");
    }
}

/* What is searched for as it is typed. */
static void typed(lt_studio *s)
{
    if (s->ask == LT_ASK_SEARCH)
        search(s, 0);
    else if (s->ask == LT_ASK_HISTORY)
        lt_gallery_search(s, lt_edit_text(s->line, NULL));
}

/* ---- the line ---- */

static void command(lt_studio *s, const char *text)
{
    if (*text)
        (void)lt_prompts_add(s->commands, text, &(lt_error){0});
    lt_command_run(s, text);
}

void lt_studio_accept(lt_studio *s)
{
    lt_error err = {0};
    lt_ask ask = s->ask;
    char *text = lt_strdup(lt_edit_text(s->line, NULL));
    s->ask = LT_ASK_NOTHING;
    switch (ask) {
    case LT_ASK_VALUE:
        if (!lt_form_type(&s->form, s->row, text, &err))
            lt_studio_fault(s, &err);
        break;
    case LT_ASK_PICTURE:
        if (*text)
            lt_studio_read_settings(s, text);
        break;
    case LT_ASK_COMMAND:
        command(s, text);
        break;
    case LT_ASK_FIND:
        snprintf(s->find, sizeof s->find, "%s", text);
        s->help_top = 0;
        break;
    case LT_ASK_SCALE:
        lt_studio_what_if_type(s, text);
        break;
    case LT_ASK_SEEDS:
        lt_studio_grid_make(s, text);
        break;
    case LT_ASK_VARY:
        lt_studio_grid_vary(s, text);
        break;
    case LT_ASK_LESSON:
        if (*text)
            lt_tour_open(s, text);
        break;
    case LT_ASK_QUIT:
        s->quit = text[0] == 'y' || text[0] == 'Y';
        break;
    default:
        break;
    }
    free(text);
    s->dirty = true;
}

void lt_studio_cancel(lt_studio *s)
{
    bool history = s->ask == LT_ASK_HISTORY;
    s->ask = LT_ASK_NOTHING;
    if (history)
        lt_gallery_search(s, "");
    s->dirty = true;
}

void lt_studio_type(lt_studio *s, lt_action action)
{
    lt_edit_op op;
    lt_edit *e = lt_studio_edit(s);
    switch (action) {
    case LT_ACTION_LINE_UP:
        vertical(s, -1);
        return;
    case LT_ACTION_LINE_DOWN:
        vertical(s, 1);
        return;
    case LT_ACTION_SEARCH_HISTORY:
        search_key(s);
        return;
    case LT_ACTION_ACCEPT:
        lt_studio_accept(s);
        return;
    case LT_ACTION_CANCEL:
        lt_studio_cancel(s);
        return;
    case LT_ACTION_COMPLETE:
        if (s->ask == LT_ASK_COMMAND)
            lt_command_complete(s);
        return;
    default:
        if (e && lt_keymap_edit_op(action, &op))
            lt_edit_do(e, op);
        typed(s);
        return;
    }
}

/* A paste that is a whole set of settings fills the form; true if it was one. */
static bool paste_settings(lt_studio *s, const char *text)
{
    lt_params p;
    lt_buf notes = {0};
    bool ok = s->ask == LT_ASK_NOTHING && lt_recall_parameters(text, &p, &notes);
    if (ok) {
        lt_studio_take_settings(s, &p, notes.len ? notes.data : "");
        lt_params_done(&p);
    }
    lt_buf_done(&notes);
    return ok;
}

void lt_studio_insert(lt_studio *s, const char *text, size_t n, bool paste)
{
    lt_edit *e = lt_studio_edit(s);
    if (s->ask == LT_ASK_QUIT && !paste) { /* a single key answers */
        lt_edit_reset(s->line, text[0] == 'y' || text[0] == 'Y' ? "y" : "n");
        lt_studio_accept(s);
        return;
    }
    if (paste && paste_settings(s, text))
        return;
    if (!(paste ? lt_edit_paste(e, text, n) : lt_edit_insert(e, text, n)) && lt_edit_refused(e))
        lt_studio_say(s, LT_NOTE_WARN, "there is no room for more text");
    typed(s);
}
