/* command.c - see command.h. */
#include "tui/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "tui/draw.h"
#include "tui/tour.h"

static void refuse(lt_studio *s, const char *format, ...) LT_PRINTF(2, 3);
static void refuse(lt_studio *s, const char *format, ...)
{
    char text[sizeof(((lt_error *)0)->message)];
    lt_error err = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_fail(&err, LT_ERR_ARGUMENT, NULL, "%s", text);
    lt_studio_fault(s, &err);
}

/* Cuts the first word off; the rest begins behind the blanks. */
static const char *cut(const char *text, char *word, size_t size)
{
    size_t n = strcspn(text, " ");
    snprintf(word, size, "%.*s", (int)(n < size ? n : size - 1), text);
    return text + n + strspn(text + n, " ");
}

/* ---- settings ---- */

static const char *setting_at(const void *context, int i)
{
    (void)context;
    return i < lt_form_rows() ? lt_form_label(i) : NULL;
}

static int find_setting(lt_studio *s, const char *name)
{
    int row = lt_form_row_of(name);
    const char *near = row < 0 ? lt_nearest(name, setting_at, NULL) : NULL;
    if (near)
        refuse(s, "there is no setting '%s'; %s is one", name, near);
    else if (row < 0)
        refuse(s, "there is no setting '%s'", name);
    return row;
}

static void set_row(lt_studio *s, int row, const char *value)
{
    char text[512];
    lt_error err = {0};
    if (*value && !lt_form_type(&s->form, row, value, &err)) {
        lt_studio_fault(s, &err);
        return;
    }
    bool given = lt_form_next(&s->form, row, text, sizeof text);
    lt_studio_say(s, LT_NOTE_INFO, "%s is %s%s", lt_form_label(row), text,
                  given ? "" : " (the default)");
}

static void set(lt_studio *s, const char *argument)
{
    char name[64];
    const char *value = cut(argument, name, sizeof name);
    if (strcmp(name, "negative-prompt") == 0) {
        if (*value)
            lt_edit_set(s->form.negative, value);
        lt_studio_say(s, LT_NOTE_INFO, "negative-prompt is '%s'",
                      lt_edit_text(s->form.negative, NULL));
        return;
    }
    int row = find_setting(s, name);
    if (row >= 0)
        set_row(s, row, value);
}

static void reset(lt_studio *s, const char *argument)
{
    if (strcmp(argument, "negative-prompt") == 0) {
        lt_edit_set(s->form.negative, "");
        lt_studio_say(s, LT_NOTE_INFO, "negative-prompt is ''");
        return;
    }
    int row = find_setting(s, argument);
    if (row < 0)
        return;
    lt_form_reset(&s->form, row);
    set_row(s, row, "");
}

static void prompt(lt_studio *s, const char *argument)
{
    lt_edit_set(s->form.prompt, argument);
}

static void avoid(lt_studio *s, const char *argument)
{
    lt_edit_set(s->form.negative, argument);
}

/* ---- steps and files ---- */

static void go(lt_studio *s, const char *argument)
{
    char rest;
    int step, frames = s->reel ? lt_reel_frames(s->reel) : 0;
    if (frames == 0)
        lt_studio_say(s, LT_NOTE_ERROR, "there are no steps to go to yet");
    else if (sscanf(argument, "%6d%c", &step, &rest) != 1 || step < 0 || step >= frames)
        lt_studio_say(s, LT_NOTE_ERROR, "there is no step '%s', expected 0 to %d", argument,
                      frames - 1);
    else
        lt_studio_goto(s, step);
}

static void pace(lt_studio *s, const char *argument)
{
    double seconds;
    lt_error err = {0};
    if (lt_command_pace(argument, &seconds, &err))
        lt_studio_pace_of(s, seconds);
    else
        lt_studio_fault(s, &err);
}

static void open_png(lt_studio *s, const char *argument)
{
    char *path = lt_conf_home(argument);
    lt_studio_read_settings(s, path);
    free(path);
}

static void save(lt_studio *s, const char *argument)
{
    char *path = lt_conf_home(argument);
    lt_studio_save_as(s, path);
    free(path);
}

static void autoencoder(lt_studio *s, const char *argument)
{
    char *path = lt_conf_home(argument);
    lt_studio_vae_open(s, LT_VIEW_AUTOENCODER, path);
    free(path);
}

static void noising(lt_studio *s, const char *argument)
{
    char *path = lt_conf_home(argument);
    lt_studio_vae_open(s, LT_VIEW_NOISING, path);
    free(path);
}

/* ---- seeds, lessons, one step ---- */

static void what_if(lt_studio *s, const char *argument)
{
    if (!lt_studio_what_if(s))
        lt_studio_act(s, LT_ACTION_WHAT_IF);
    if (lt_studio_what_if(s))
        lt_studio_what_if_type(s, argument);
    else if (s->note.text[0]) /* which says why: of a line it is a mistake */
        s->note.kind = LT_NOTE_ERROR;
}

