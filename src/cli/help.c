/* help.c - see help.h. */
#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/version.h"
#include "cli/cli.h"
#include "pipeline/params.h"

static const lt_option common[] = {
    {"json", 0, NULL, NULL, "print the facts as one JSON object on one line", false},
    {"quiet", 'q', NULL, NULL, "print nothing but errors, and what --json asks for", false},
    {"help", 'h', NULL, NULL, "print this", false},
};

static const lt_option no_config = {
    "no-config", 0, NULL, NULL, "leave the file of settings alone (latentty config)", false};

static const lt_param_info *setting(const char *flag)
{
    const lt_param_info *info = lt_params_find(flag);
    if (!info)
        lt_panic("no setting '%s' in params.def", flag);
    return info;
}

lt_option *lt_help_options(const lt_command *command, int *count)
{
    int n = 0, settings = 0;
    while (command->settings && command->settings[settings])
        settings++;
    lt_option *all = lt_alloc_array(
        (size_t)(command->option_count + settings + 1 + LT_COUNT(common)), sizeof *all);
    for (int i = 0; i < command->option_count; i++)
        all[n++] = command->options[i];
    for (int i = 0; i < settings; i++) {
        const lt_param_info *p = setting(command->settings[i]);
        all[n++] = (lt_option){p->flag, p->letter, p->metavar, p->fallback, p->help, false};
    }
    if (command->configured)
        all[n++] = no_config;
    for (int i = 0; i < LT_COUNT(common); i++)
        all[n++] = common[i];
    *count = n;
    return all;
}

static void spaces(lt_buf *out, int n)
{
    for (int i = 0; i < n; i++)
        lt_buf_char(out, ' ');
}

void lt_help_wrap(lt_buf *out, const lt_help_shape *shape, const char *text)
{
    int column = shape->column;
    bool fresh = true; /* nothing on this line yet */
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (!fresh && column + 1 + (int)word > shape->columns) {
            lt_buf_char(out, '\n');
            spaces(out, shape->indent);
            column = shape->indent;
            fresh = true;
        }
        if (!fresh)
            lt_buf_char(out, ' ');
        column += (int)word + !fresh;
        lt_buf_add(out, text, word);
        fresh = false;
        text += word;
        if (*text == '\n') {
            lt_buf_char(out, '\n');
            spaces(out, text[1] ? shape->indent : 0);
            column = shape->indent;
            fresh = true;
        }
        text += *text != '\0';
    }
    lt_buf_char(out, '\n');
}

enum { TEXT_COLUMN = 29 };

static void option_line(lt_buf *out, int columns, const lt_option *o)
{
    char left[128], right[512];
    int n = o->letter ? snprintf(left, sizeof left, "  -%c, --%s", o->letter, o->name)
                      : snprintf(left, sizeof left, "      --%s", o->name);
    if (o->metavar)
        n += snprintf(left + n, sizeof left - (size_t)n, " %s", o->metavar);
    lt_buf_str(out, left);
    if (n + 2 > TEXT_COLUMN) {
        lt_buf_char(out, '\n');
        n = 0;
    }
    spaces(out, TEXT_COLUMN - n);
    snprintf(right, sizeof right, "%s%s%s%s", o->help, o->fallback ? " (default: " : "",
             o->fallback ? o->fallback : "", o->fallback ? ")" : "");
    lt_help_shape shape = {columns, TEXT_COLUMN, TEXT_COLUMN};
    lt_help_wrap(out, &shape, right);
}

void lt_help_command(const lt_command *command, int columns, lt_buf *out)
{
    int count;
    lt_option *options = lt_help_options(command, &count);
    lt_buf_format(out, "usage: latentty %s %s\n\n", command->name, command->synopsis);
    lt_help_wrap(out, &(lt_help_shape){columns, 0, 0}, command->about);
    lt_buf_str(out, "\noptions:\n");
    for (int i = 0; i < count; i++)
        option_line(out, columns, &options[i]);
    if (command->example)
        lt_buf_format(out, "\nexample:\n  %s\n", command->example);
    free(options);
}

void lt_help_program(int columns, lt_buf *out)
{
    lt_buf_str(out, "usage: latentty [options of studio]\n"
                    "       latentty COMMAND [options]\n"
                    "       latentty help COMMAND\n"
                    "       latentty --version\n\n");
    lt_help_wrap(
        out, &(lt_help_shape){columns, 0, 0},
        "Stable Diffusion's pipeline: without a command a screen that shows every step, and each "
        "part a command.  Without --model the small demo model is used, which comes with the "
        "program.");
    lt_buf_str(out, "\ncommands:\n");
    for (int i = 0; lt_cli_command(i); i++) {
        const lt_command *c = lt_cli_command(i);
        lt_buf_format(out, "  %-11s", c->name);
        lt_help_wrap(out, &(lt_help_shape){columns, 13, 13}, c->summary);
    }
    lt_buf_str(out, "\nexample:\n  latentty render -p \"A wild pokemon appears!\" --seed 42 -o "
                    "out.png\n\n");
    lt_help_wrap(out, &(lt_help_shape){columns, 0, 0},
                 "Exit codes: 0 done, 1 failed, 2 wrong command line, 130, 143 or 129 stopped by "
                 "SIGINT, SIGTERM or SIGHUP.");
}
