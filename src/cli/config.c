/* config.c - see config.h. */
#include "cli/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/open.h"
#include "cli/studio_options.h"

/* The keys: rows of params.def, the seed, options of the studio. */
const char *lt_config_key(int i)
{
    int option = i - lt_param_count - 1;
    if (i < lt_param_count)
        return lt_param_infos[i].flag;
    if (option < 0)
        return "seed";
    return option < lt_studio_option_count ? lt_studio_options[option].name : NULL;
}

const char *lt_config_fallback(int i)
{
    int option = i - lt_param_count - 1;
    if (i < lt_param_count)
        return lt_param_infos[i].fallback;
    return option < 0 ? "random" : lt_studio_options[option].fallback;
}

static int count(void)
{
    return lt_param_count + 1 + lt_studio_option_count;
}

static int find(const char *key)
{
    for (int i = 0; i < count(); i++)
        if (strcmp(lt_config_key(i), key) == 0)
            return i;
    return -1;
}

static const char *key_at(const void *context, int i)
{
    (void)context;
    return lt_config_key(i);
}

/* ---- reading ---- */

typedef struct reading {
    const lt_backend_ops *const *backends;
    lt_params params; /* of the lines so far */
    lt_config *out;
} reading;

/* What the program would refuse at its start, were it given so. */
static bool check(const reading *r, const lt_params *p, lt_error *err)
{
    lt_params copy;
    lt_params_copy(&copy, p);
    lt_params_add_prompt(&copy, "");
    bool ok = lt_params_check(&copy, err) && lt_open_check(r->backends, &copy, err);
    lt_params_done(&copy);
    return ok;
}

static bool set_param(reading *r, int i, const char *text, lt_error *err)
{
    lt_params changed;
    lt_params_copy(&changed, &r->params);
    bool ok = i < lt_param_count ? lt_params_set(&changed, &lt_param_infos[i], text, err)
                                 : lt_params_set_seeds(&changed, text, false, err);
    if (!ok || !check(r, &changed, err)) {
        lt_params_done(&changed);
        return false;
    }
    lt_params_done(&r->params);
    r->params = changed;
    return true;
}

static bool set_option(int option, const char *text, lt_error *err)
{
    lt_tui_options scratch;
    lt_studio_options_init(&scratch);
    return lt_studio_options[option].set(&scratch, lt_studio_options[option].name, text, err);
}

static bool unknown(const char *key, lt_error *err)
{
    const char *near = lt_nearest(key, key_at, NULL);
    if (near)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no setting '%s'; %s is one", key,
                       near);
    return lt_fail(err, LT_ERR_ARGUMENT, "latentty config lists all", "there is no setting '%s'",
                   key);
}

static bool is_prompt(const char *key)
{
    return strcmp(key, "negative-prompt") == 0;
}

static bool take(reading *r, const lt_conf_line *line, lt_error *err)
{
    char *key, *text;
    if (!lt_conf_pair(line->text, &key, &text))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "expected 'key = value', found '%s'",
                       line->text);
    int i = find(key), option = i - lt_param_count - 1;
    if (i < 0)
        return unknown(key, err);
    lt_config_value *v = &r->out->values[i];
    if (v->text)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s was set in line %d already", key, v->line);
    if (!*text && !is_prompt(key))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s has no value", key);
    if (option >= 0 ? !set_option(option, text, err) : !set_param(r, i, text, err))
        return false;
    bool path = i < lt_param_count && !is_prompt(key);
    *v = (lt_config_value){path ? lt_conf_home(text) : lt_strdup(text), line->number};
    return true;
}

/* Messages name a flag of the command line. */
static void without_dashes(lt_error *err)
{
    if (strncmp(err->message, "--", 2) == 0)
        memmove(err->message, err->message + 2, strlen(err->message + 2) + 1);
}

void lt_config_read(const lt_backend_ops *const *backends, char *path, lt_config *out)
{
    lt_conf lines = {0};
    reading r = {.backends = backends, .out = out};
    *out =
        (lt_config){.path = path, .values = lt_alloc_array((size_t)count(), sizeof *out->values)};
    lt_params_init(&r.params);
    if (path)
        lt_conf_read(path, &lines, &out->faults);
    for (int i = 0; i < lines.count; i++) {
        lt_error err = {0};
        if (take(&r, &lines.lines[i], &err))
            continue;
        without_dashes(&err);
        lt_conf_fault(&out->faults, path, lines.lines[i].number, &err);
    }
    lt_params_done(&r.params);
    lt_conf_done(&lines);
}

void lt_config_done(lt_config *c)
{
    for (int i = 0; c->values && i < count(); i++)
        free(c->values[i].text);
    free(c->values);
    free(c->path);
    lt_conf_faults_done(&c->faults);
    *c = (lt_config){0};
}

const char *lt_config_value_of(const lt_config *c, const char *key)
{
    int i = c ? find(key) : -1;
    return i >= 0 ? c->values[i].text : NULL;
}
