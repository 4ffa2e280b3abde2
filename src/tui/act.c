/* act.c - what a key does. */
#include "base/text.h"
#include "tui/tour.h"

static void leave(lt_studio *s, bool ask)
{
    if (ask && (lt_runs_at_work(s) || lt_runs_waiting(s)))
        lt_studio_ask(s, LT_ASK_QUIT, "");
    else
        s->quit = true;
}

/* Ctrl+C: the line, then the run, then the program. */
static void interrupt(lt_studio *s)
{
    const double twice = 2; /* seconds */
    if (s->ask != LT_ASK_NOTHING) {
        lt_studio_cancel(s);
        return;
    }
    bool again = s->stop_pressed > 0 && s->now - s->stop_pressed < twice;
    if (again || !lt_runs_at_work(s)) {
        s->quit = true;
        return;
    }
    s->stop_pressed = s->now;
    lt_grid_leave_out(&s->grid);
    s->queue_held = true;
    lt_session_stop(s->session);
    lt_studio_say(s, LT_NOTE_INFO, "stopping; Ctrl+C again leaves");
}

static void lock_seed(lt_studio *s)
{
    int place;
    if (s->form.seed_given) {
        s->form.seed_given = false;
        lt_studio_say(s, LT_NOTE_INFO, "every run draws a new seed");
    } else if (s->reel && s->reel->film) {
        lt_form_seed(&s->form, lt_params_seed(&s->reel->film->params, s->image, &place));
        lt_studio_say(s, LT_NOTE_INFO, "the next runs keep this seed");
    } else {
        lt_studio_say(s, LT_NOTE_INFO, "no run has a seed yet: N types one");
    }
}

static void scroll(lt_studio *s, lt_action action)
{
    int page = s->layout.picture.height > 2 ? s->layout.picture.height - 1 : 10;
    switch (action) {
    case LT_ACTION_SCROLL_UP:
        s->help_top--;
        break;
    case LT_ACTION_SCROLL_DOWN:
        s->help_top++;
        break;
    case LT_ACTION_PAGE_UP:
        s->help_top -= page;
        break;
    case LT_ACTION_PAGE_DOWN:
        s->help_top += page;
        break;
    case LT_ACTION_TOP:
        s->help_top = 0;
        break;
    default:
        s->help_top = 1 << 20; /* drawing limits it */
        break;
    }
    s->help_top = s->help_top < 0 ? 0 : s->help_top;
}

static void open_page(lt_studio *s, bool *page)
{
    *page = true;
    s->help_top = 0;
}

static void close_page(lt_studio *s)
{
    if (s->help || s->details) {
        s->help = s->details = false;
        s->redraw = true; /* the picture was covered */
    } else {
        s->focus = LT_FOCUS_VIEW;
    }
}

static void next_field(lt_studio *s, int by)
{
    static const lt_focus order[] = {LT_FOCUS_PROMPT, LT_FOCUS_NEGATIVE, LT_FOCUS_PARAMS};
    int at = s->focus == LT_FOCUS_NEGATIVE ? 1 : s->focus == LT_FOCUS_PARAMS ? 2 : 0;
    if (s->focus == LT_FOCUS_VIEW)
        at = by > 0 ? 2 : 0;
    s->focus = order[(at + by + 3) % 3];
}

static void move_row(lt_studio *s, int by)
{
    int rows = lt_form_rows();
    s->row = (s->row + by + rows) % rows;
}

static void nudge(lt_studio *s, int by)
{
    if (!lt_form_nudge(&s->form, s->row, by))
        lt_studio_say(s, LT_NOTE_INFO, "%s: Enter types a value", lt_form_label(s->row));
}

static void type_value(lt_studio *s, int row)
{
    char text[512];
    s->row = row;
    if (!lt_form_next(&s->form, row, text, sizeof text))
        text[0] = '\0';
    lt_studio_ask(s, LT_ASK_VALUE, text);
}

/* Actions that work on the form. */
static bool act_form(lt_studio *s, lt_action action)
{
    switch (action) {
    case LT_ACTION_EDIT_PROMPT:
        s->focus = LT_FOCUS_PROMPT;
        return true;
    case LT_ACTION_EDIT_AVOID:
        s->focus = LT_FOCUS_NEGATIVE;
        return true;
    case LT_ACTION_PARAMS:
        s->focus = s->focus == LT_FOCUS_PARAMS ? LT_FOCUS_VIEW : LT_FOCUS_PARAMS;
        return true;
    case LT_ACTION_NEXT_FIELD:
        if (!lt_beside_tab(s, 1))
            next_field(s, 1);
        return true;
    case LT_ACTION_PREVIOUS_FIELD:
        if (!lt_beside_tab(s, -1))
            next_field(s, -1);
        return true;
    case LT_ACTION_VIEW:
        s->focus = LT_FOCUS_VIEW;
        return true;
    case LT_ACTION_PARAM_UP:
        move_row(s, -1);
        return true;
    case LT_ACTION_PARAM_DOWN:
        move_row(s, 1);
        return true;
    case LT_ACTION_PARAM_MORE:
        nudge(s, 1);
        return true;
    case LT_ACTION_PARAM_LESS:
        nudge(s, -1);
        return true;
    case LT_ACTION_PARAM_TYPE:
        type_value(s, s->row);
        return true;
    case LT_ACTION_PARAM_DEFAULT:
        lt_form_reset(&s->form, s->row);
        return true;
    case LT_ACTION_TYPE_SEED:
        type_value(s, lt_form_row_of("seed"));
        return true;
    case LT_ACTION_LOCK_SEED:
        lock_seed(s);
        return true;
    default:
        return false;
    }
}