/* ---- the screen ---- */

static void theme(lt_studio *s, const char *argument)
{
    lt_theme found;
    lt_error err = {0};
    if (!lt_command_theme(argument, &found, &err)) {
        lt_studio_fault(s, &err);
    } else if (!s->options->colour) {
        lt_studio_say(s, LT_NOTE_INFO, "NO_COLOR is set: there are no colours");
    } else {
        lt_draw_theme(found);
        s->redraw = true;
    }
}

static void mouse(lt_studio *s, const char *argument)
{
    bool on;
    lt_error err = {0};
    if (lt_command_mouse(argument, &on, &err))
        lt_tty_mode(s->tty, LT_MODE_MOUSE, on);
    else
        lt_studio_fault(s, &err);
}

static void map(lt_studio *s, const char *argument)
{
    lt_error err = {0};
    if (lt_keymap_bind(s->keymap, argument, &err))
        lt_studio_say(s, LT_NOTE_INFO, "mapped %s", argument);
    else
        lt_studio_fault(s, &err);
}

static const lt_verb verbs[] = {
    {"set", "NAME [VALUE]", LT_WORDS_VALUES, set},
    {"default", "NAME", LT_WORDS_SETTINGS, reset},
    {"prompt", "TEXT", LT_WORDS_NONE, prompt},
    {"avoid", "TEXT", LT_WORDS_NONE, avoid},
    {"goto", "STEP", LT_WORDS_NONE, go},
    {"pace", "SECONDS", LT_WORDS_NONE, pace},
    {"open", "FILE.png", LT_WORDS_PICTURES, open_png},
    {"save", "FILE.png", LT_WORDS_FILES, save},
    {"autoencoder", "FILE.png", LT_WORDS_PICTURES, autoencoder},
    {"noising", "FILE.png", LT_WORDS_PICTURES, noising},
    {"seeds", "COUNT", LT_WORDS_NONE, lt_studio_grid_make},
    {"vary", "STRENGTH", LT_WORDS_NONE, lt_studio_grid_vary},
    {"what-if", "SCALE", LT_WORDS_NONE, what_if},
    {"lesson", "NUMBER[.PAGE]|FILE", LT_WORDS_FILES, lt_tour_open},
    {"theme", "auto|dark|light|mono", LT_WORDS_THEMES, theme},
    {"mouse", "on|off", LT_WORDS_SWITCH, mouse},
    {"map", "KEY ACTION [CONTEXT]", LT_WORDS_MAP, map},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* ---- the line ---- */

const lt_verb *lt_verb_at(int i)
{
    return i < VERBS ? &verbs[i] : NULL;
}

const lt_verb *lt_verb_find(const char *name)
{
    for (int i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

bool lt_command_acts(const lt_studio *s, lt_action action)
{
    unsigned usual = LT_IN_VIEWING | LT_IN_PARAMS | LT_IN_TYPING;
    return lt_keymap_contexts(action) & (usual | lt_studio_context_below(s));
}

/* Every name that may begin a line. */
static const char *name_at(const void *context, int i)
{
    const lt_studio *s = context;
    for (int a = LT_ACTION_NONE + 1; a < LT_ACTIONS; a++)
        if (lt_command_acts(s, (lt_action)a) && i-- == 0)
            return lt_keymap_name((lt_action)a);
    return i < VERBS ? verbs[i].name : setting_at(NULL, i - VERBS);
}

static void unknown(lt_studio *s, const char *name)
{
    const char *near = lt_nearest(name, name_at, s);
    if (near)
        refuse(s, "there is no command '%s'; %s is one", name, near);
    else
        refuse(s, "there is no command '%s'; Tab shows all", name);
}

void lt_command_run(lt_studio *s, const char *line)
{
    char name[64];
    char *copy = lt_strdup(line + strspn(line, " "));
    for (size_t n = strlen(copy); n > 0 && copy[n - 1] == ' '; n--)
        copy[n - 1] = '\0';
    const char *argument = cut(copy, name, sizeof name);
    const lt_verb *verb = lt_verb_find(name);
    lt_action action = lt_keymap_find(name);
    int row = lt_form_row_of(name);
    if (verb && *argument)
        verb->run(s, argument);
    else if (action && !*argument && lt_command_acts(s, action))
        lt_studio_act(s, action);
    else if (row >= 0)
        set_row(s, row, argument);
    else if (verb)
        refuse(s, "%s needs %s", verb->name, verb->usage);
    else if (action && *argument)
        refuse(s, "'%s' is left over: %s takes nothing", argument, name);
    else if (action)
        refuse(s, "%s does nothing here", name);
    else if (*name)
        unknown(s, name);
    free(copy);
    s->dirty = true;
}
