/* form.c - see form.h. */
#include "tui/form.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/mem.h"

enum { SEED_ROW = 2, MAX_ROWS = 24 };

/* The rows: settings of params.def, and NULL for the seed. */
typedef struct rows {
    const lt_param_info *row[MAX_ROWS];
    int count;
} rows;

static bool has_row(const lt_param_info *info)
{
    return strcmp(info->flag, "negative-prompt") != 0 && strcmp(info->flag, "latents") != 0;
}

static rows rows_all(void)
{
    rows r = {.count = 0};
    for (int i = 0; i < lt_param_count && r.count < MAX_ROWS - 1; i++) {
        if (!has_row(&lt_param_infos[i]))
            continue;
        if (r.count == SEED_ROW)
            r.row[r.count++] = NULL;
        r.row[r.count++] = &lt_param_infos[i];
    }
    return r;
}

static const lt_param_info *info_of(int row)
{
    return rows_all().row[row];
}

static bool is(const lt_param_info *info, const char *flag)
{
    return info && strcmp(info->flag, flag) == 0;
}

void lt_form_init(lt_form *f, const lt_params *p)
{
    *f = (lt_form){.prompt = lt_edit_new(true), .negative = lt_edit_new(true)};
    lt_params_copy(&f->next, p);
    if (p->prompt_count)
        lt_edit_reset(f->prompt, p->prompts[0]);
    lt_edit_reset(f->negative, p->negative_prompt ? p->negative_prompt : "");
    f->seed_given = p->seed_count > 0;
    if (f->seed_given)
        f->seed = p->seeds[0];
    lt_form_take(f);
}

void lt_form_done(lt_form *f)
{
    lt_edit_free(f->prompt);
    lt_edit_free(f->negative);
    lt_params_done(&f->next);
    lt_form_base_done(&f->base);
    *f = (lt_form){0};
}

int lt_form_rows(void)
{
    return rows_all().count;
}

const char *lt_form_label(int row)
{
    const lt_param_info *info = info_of(row);
    return info ? info->flag : "seed";
}

const char *lt_form_help(int row)
{
    const lt_param_info *info = info_of(row);
    return info ? info->help : "a number, or random: another for every run";
}

int lt_form_row_of(const char *label)
{
    for (int i = 0; i < lt_form_rows(); i++)
        if (strcmp(lt_form_label(i), label) == 0)
            return i;
    return -1;
}

/* The part of a default's description that fits a column: "the model's" of "the model's, or 7.5".
 */
static int words(const char *text)
{
    return (int)strcspn(text, ",");
}

/* What a setting is where nothing was set. */
static void fallback(const lt_form *f, const lt_param_info *info, char *to, size_t size)
{
    const lt_model_facts *m = f->facts;
    if (m && is(info, "guidance-scale"))
        snprintf(to, size, "%.15g", m->guidance_scale);
    else if (m && is(info, "steps"))
        snprintf(to, size, "%d", m->steps);
    else if (m && is(info, "size"))
        snprintf(to, size, "%dx%d", m->side, m->side);
    else if (m && is(info, "scheduler"))
        snprintf(to, size, "%s", m->sampler);
    else if (m && is(info, "model"))
        snprintf(to, size, "%s", m->name);
    else if (m && is(info, "backend"))
        snprintf(to, size, "%s", m->backend);
    else if (m && is(info, "dtype"))
        snprintf(to, size, "%s", m->dtype);
    else
        snprintf(to, size, "%.*s", words(info->fallback), info->fallback);
}

bool lt_form_next(const lt_form *f, int row, char *to, size_t size)
{
    const lt_param_info *info = info_of(row);
    if (!info) {
        if (f->seed_given)
            snprintf(to, size, "%" PRIu64, f->seed);
        else
            snprintf(to, size, "random");
        return f->seed_given;
    }
    if (lt_params_text(&f->next, info, to, size))
        return true;
    fallback(f, info, to, size);
    return false;
}

