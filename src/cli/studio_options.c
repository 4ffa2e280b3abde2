/* studio_options.c - see studio_options.h. */
#include "cli/studio_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wrong(const char *name, const char *text, const char *expected, lt_error *err)
{
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s is '%s', expected %s", name, text, expected);
}

static bool set_graphics(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    return lt_graphics_find(text, &o->graphics) ||
           wrong(name, text, "auto, sixel, kitty, blocks, text or none", err);
}

static bool set_cell(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    char rest;
    return (sscanf(text, "%3dx%3d%c", &o->cell_width, &o->cell_height, &rest) == 2 &&
            o->cell_width >= 2 && o->cell_height >= 2) ||
           wrong(name, text, "the pixels of a character such as 10x20", err);
}

static bool set_budget(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    long long percent = 100;
    if (strcmp(text, "none") != 0 && !lt_args_whole(text, 0, 100, &percent))
        return wrong(name, text, "0 to 100 percent, or none", err);
    o->preview_budget = (double)percent / 100;
    return true;
}

static bool set_pace(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    const double longest = 60;
    char *end;
    double seconds = strtod(text, &end);
    if (!*text || text[strspn(text, "0123456789.")] || *end || !(seconds <= longest))
        return wrong(name, text, "0 to 60 seconds", err);
    o->pace = seconds;
    return true;
}

static bool set_theme(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    return lt_theme_find(text, &o->theme) || wrong(name, text, "auto, dark, light or mono", err);
}

static bool set_switch(bool *to, const char *name, const char *text, lt_error *err)
{
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
        return wrong(name, text, "on or off", err);
    *to = strcmp(text, "on") == 0;
    return true;
}

static bool set_mouse(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    return set_switch(&o->mouse, name, text, err);
}

static bool set_history(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    return set_switch(&o->history, name, text, err);
}

bool lt_studio_history_max(lt_tui_options *o, const char *name, const char *text, lt_error *err)
{
    static const char letters[] = "KMG";
    char digits[20];
    long long number;
    size_t n = strlen(text);
    const char *letter = n ? strchr(letters, text[n - 1]) : NULL;
    int shift = letter && *letter ? 10 * (int)(letter - letters + 1) : 0;
    if (strcmp(text, "none") == 0) {
        o->history_max = 0;
        return true;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)(n < sizeof digits ? n : sizeof digits - 1), text);
    if (shift && n < sizeof digits)
        digits[n - 1] = '\0';
    if (n >= sizeof digits || !lt_args_whole(digits, 1, INT64_MAX >> shift, &number))
        return wrong(name, text, "bytes such as 5G, 500M or 100000K, or none", err);
    o->history_max = (int64_t)number << shift;
    return true;
}

const lt_studio_option lt_studio_options[] = {
    {"graphics", "auto", set_graphics},     {"cell", "asked for", set_cell},
    {"preview-budget", "none", set_budget}, {"pace", "0", set_pace},
    {"theme", "auto", set_theme},           {"mouse", "on", set_mouse},
    {"history", "on", set_history},         {"history.max-size", "5G", lt_studio_history_max},
};
const int lt_studio_option_count = sizeof lt_studio_options / sizeof *lt_studio_options;

void lt_studio_options_init(lt_tui_options *o)
{
    *o = (lt_tui_options){
        .preview_budget = 1, .mouse = true, .history = true, .history_max = (int64_t)5 << 30};
}

bool lt_studio_options_read(const lt_context *c, lt_tui_options *o, lt_error *err)
{
    lt_studio_options_init(o);
    for (int i = 0; i < lt_studio_option_count; i++) {
        const lt_studio_option *option = &lt_studio_options[i];
        const char *text = lt_args_value(c->args, option->name);
        if (!text)
            text = lt_config_value_of(c->config, option->name);
        if (text && !option->set(o, option->name, text, err))
            return false;
    }
    o->mouse = o->mouse && !lt_args_has(c->args, "no-mouse");
    o->history = o->history && !lt_args_has(c->args, "no-history");
    return true;
}
