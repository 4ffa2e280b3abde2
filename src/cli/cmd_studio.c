/* cmd_studio.c - `latentty` alone, or `latentty studio`: the screen. */
#define _XOPEN_SOURCE 700
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli/open.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/studio.h"
#include "cli/studio_options.h"

/* curses and the keys need the encoding of the locale; numbers keep their points. */
static bool use_locale(void)
{
    if (!setlocale(LC_CTYPE, "") && lt_screen_utf8())
        setlocale(LC_CTYPE, "C.UTF-8"); /* the one that is named is not installed */
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool read_seed(const lt_context *c, lt_params *p, lt_error *err)
{
    const char *seed = lt_args_value(c->args, "seed");
    if (!seed)
        seed = lt_config_value_of(c->config, "seed");
    return !seed || lt_params_set_seeds(p, seed, false, err);
}

bool lt_studio_begin(const lt_context *c, const char *lesson, lt_error *err)
{
    lt_params p;
    lt_tui_options o;
    const char *no_color = getenv("NO_COLOR"), *prompt = lt_args_value(c->args, "prompt");
    char *keys = c->config ? lt_conf_path("keys.conf") : NULL;
    bool ok =
        lt_open_params(c, &p, err) && read_seed(c, &p, err) && lt_studio_options_read(c, &o, err);
    if (ok) {
        if (prompt)
            lt_params_add_prompt(&p, prompt);
        o.backends = c->backends;
        o.params = &p;
        o.stopped = c->progress;
        o.lesson = lesson;
        o.run = lt_args_has(c->args, "run");
        o.colour = !no_color || !*no_color;
        o.theme = o.colour ? o.theme : LT_THEME_MONO;
        o.keys = keys;
        o.faults = c->config ? &c->config->faults : NULL;
        o.utf8 = use_locale();
        ok = lt_tui_run(&o, err) && lt_signals_check(err);
    }
    lt_params_done(&p);
    free(keys);
    return ok;
}

static bool run(const lt_context *c, lt_error *err)
{
    return lt_studio_begin(c, NULL, err);
}

static const lt_option options[] = {
    {"prompt", 'p', "TEXT", NULL, "what the picture shows, to begin with", false},
    {"seed", 0, "S", "random", "seed of the runs", false},
    {"run", 'r', NULL, NULL, "make the picture at once", false},
    LT_STUDIO_OPTIONS,
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
    .configured = true,
    .run = run,
};