void lt_form_this(const lt_film *film, int image, int row, char *to, size_t size)
{
    const lt_param_info *info = info_of(row);
    int place;
    if (!info)
        snprintf(to, size, "%" PRIu64, lt_params_seed(&film->params, image, &place));
    else if (is(info, "guidance-scale"))
        snprintf(to, size, "%.15g", film->guidance_scale);
    else if (is(info, "steps"))
        snprintf(to, size, "%d", film->schedule.begin + film->steps);
    else if (is(info, "size"))
        snprintf(to, size, "%dx%d", film->width, film->height);
    else if (is(info, "scheduler"))
        snprintf(to, size, "%s", film->sampler->name);
    else if (is(info, "model"))
        snprintf(to, size, "%s", film->model);
    else if (is(info, "backend"))
        snprintf(to, size, "%s", film->backend);
    else if (is(info, "dtype"))
        snprintf(to, size, "%s", lt_dtype_name(film->dtype));
    else if (!lt_params_text(&film->params, info, to, size))
        snprintf(to, size, "%.*s", words(info->fallback), info->fallback);
}

/* A whole number of 64 bits; negative ones wrap as in torch. */
static bool set_seed(lt_form *f, const char *text, lt_error *err)
{
    lt_params p;
    lt_params_init(&p);
    bool ok = lt_params_set_seeds(&p, text, false, err);
    if (ok && p.seed_count != 1)
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "seed is '%s', expected one number", text);
    if (ok)
        lt_form_seed(f, p.seeds[0]);
    lt_params_done(&p);
    return ok;
}

/* What lt_params_check would refuse later, for one value alone. */
static bool check(const lt_params *p, lt_error *err)
{
    lt_params copy;
    lt_sampler const *sampler;
    lt_spacing spacing;
    lt_params_copy(&copy, p);
    if (copy.prompt_count == 0)
        lt_params_add_prompt(&copy, "");
    bool ok = lt_params_check(&copy, err) &&
              (!p->scheduler || lt_sampler_find(p->scheduler, &sampler, err)) &&
              (!p->timestep_spacing || lt_spacing_parse(p->timestep_spacing, &spacing, err));
    lt_params_done(&copy);
    return ok;
}

bool lt_form_set(lt_form *f, int row, const char *text, lt_error *err)
{
    const lt_param_info *info = info_of(row);
    lt_params changed;
    if (!*text || (!info && strcmp(text, "random") == 0)) {
        lt_form_reset(f, row);
        return true;
    }
    if (!info)
        return set_seed(f, text, err);
    lt_params_copy(&changed, &f->next);
    if (!lt_params_set(&changed, info, text, err) || !check(&changed, err)) {
        lt_params_done(&changed);
        return false;
    }
    lt_params_done(&f->next);
    f->next = changed;
    return true;
}

/* ---- what is typed ---- */

/* Facts are those of the model that is open: of another one the run will tell. */
static bool check_size(const lt_form *f, const lt_params *p, lt_error *err)
{
    const lt_model_facts *m = f->facts;
    int w = p->size.width, h = p->size.height;
    bool known = m && !p->vae && (!p->model || strcmp(p->model, m->name) == 0);
    if (!known || (w % m->factor == 0 && h % m->factor == 0))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "size is %dx%d, expected multiples of %d pixels", w,
                   h, m->factor);
}

static bool type_file(lt_form *f, int row, const char *text, lt_error *err)
{
    char *path = lt_conf_home(text);
    bool ok = lt_file_can_read(path, err) && lt_form_set(f, row, path, err);
    free(path);
    return ok;
}

static bool type_size(lt_form *f, int row, const char *text, lt_error *err)
{
    lt_params size;
    lt_params_copy(&size, &f->next);
    bool ok = lt_params_set(&size, info_of(row), text, err) && check_size(f, &size, err);
    lt_params_done(&size);
    return ok && lt_form_set(f, row, text, err);
}

/* "none", or "the model's", as the form shows it. */
static bool is_fallback(const lt_param_info *info, const char *text)
{
    size_t n = info ? (size_t)words(info->fallback) : 0;
    return n && strlen(text) == n && strncmp(text, info->fallback, n) == 0;
}