/* Actions on the run and its steps. */
static bool act_run(lt_studio *s, lt_action action)
{
    switch (action) {
    case LT_ACTION_RUN:
        lt_studio_run(s, false);
        return true;
    case LT_ACTION_RANDOM:
        s->form.seed_given = false;
        lt_studio_run(s, false);
        return true;
    case LT_ACTION_GUIDANCE_MORE:
        lt_studio_steer(s, 1);
        return true;
    case LT_ACTION_GUIDANCE_LESS:
        lt_studio_steer(s, -1);
        return true;
    case LT_ACTION_FORK:
        lt_studio_fork(s);
        return true;
    case LT_ACTION_RESUME:
        lt_studio_resume(s);
        return true;
    case LT_ACTION_STOP:
        lt_session_stop(s->session);
        return true;
    case LT_ACTION_PAUSE:
        lt_studio_pause(s);
        return true;
    case LT_ACTION_STEP:
        lt_studio_step(s, 1);
        return true;
    case LT_ACTION_BACK:
        lt_studio_step(s, -1);
        return true;
    case LT_ACTION_FIRST:
        lt_studio_goto(s, 0);
        return true;
    case LT_ACTION_LAST:
        lt_studio_goto(s, s->reel ? lt_reel_frames(s->reel) - 1 : 0);
        return true;
    case LT_ACTION_SLOWER:
        lt_studio_pace(s, 1);
        return true;
    case LT_ACTION_FASTER:
        lt_studio_pace(s, -1);
        return true;
    default:
        return false;
    }
}

/* Actions on files, the screen and the program. */
static bool act_program(lt_studio *s, lt_action action)
{
    switch (action) {
    case LT_ACTION_SAVE:
        lt_studio_save(s);
        return true;
    case LT_ACTION_SAVE_STEPS:
        lt_studio_save_all(s);
        return true;
    case LT_ACTION_READ_PNG:
        lt_studio_ask(s, LT_ASK_PICTURE, "");
        return true;
    case LT_ACTION_DETAILS:
        open_page(s, &s->details);
        s->unread = false;
        return true;
    case LT_ACTION_HELP:
        open_page(s, &s->help);
        return true;
    case LT_ACTION_CLOSE:
        close_page(s);
        return true;
    case LT_ACTION_SIZE:
        s->zoom = (s->zoom + 1) % (LT_LAYOUT_ONLY + 1);
        s->redraw = true;
        return true;
    case LT_ACTION_STATISTICS:
        s->statistics = !s->statistics;
        return true;
    case LT_ACTION_COMMAND:
        lt_studio_ask(s, LT_ASK_COMMAND, "");
        return true;
    case LT_ACTION_FIND:
        lt_studio_ask(s, LT_ASK_FIND, s->find);
        return true;
    case LT_ACTION_QUIT:
        leave(s, true);
        return true;
    case LT_ACTION_INTERRUPT:
        interrupt(s);
        return true;
    case LT_ACTION_SUSPEND:
        s->suspend = true;
        return true;
    case LT_ACTION_REDRAW:
        s->redraw = true;
        return true;
    default:
        return false;
    }
}

void lt_studio_act(lt_studio *s, lt_action action)
{
    s->dirty = true;
    if (lt_studio_autoencoder_act(s, action) || lt_studio_noising_act(s, action) ||
        lt_studio_tokens_act(s, action) || lt_studio_grid_act(s, action) ||
        lt_gallery_act(s, action) || lt_studio_what_if_act(s, action) ||
        lt_studio_look_act(s, action) || lt_studio_compare_act(s, action) ||
        lt_runs_act(s, action) || lt_tour_act(s, action))
        return;
    if (act_run(s, action) || act_form(s, action) || act_program(s, action))
        return;
    if (action >= LT_ACTION_SCROLL_UP && action <= LT_ACTION_BOTTOM)
        scroll(s, action);
    else
        lt_studio_type(s, action);
}

static void key(lt_studio *s, const lt_input_event *e)
{
    lt_key pressed = {e->code, e->mods};
    lt_action action = lt_keymap_lookup(s->keymap, lt_tour_context(s), pressed);
    char text[4];
    if (action == LT_ACTION_NONE)
        action = lt_keymap_lookup(s->keymap, lt_studio_context(s), pressed);
    if (s->note.kind == LT_NOTE_INFO && s->note.until > 0)
        s->note.until = s->now + 2; /* it was seen */
    if (action != LT_ACTION_NONE)
        lt_studio_act(s, action);
    else if (e->kind == LT_INPUT_TEXT && lt_studio_edit(s))
        lt_studio_insert(s, text, lt_text_put(text, e->code), false);
}

void lt_studio_input(lt_studio *s, const lt_input_event *e)
{
    switch (e->kind) {
    case LT_INPUT_KEY:
    case LT_INPUT_TEXT:
        key(s, e);
        s->dirty = true;
        break;
    case LT_INPUT_PASTE:
        if (!lt_studio_edit(s)) {
            if (s->help || s->details)
                close_page(s);
            s->focus = LT_FOCUS_PROMPT;
        }
        lt_studio_insert(s, e->text, e->length, true);
        s->dirty = true;
        break;
    case LT_INPUT_MOUSE:
        lt_studio_mouse(s, e);
        break;
    case LT_INPUT_ACK:
        lt_canvas_acked(s->canvas, s->now);
        break;
    default:
        break;
    }
    bool panel = s->focus == LT_FOCUS_PARAMS || s->focus == LT_FOCUS_RUNS;
    bool no_fields = s->view == LT_VIEW_COMPARE || lt_studio_vae(s);
    if ((no_fields && s->focus != LT_FOCUS_VIEW) || (s->view == LT_VIEW_TOKENS && panel))
        lt_studio_close_view(s);
    lt_studio_follow(s);
}
