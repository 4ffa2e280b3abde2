/* command_check.c - what verbs take, and a line of a lesson, without doing it. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "tui/command.h"
#include "tui/draw.h"

/* ---- settings ---- */

static const char *setting_at(const void *context, int i)
{
    (void)context;
    return i < lt_form_rows() ? lt_form_label(i) : NULL;
}

static bool is_setting(const char *name, lt_error *err)
{
    if (lt_form_row_of(name) >= 0)
        return true;
    const char *near = lt_nearest(name, setting_at, NULL);
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no setting '%s'; %s is one", name,
                   near ? near : lt_form_label(0));
}

bool lt_command_check_setting(const char *name, const char *value, lt_error *err)
{
    lt_params p;
    const lt_param_info *info = lt_params_find(name);
    bool ok = is_setting(name, err);
    lt_params_init(&p);
    if (ok && info)
        ok = lt_params_set(&p, info, value, err);
    else if (ok && strcmp(value, "random") != 0)
        ok = lt_params_set_seeds(&p, value, false, err);
    lt_params_done(&p);
    return ok;
}

/* "NAME VALUE", where the value may be left out. */
static bool check_set(const char *text, lt_error *err)
{
    char name[64];
    size_t n = strcspn(text, " ");
    const char *value = text + n + strspn(text + n, " ");
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), text);
    if (strcmp(name, "negative-prompt") == 0)
        return true;
    return *value ? lt_command_check_setting(name, value, err) : is_setting(name, err);
}

static bool check_default(const char *name, lt_error *err)
{
    return strcmp(name, "negative-prompt") == 0 || is_setting(name, err);
}

/* ---- what the verbs take ---- */

static bool number(const char *verb, const char *text, bool whole, double least, double most,
                   lt_error *err)
{
    char *end;
    double x = strtod(text, &end);
    return (!*end && x >= least && x <= most && (!whole || x == (int)x)) ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s is '%s', expected a %snumber from %g to %g",
                   verb, text, whole ? "whole " : "", least, most);
}

static bool check_goto(const char *text, lt_error *err)
{
    return number("goto", text, true, 0, LT_PARAMS_MAX_STEPS, err);
}

bool lt_command_pace(const char *text, double *out, lt_error *err)
{
    char *end;
    *out = strtod(text, &end);
    return (!*end && *out >= 0 && *out <= LT_COMMAND_PACE_MOST) ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "pace is '%s', expected 0 to %d seconds", text,
                   LT_COMMAND_PACE_MOST);
}

static bool check_pace(const char *text, lt_error *err)
{
    double ignored;
    return lt_command_pace(text, &ignored, err);
}

static bool check_seeds(const char *text, lt_error *err)
{
    return number("seeds", text, true, LT_GRID_LEAST, LT_GRID_MOST, err);
}

static bool check_vary(const char *text, lt_error *err)
{
    if (!number("vary", text, false, 0, 1, err))
        return false;
    return strtod(text, NULL) > 0 ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "a strength of '%s' varies nothing", text);
}

static bool check_what_if(const char *text, lt_error *err)
{
    return number("what-if", text, false, 0, 1000, err);
}

bool lt_command_theme(const char *text, lt_theme *out, lt_error *err)
{
    return lt_theme_find(text, out) ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "there is no theme '%s', expected auto, dark, light or mono", text);
}

static bool check_theme(const char *text, lt_error *err)
{
    lt_theme ignored;
    return lt_command_theme(text, &ignored, err);
}

bool lt_command_mouse(const char *text, bool *out, lt_error *err)
{
    *out = strcmp(text, "on") == 0;
    return *out || strcmp(text, "off") == 0 ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "mouse is '%s', expected on or off", text);
}

static bool check_mouse(const char *text, lt_error *err)
{
    bool ignored;
    return lt_command_mouse(text, &ignored, err);
}

/* The others take any words. */
static const struct {
    const char *verb;
    bool (*check)(const char *text, lt_error *err);
} arguments[] = {
    {"set", check_set},     {"default", check_default}, {"goto", check_goto},
    {"pace", check_pace},   {"seeds", check_seeds},     {"vary", check_vary},
    {"theme", check_theme}, {"mouse", check_mouse},     {"what-if", check_what_if},
};

static bool check_argument(const char *verb, const char *text, lt_error *err)
{
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        if (strcmp(arguments[i].verb, verb) == 0)
            return arguments[i].check(text, err);
    return true;
}

/* ---- the line ---- */

/* Every name that may begin one. */
static const char *name_at(const void *context, int i)
{
    (void)context;
    if (i < LT_ACTIONS - 1)
        return lt_keymap_name((lt_action)(i + 1));
    i -= LT_ACTIONS - 1;
    for (int v = 0; lt_verb_at(v); v++, i--)
        if (i == 0)
            return lt_verb_at(v)->name;
    return setting_at(NULL, i);
}

/* What would end the program, or the lesson, or would stay when it is over. */
static bool outlives(const char *name)
{
    lt_action a = lt_keymap_find(name);
    return a == LT_ACTION_QUIT || a == LT_ACTION_INTERRUPT || a == LT_ACTION_SUSPEND ||
           (a >= LT_ACTION_LESSON && a <= LT_ACTION_LESSON_LEAVE) || strcmp(name, "map") == 0;
}

/* It has a meaning only where a lesson's line never is. */
static bool is_nowhere(lt_action action)
{
    return !(lt_keymap_contexts(action) &
             ~(unsigned)(LT_IN_LINE | LT_IN_HELP | LT_IN_MESSAGE | LT_IN_LESSON));
}

bool lt_command_check(const char *line, lt_error *err)
{
    char name[64];
    size_t n = strcspn(line, " ");
    const char *argument = line + n + strspn(line + n, " ");
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), line);
    const lt_verb *verb = lt_verb_find(name);
    lt_action action = lt_keymap_find(name);
    bool row = lt_form_row_of(name) >= 0;
    if (outlives(name))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s is not for a lesson", name);
    if (verb && *argument)
        return check_argument(name, argument, err);
    if (action && !*argument)
        return !is_nowhere(action) ||
               lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s does nothing in a lesson", name);
    if (row && *argument)
        return lt_command_check_setting(name, argument, err);
    if (row)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s needs a value", name);
    if (verb)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s needs %s", verb->name, verb->usage);
    if (action)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is left over: %s takes nothing", argument,
                       name);
    const char *near = lt_nearest(name, name_at, NULL);
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no command '%s'; %s is one", name,
                   near ? near : lt_verb_at(0)->name);
}
