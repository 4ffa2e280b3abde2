/* cmd_config.c - `latentty config`: what holds, and where it comes from. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/config.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/studio_options.h"
#include "tui/keymap.h"

typedef struct row {
    const char *key, *value; /* value: borrowed; in words for a default */
    const char *from;        /* "command", "file", "default" */
    int line;
} row;

/* The i-th key; false at the end. */
static bool row_at(const lt_context *c, int i, row *out)
{
    const char *key = lt_config_key(i);
    if (!key)
        return false;
    const char *given = lt_args_value(c->args, key);
    bool off = (strcmp(key, "mouse") == 0 && lt_args_has(c->args, "no-mouse")) ||
               (strcmp(key, "history") == 0 && lt_args_has(c->args, "no-history"));
    const lt_config_value *v = c->config ? &c->config->values[i] : NULL;
    if (given || off)
        *out = (row){key, given ? given : "off", "command", 0};
    else if (v && v->text)
        *out = (row){key, v->text, "file", v->line};
    else
        *out = (row){key, lt_config_fallback(i), "default", 0};
    return true;
}

static bool check(const lt_context *c, lt_error *err)
{
    lt_params p;
    lt_tui_options o;
    const char *seed = lt_args_value(c->args, "seed");
    bool ok = lt_open_params(c, &p, err) && lt_studio_options_read(c, &o, err) &&
              (!seed || lt_params_set_seeds(&p, seed, false, err));
    lt_params_done(&p);
    return ok;
}

/* Mistakes of both files. */
static void find_mistakes(const lt_context *c, const char *keys, lt_conf_faults *out)
{
    lt_keymap *m = lt_keymap_new();
    lt_buf_str(&out->all, "");
    if (c->config && c->config->faults.all.len)
        lt_buf_str(&out->all, c->config->faults.all.data);
    if (keys && c->config)
        lt_keymap_load(m, keys, out);
    lt_keymap_free(m);
}

static void print_text(const lt_context *c, const char *path, const char *keys)
{
    row r;
    lt_output_line(stdout, "settings: %s%s", path, lt_file_exists(path) ? "" : " (not there)");
    lt_output_line(stdout, "keys:     %s%s", keys, lt_file_exists(keys) ? "" : " (not there)");
    for (int i = 0; row_at(c, i, &r); i++)
        if (r.line)
            lt_output_line(stdout, "%-17s %-24s line %d", r.key, r.value, r.line);
        else
            lt_output_line(stdout, "%-17s %-24s %s", r.key, r.value, r.from);
}

static void print_json(const lt_context *c, const char *path, const char *keys, char *mistakes)
{
    row r;
    json_object *o = json_object_new_object(), *values = json_object_new_array(),
                *list = json_object_new_array();
    for (int i = 0; row_at(c, i, &r); i++) {
        json_object *v = json_object_new_object();
        bool given = strcmp(r.from, "default") != 0;
        lt_output_set(v, "key", lt_output_text(r.key));
        lt_output_set(v, "value", lt_output_text(given ? r.value : NULL));
        lt_output_set(v, "from", lt_output_text(r.from));
        lt_output_set(v, "line", r.line ? json_object_new_int(r.line) : NULL);
        lt_output_set(v, "default", lt_output_text(lt_config_fallback(i)));
        json_object_array_add(values, v);
    }
    for (char *line = strtok(mistakes, "\n"); line; line = strtok(NULL, "\n"))
        json_object_array_add(list, lt_output_text(line));
    lt_output_set(o, "path", lt_output_text(path));
    lt_output_set(o, "keys", lt_output_text(keys));
    lt_output_set(o, "values", values);
    lt_output_set(o, "mistakes", list);
    lt_output_json(o);
}

static void print_path(const lt_context *c, const char *path)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "path", lt_output_text(path));
    if (c->json) {
        lt_output_json(o);
        return;
    }
    json_object_put(o);
    lt_output_line(stdout, "%s", path);
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_conf_faults found = {0};
    char *path = lt_conf_path("latentty.conf"), *keys = lt_conf_path("keys.conf");
    bool ok = path || lt_fail(err, LT_ERR_IO, "HOME=/home/NAME",
                              "neither XDG_CONFIG_HOME nor HOME is an absolute path");
    if (ok && lt_args_has(c->args, "path")) {
        print_path(c, path);
    } else if (ok && (ok = check(c, err))) {
        find_mistakes(c, keys, &found);
        if (!c->json && !c->quiet)
            print_text(c, path, keys);
        if (!c->json)
            lt_output_notes(c, found.all.data);
        if (c->json)
            print_json(c, path, keys, found.all.data);
    }
    lt_conf_faults_done(&found);
    free(path);
    free(keys);
    return ok;
}

static const lt_option options[] = {
    {"path", 0, NULL, NULL, "print the name of the file of settings alone", false},
    {"seed", 0, "S", "random", "seed of the runs", false},
    LT_STUDIO_OPTIONS,
};
static const char *const settings[] = {LT_SETTINGS_OF_A_PICTURE, "latents", LT_SETTINGS_OF_A_MODEL,
                                       NULL};

const lt_command lt_command_config = {
    .name = "config",
    .summary = "the user's settings, and where each comes from",
    .synopsis = "[--path] [options]",
    .about = "Prints every setting of the file $XDG_CONFIG_HOME/latentty/latentty.conf "
             "(~/.config without the variable) with its value and whether the command line, a line "
             "of the file or the program said so, and the mistakes in it and in keys.conf beside "
             "it.  The studio and render follow the file where the command line says nothing.",
    .example = "latentty config --steps 20",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .configured = true,
    .run = run,
};