bool lt_form_type(lt_form *f, int row, const char *text, lt_error *err)
{
    const lt_param_info *info = info_of(row);
    if (!*text || is_fallback(info, text)) {
        lt_form_reset(f, row);
        return true;
    }
    bool ok = is(info, "init-image") ? type_file(f, row, text, err)
              : is(info, "size")     ? type_size(f, row, text, err)
                                     : lt_form_set(f, row, text, err);
    if (!ok && strncmp(err->message, "--", 2) == 0) /* it is no flag here */
        memmove(err->message, err->message + 2, strlen(err->message + 2) + 1);
    return ok;
}

void lt_form_reset(lt_form *f, int row)
{
    const lt_param_info *info = info_of(row);
    if (info)
        lt_params_unset(&f->next, info);
    else
        f->seed_given = false;
}

void lt_form_seed(lt_form *f, uint64_t seed)
{
    f->seed = seed;
    f->seed_given = true;
}

/* ---- notches ---- */

static const char *name_at(const lt_param_info *info, int i)
{
    static const char *const spacings[] = {"linspace", "leading", "trailing"};
    static const char *const dtypes[] = {"auto", "f32", "bf16", "f16"};
    if (is(info, "scheduler"))
        return lt_sampler_at(i) ? lt_sampler_at(i)->name : NULL;
    if (is(info, "timestep-spacing"))
        return i < 3 ? spacings[i] : NULL;
    if (is(info, "dtype"))
        return i < 4 ? dtypes[i] : NULL;
    if (is(info, "vae-tiling"))
        return i <= LT_TILING_OFF ? lt_tiling_name((lt_tiling)i) : NULL;
    return NULL;
}

/* The next or the one before of the names that a setting has, round and round. */
static bool nudge_name(const lt_param_info *info, int by, char *text, size_t size)
{
    int count = 0, at = -1;
    while (name_at(info, count)) {
        if (strcmp(name_at(info, count), text) == 0)
            at = count;
        count++;
    }
    if (count == 0)
        return false;
    at = at < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count;
    snprintf(text, size, "%s", name_at(info, at));
    return true;
}

static bool nudge_size(const lt_form *f, int by, char *text, size_t size)
{
    int w, h, step = f->facts ? f->facts->factor * 8 : 64;
    if (sscanf(text, "%dx%d", &w, &h) != 2)
        return false;
    w = (w / step + by) * step;
    h = (h / step + by) * step;
    snprintf(text, size, "%dx%d", w, h);
    return w > 0 && h > 0;
}

bool lt_form_nudge(lt_form *f, int row, int by)
{
    const lt_param_info *info = info_of(row);
    lt_error ignored;
    char text[512];
    if (!info) {
        lt_form_seed(f, f->seed + (uint64_t)(int64_t)by);
        return true;
    }
    lt_form_next(f, row, text, sizeof text);
    if (is(info, "guidance-scale"))
        snprintf(text, sizeof text, "%.15g", strtod(text, NULL) + 0.5 * by);
    else if (is(info, "strength"))
        snprintf(text, sizeof text, "%.15g", strtod(text, NULL) + 0.05 * by);
    else if (info->kind == LT_PARAM_INT)
        snprintf(text, sizeof text, "%ld", strtol(text, NULL, 10) + by);
    else if (info->kind == LT_PARAM_SIZE ? !nudge_size(f, by, text, sizeof text)
                                         : !nudge_name(info, by, text, sizeof text))
        return false;
    return lt_form_set(f, row, text, &ignored);
}

/* ---- a run ---- */

bool lt_form_params(const lt_form *f, lt_params *out, lt_error *err)
{
    const lt_param_info *negative = lt_params_find("negative-prompt");
    lt_params_copy(out, &f->next);
    for (int i = 0; i < out->prompt_count; i++)
        free(out->prompts[i]);
    free(out->prompts);
    out->prompts = NULL;
    out->prompt_count = 0;
    free(out->seeds);
    out->seeds = NULL;
    out->seed_count = 0;
    out->batch = 0;
    out->own_generators = false;
    if (f->seed_given) {
        out->seeds = lt_alloc(sizeof *out->seeds);
        out->seeds[0] = f->seed;
        out->seed_count = 1;
    }
    lt_params_add_prompt(out, lt_edit_text(f->prompt, NULL));
    return lt_params_set(out, negative, lt_edit_text(f->negative, NULL), err) &&
           lt_params_check(out, err);
}
