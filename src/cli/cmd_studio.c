/* cmd_studio.c - `latentty` alone, or `latentty studio`: the screen. */
#define _XOPEN_SOURCE 700
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/open.h"
#include "cli/screen.h"
#include "cli/seeds.h"
#include "cli/signals.h"
#include "tui/tui.h"

/* curses and the keys need the encoding of the locale; numbers keep their points. */
static bool use_locale(void)
{
    if (!setlocale(LC_CTYPE, "") && lt_screen_utf8())
        setlocale(LC_CTYPE, "C.UTF-8"); /* the one that is named is not installed */
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool read_graphics(const lt_args *args, lt_graphics *out, lt_error *err)
{
    const char *name = lt_args_value(args, "graphics");
    *out = LT_GRAPHICS_AUTO;
    if (!name || lt_graphics_find(name, out))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "--graphics is '%s', expected auto, sixel, kitty, blocks, text or none", name);
}

static bool read_cell(const lt_args *args, lt_tui_options *o, lt_error *err)
{
    char rest;
    const char *text = lt_args_value(args, "cell");
    if (!text || (sscanf(text, "%3dx%3d%c", &o->cell_width, &o->cell_height, &rest) == 2 &&
                  o->cell_width >= 2 && o->cell_height >= 2))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "--cell is '%s', expected the pixels of a character such as 10x20", text);
}

static bool read_budget(const lt_args *args, lt_tui_options *o, lt_error *err)
{
    long long percent = 100;
    const char *text = lt_args_value(args, "preview-budget");
    if (text && strcmp(text, "none") != 0 && !lt_args_whole(text, 0, 100, &percent))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--preview-budget is '%s', expected 0 to 100 percent, or none", text);
    o->preview_budget = (double)percent / 100;
    return true;
}

static bool read_arguments(const lt_context *c, lt_params *p, lt_tui_options *o, lt_error *err)
{
    const char *prompt = lt_args_value(c->args, "prompt");
    if (prompt)
        lt_params_add_prompt(p, prompt);
    const char *seed = lt_args_value(c->args, "seed");
    return (!seed || lt_params_set_seeds(p, seed, false, err)) &&
           read_graphics(c->args, &o->graphics, err) && read_cell(c->args, o, err) &&
           read_budget(c->args, o, err);
}

static const int64_t HISTORY_MAX = 5LL << 30; /* bytes */

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    const char *no_color = getenv("NO_COLOR");
    lt_tui_options o = {.backends = c->backends,
                        .params = &p,
                        .stopped = c->progress,
                        .run = lt_args_has(c->args, "run"),
                        .mouse = !lt_args_has(c->args, "no-mouse"),
                        .history = !lt_args_has(c->args, "no-history"),
                        .history_max = HISTORY_MAX,
                        .colour = !no_color || !*no_color};
    o.theme = o.colour ? LT_THEME_AUTO : LT_THEME_MONO;
    bool ok = lt_open_params(c, &p, err) && read_arguments(c, &p, &o, err);
    o.utf8 = use_locale();
    ok = ok && lt_tui_run(&o, err) && lt_signals_check(err);
    lt_params_done(&p);
    return ok;
}

static const lt_option options[] = {
    {"prompt", 'p', "TEXT", NULL, "what the picture shows, to begin with", false},
    {"seed", 0, "S", "random", "seed of the runs", false},
    {"run", 'r', NULL, NULL, "make the picture at once", false},
    {"graphics", 0, "KIND", "auto", "auto, sixel, kitty, blocks, text or none", false},
    {"cell", 0, "WxH", "asked for",
     "pixels of a character cell, where the terminal tells them wrong", false},
    {"preview-budget", 0, "P", "none",
     "at most this share of the time, in percent, goes into decoding the pictures of steps", false},
    {"no-history", 0, NULL, NULL, "keep no run, and show none that were kept", false},
    {"no-mouse", 0, NULL, NULL, "leave the mouse to the terminal", false},
};
static const char *const settings[] = {LT_SETTINGS_OF_A_PICTURE, LT_SETTINGS_OF_A_MODEL, NULL};

const lt_command lt_command_studio = {
    .name = "studio",
    .summary = "type a prompt and watch its picture come out of the noise",
    .synopsis = "[--prompt TEXT] [options]",
    .about = "The screen, which latentty alone opens, too. After each step the picture is decoded "
             "and drawn in place; every step is kept, to go back to. Pictures are drawn with "
             "sixels, kitty's protocol or half blocks, whichever the terminal knows; latentty "
             "doctor tells. The keys that matter are at the bottom; ? lists all.",
    .example = "latentty -p \"a red fox in the snow\" --run",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .run = run,
};
