/* tour.c - see tour.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/command.h"
#include "tui/draw.h"
#include "tui/tour.h"
#include "tui/view.h"
#include "tui/wake.h"

static const double stroke = 0.4; /* seconds between keys that are shown */
static const char *const nothing = "this page has nothing to show";
static const char *const early = "the page is not ready yet";

/* ---- beginning and leaving ---- */

void lt_tour_done(lt_studio *s)
{
    lt_tour *t = s->tour;
    s->tour = NULL;
    lt_lessons_done(&s->lessons);
    if (!t)
        return;
    lt_tour_forget_numbers(t);
    lt_lesson_done(&t->lesson);
    lt_params_done(&t->form.next);
    lt_form_base_done(&t->form.base);
    free(t->prompt);
    free(t->negative);
    free(t);
}

/* One that is not over can be gone on with, by its number. */
static void end(lt_studio *s, bool over)
{
    const lt_tour *t = s->tour;
    lt_buf names = {0}, text = {0};
    bool left = !over && t->number;
    s->left_lesson = left ? t->number : 0;
    s->left_page = left ? t->page + 1 : 0;
    lt_tour_give_back(s, s->tour, &names);
    if (left)
        lt_buf_format(&text, "lesson left: F2 goes on at page %d", s->left_page);
    else
        lt_buf_str(&text, "lesson over");
    lt_buf_format(&text, "%s%s", names.len ? "; as before it: " : "", names.len ? names.data : "");
    lt_studio_say(s, LT_NOTE_INFO, "%s", text.data);
    lt_buf_done(&text);
    lt_buf_done(&names);
    lt_tour_done(s);
    s->redraw = true; /* the panel may have been another one */
}

void lt_tour_close(lt_studio *s)
{
    if (s->tour)
        end(s, false);
}

/* The step, without what is open before it. */
static void go_home(lt_studio *s)
{
    s->help = s->details = false;
    s->focus = LT_FOCUS_VIEW;
    if (lt_studio_what_if(s))
        (void)lt_studio_what_if_act(s, LT_ACTION_WHAT_IF);
    else if (s->view == LT_VIEW_GRID)
        (void)lt_studio_grid_act(s, LT_ACTION_GRID_CLOSE);
    else if (s->view != LT_VIEW_STEP)
        lt_studio_close_view(s);
}

/* What F3 said is not true of another page, nor once there is something. */
static void hush(lt_studio *s)
{
    if (strcmp(s->note.text, nothing) == 0 || strcmp(s->note.text, early) == 0)
        s->note.text[0] = '\0';
}

/* Shows a page; its lines begin when those before are done.  What a page says is not typed into a
 * text. */
static void turn_to(lt_studio *s, lt_tour *t, int page)
{
    s->focus = LT_FOCUS_VIEW;
    t->page = page;
    t->top = 0;
    t->failed = NULL;
    t->asked = false;
    t->key = -1;
    lt_tour_forget_numbers(t);
    hush(s);
}

static void begin(lt_studio *s, lt_lesson *lesson, int number, int page)
{
    lt_tour *t = lt_alloc(sizeof *t);
    if (s->tour)
        lt_tour_close(s);
    *t = (lt_tour){.lesson = *lesson, .number = number};
    lt_tour_remember(s, t);
    turn_to(s, t, page);
    if (s->ask != LT_ASK_NOTHING)
        lt_studio_cancel(s);
    if (s->zoom == LT_LAYOUT_ONLY)
        s->zoom = LT_LAYOUT_NORMAL;
    go_home(s);
    s->tour = t;
    s->note.text[0] = '\0';
    s->redraw = s->dirty = true;
    lt_studio_picture(s, false);
}

void lt_tour_open(lt_studio *s, const char *word)
{
    int number, page;
    lt_lesson lesson;
    lt_error err = {0};
    if (lt_lesson_load(word, &lesson, &number, &page, &err))
        begin(s, &lesson, number, page);
    else
        lt_studio_fault(s, &err);
}

/* ---- pages ---- */

/* What it says is left out, as the page says it, unless it did not work. */
static void obey(lt_studio *s, lt_tour *t, const char *command)
{
    lt_note before = s->note;
    s->note.kind = LT_NOTE_INFO;
    lt_command_run(s, command);
    if (s->tour == t && s->note.kind == LT_NOTE_ERROR && !t->failed)
        t->failed = command;
    else if (s->tour == t && s->note.kind == LT_NOTE_INFO)
        s->note = before;
}

/* A page that was skipped may ask for the step, or for a run, which shows its steps: what it would
 * have closed is closed, as the next one speaks of the step. */
static void settle(lt_studio *s, const lt_lesson_page *p)
{
    for (int i = 0; i < p->check_count; i++) {
        const lt_lesson_test *c = &p->checks[i];
        bool step = c->fact == LT_LESSON_IF_VIEW && c->number == 0; /* the first of the views */
        if (step || c->fact == LT_LESSON_IF_NEW_RUN)
            go_home(s);
    }
}

/* A line that changes only the form, or the pace. */
static bool of_the_form(const char *command)
{
    static const char *const verbs[] = {"prompt", "avoid", "set", "default", "pace"};
    size_t n = strcspn(command, " ");
    for (size_t i = 0; command[n] && i < sizeof verbs / sizeof *verbs; i++) /* bare: to the field */
        if (strlen(verbs[i]) == n && strncmp(command, verbs[i], n) == 0)
            return true;
    return false;
}

/* One that was shown before has the form's settings that it had, so that its try can be done. */
static void show_again(lt_studio *s, int page)
{
    lt_tour *t = s->tour;
    turn_to(s, t, page);
    if (page >= t->at)
        return;
    const lt_lesson_page *p = &t->lesson.pages[page];
    for (int i = 0; i < p->deed_count; i++)
        if (p->deeds[i].command && of_the_form(p->deeds[i].command))
            obey(s, t, p->deeds[i].command);
}

static void next_page(lt_studio *s)
{
    lt_tour *t = s->tour;
    if (t->at > t->page) {
        lt_lesson_fix(&t->lesson.pages[t->page], lt_tour_kept_number, s);
        settle(s, &t->lesson.pages[t->page]);
    }
    if (t->page + 1 < t->lesson.count)
        show_again(s, t->page + 1);
    else
        end(s, true);
    s->dirty = true;
}

static void page_before(lt_studio *s)
{
    lt_tour *t = s->tour;
    if (t->page > 0)
        show_again(s, t->page - 1);
}

void lt_tour_ask(lt_studio *s)
{
    lt_error err = {0};
    char place[32] = "";
    if (s->tour) {
        next_page(s);
        return;
    }
    lt_lessons_done(&s->lessons);
    if (s->left_lesson)
        snprintf(place, sizeof place, "%d.%d", s->left_lesson, s->left_page);
    if (lt_lessons_list(&s->lessons, &err))
        lt_studio_ask(s, LT_ASK_LESSON, place);
    else
        lt_studio_fault(s, &err);
}

static void show_keys(lt_studio *s)
{
    lt_tour *t = s->tour;
    const lt_lesson_page *p = &t->lesson.pages[t->page];
    if (!p->key_count)
        lt_studio_say(s, LT_NOTE_INFO, "%s", nothing);
    else if (t->at <= t->page)
        lt_studio_say(s, LT_NOTE_INFO, "%s", early);
    else if (t->key < 0) {
        hush(s);
        t->key = 0;
        t->key_at = s->now;
    }
}

bool lt_tour_act(lt_studio *s, lt_action action)
{
    lt_tour *t = s->tour;
    bool covered = s->help || s->details || s->view == LT_VIEW_GALLERY;
    int page = s->layout.panel.height > 2 ? s->layout.panel.height - 2 : 10;
    if (action == LT_ACTION_LESSON) {
        lt_tour_ask(s);
        return true;
    }
    if (!t)
        return action >= LT_ACTION_LESSON_NEXT && action <= LT_ACTION_LESSON_LEAVE;
    switch (action) {
    case LT_ACTION_LESSON_NEXT:
        next_page(s);
        return true;
    case LT_ACTION_LESSON_BACK:
        page_before(s);
        return true;
    case LT_ACTION_LESSON_LEAVE:
        lt_tour_close(s);
        return true;
    case LT_ACTION_LESSON_SHOW:
        show_keys(s);
        return true;
    case LT_ACTION_PAGE_UP:
    case LT_ACTION_PAGE_DOWN:
        t->top += covered ? 0 : action == LT_ACTION_PAGE_UP ? -page : page;
        t->top = t->top < 0 ? 0 : t->top; /* drawing limits it, too */
        return !covered;
    default:
        return false;
    }
}

lt_keymap_context lt_tour_context(const lt_studio *s)
{
    lt_keymap_context usual = lt_studio_context(s);
    return s->tour && usual == LT_IN_VIEWING ? LT_IN_LESSON : usual;
}

/* ---- by itself ---- */

/* A line that waits: true once it holds. */
static bool waited(lt_studio *s, lt_tour *t, const lt_lesson_deed *d)
{
    t->since = t->since > 0 ? t->since : s->now;
    bool holds = lt_tour_holds(s, &d->until);
    t->since = holds ? 0 : t->since;
    return holds;
}

/* As many lines as can be done now; those behind the page that is shown wait for it. */
static void go_on(lt_studio *s)
{
    while (s->tour && s->tour->at <= s->tour->page) {
        lt_tour *t = s->tour;
        const lt_lesson_page *p = &t->lesson.pages[t->at];
        if (t->deed == p->deed_count) {
            if (t->at < t->page)
                settle(s, p);
            t->at++;
            t->deed = 0;
            s->dirty = true;
            continue;
        }
        const lt_lesson_deed *d = &p->deeds[t->deed];
        if (!d->command && !waited(s, t, d))
            return;
        t->deed++;
        if (d->command)
            obey(s, t, d->command);
    }
}

static bool all_hold(const lt_studio *s, const lt_lesson_page *p)
{
    for (int i = 0; i < p->check_count; i++)
        if (!lt_tour_holds(s, &p->checks[i]))
            return false;
    return p->check_count > 0;
}

static void judge(lt_studio *s)
{
    lt_tour *t = s->tour;
    lt_lesson_page *p = &t->lesson.pages[t->page];
    if (t->at <= t->page || p->done || !p->check_count)
        return;
    if (!t->asked)
        t->last_run = s->next_id;
    t->asked = true;
    p->done = all_hold(s, p);
    s->dirty |= p->done;
}

static void press(lt_studio *s, const lt_lesson_stroke *k)
{
    lt_input_event e = {.kind = LT_INPUT_KEY, .code = k->key.code, .mods = k->key.mods};
    if (!k->text) {
        bool text = k->key.code < LT_KEY_NONE && k->key.mods == 0;
        e.kind = text ? LT_INPUT_TEXT : LT_INPUT_KEY;
        lt_studio_input(s, &e);
        return;
    }
    size_t n = strlen(k->text), used;
    for (size_t i = 0; i < n && s->tour; i += used) {
        int32_t point;
        used = lt_text_next(k->text + i, n - i, &point);
        e = (lt_input_event){.kind = LT_INPUT_TEXT, .code = (uint32_t)point};
        lt_studio_input(s, &e);
    }
}

/* The next of the keys that are shown. */
static void show_on(lt_studio *s)
{
    lt_tour *t = s->tour;
    const lt_lesson_page *p = &t->lesson.pages[t->page];
    if (t->key < 0 || s->now < t->key_at)
        return;
    int now = t->key++;
    t->key_at = s->now + stroke;
    if (t->key == p->key_count)
        t->key = -1;
    press(s, &p->keys[now]);
    s->dirty = true;
}

double lt_tour_wait(const lt_studio *s)
{
    const lt_tour *t = s->tour;
    double wait = -1;
    if (!t)
        return -1;
    if (t->key >= 0)
        wait = lt_wake_sooner(wait, lt_wake_until(t->key_at, s->now));
    if (t->at <= t->page && t->since > 0) {
        const lt_lesson_deed *d = &t->lesson.pages[t->at].deeds[t->deed];
        if (d->until.fact == LT_LESSON_IF_SECONDS) {
            double end = t->since + d->until.number;
            wait = lt_wake_sooner(wait, lt_wake_until(end, s->now));
        }
    }
    return wait;
}

void lt_tour_tick(lt_studio *s)
{
    if (!s->tour)
        return;
    show_on(s);
    if (s->tour)
        go_on(s);
    lt_view_count(s); /* what was typed, or set */
    if (s->tour)
        judge(s);
}
