/* params.c - see params.h. */
#include "pipeline/params.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { MAX_THREADS = 1024, MAX_DEVICE = 63 };

const lt_param_info lt_param_infos[] = {
#define LT_PARAM(field, kind, flag, letter, metavar, fallback, help)                               \
    {#field, flag, letter, LT_PARAM_##kind, metavar, fallback, help},
#include "pipeline/params.def"
#undef LT_PARAM
};
const int lt_param_count = sizeof lt_param_infos / sizeof *lt_param_infos;

/* Where each row's value is in lt_params; the order is that of params.def. */
static const size_t offsets[] = {
#define LT_PARAM(field, kind, flag, letter, metavar, fallback, help) offsetof(lt_params, field),
#include "pipeline/params.def"
#undef LT_PARAM
};

static void *field_of(lt_params *p, const lt_param_info *info)
{
    return (char *)p + offsets[info - lt_param_infos];
}

void lt_params_init(lt_params *p)
{
    *p = (lt_params){.guidance_scale = (double)NAN,
                     .variation_seed = (double)NAN,
                     .variation_strength = (double)NAN,
                     .strength = (double)NAN};
}

void lt_params_done(lt_params *p)
{
    for (int i = 0; i < p->prompt_count; i++)
        free(p->prompts[i]);
    free(p->prompts);
    free(p->seeds);
    for (int i = 0; i < lt_param_count; i++)
        if (lt_param_infos[i].kind == LT_PARAM_TEXT)
            free(*(char **)field_of(p, &lt_param_infos[i]));
    *p = (lt_params){0};
}

void lt_params_copy(lt_params *to, const lt_params *from)
{
    *to = *from;
    to->prompts = lt_alloc_array((size_t)from->prompt_count, sizeof *to->prompts);
    for (int i = 0; i < from->prompt_count; i++)
        to->prompts[i] = lt_strdup(from->prompts[i]);
    to->seeds = lt_alloc_array((size_t)from->seed_count, sizeof *to->seeds);
    if (from->seed_count)
        memcpy(to->seeds, from->seeds, (size_t)from->seed_count * sizeof *to->seeds);
    for (int i = 0; i < lt_param_count; i++) {
        char **text = field_of(to, &lt_param_infos[i]);
        if (lt_param_infos[i].kind == LT_PARAM_TEXT && *text)
            *text = lt_strdup(*text);
    }
}

void lt_params_unset(lt_params *p, const lt_param_info *info)
{
    void *field = field_of(p, info);
    switch (info->kind) {
    case LT_PARAM_TEXT:
        free(*(char **)field);
        *(char **)field = NULL;
        break;
    case LT_PARAM_NUMBER:
        *(double *)field = (double)NAN;
        break;
    case LT_PARAM_INT:
        *(int *)field = 0;
        break;
    case LT_PARAM_SIZE:
        *(lt_size *)field = (lt_size){0};
        break;
    }
}

bool lt_params_text(const lt_params *p, const lt_param_info *info, char *to, size_t size)
{
    const void *field = (const char *)p + offsets[info - lt_param_infos];
    const lt_size *pixels = field;
    const char *text;
    switch (info->kind) {
    case LT_PARAM_TEXT:
        text = *(char *const *)field;
        snprintf(to, size, "%s", text ? text : "");
        return text != NULL;
    case LT_PARAM_NUMBER:
        snprintf(to, size, "%.15g", *(const double *)field);
        return !isnan(*(const double *)field);
    case LT_PARAM_INT:
        snprintf(to, size, "%d", *(const int *)field);
        return *(const int *)field != 0;
    case LT_PARAM_SIZE:
        snprintf(to, size, "%dx%d", pixels->width, pixels->height);
        return pixels->width != 0;
    }
    return false;
}

bool lt_params_value(const lt_params *p, const lt_param_info *info, lt_buf *out)
{
    char text[64];
    const void *field = (const char *)p + offsets[info - lt_param_infos];
    if (info->kind == LT_PARAM_TEXT) {
        const char *value = *(char *const *)field;
        lt_buf_str(out, value ? value : "");
        return value != NULL;
    }
    if (info->kind == LT_PARAM_NUMBER) {
        double value = *(const double *)field;
        if (!isnan(value))
            lt_buf_format(out, "%.17g", value);
        return !isnan(value);
    }
    bool given = lt_params_text(p, info, text, sizeof text);
    if (given)
        lt_buf_str(out, text);
    return given;
}

const lt_param_info *lt_params_find(const char *flag)
{
    for (int i = 0; i < lt_param_count; i++)
        if (strcmp(lt_param_infos[i].flag, flag) == 0)
            return &lt_param_infos[i];
    return NULL;
}

/* ---- one value from text ---- */

static bool wrong(const char *flag, const char *text, const char *expected, lt_error *err)
{
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s is '%s', expected %s", flag, text, expected);
}

/* A whole decimal number in least..most; nothing before or after it. */
static bool parse_int(const char *text, int least, int most, int *out)
{
    long long value = 0;
    if (*text == '\0' || strlen(text) > 9)
        return false;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            return false;
        value = value * 10 + (*c - '0');
    }
    *out = (int)value;
    return value >= least && value <= most;
}

/* A decimal number; the program never sets LC_NUMERIC, so the point is a point. */
static bool parse_number(const char *text, double *out)
{
    char *end;
    if (*text == '\0' || strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static bool parse_size(const char *text, lt_size *out)
{
    char left[16];
    const char *x = strpbrk(text, "xX");
    if (!x || (size_t)(x - text) >= sizeof left)
        return false;
    memcpy(left, text, (size_t)(x - text));
    left[x - text] = '\0';
    return parse_int(left, 1, LT_PARAMS_MAX_SIDE, &out->width) &&
           parse_int(x + 1, 1, LT_PARAMS_MAX_SIDE, &out->height);
}

bool lt_params_set(lt_params *p, const lt_param_info *info, const char *text, lt_error *err)
{
    void *field = field_of(p, info);
    double number;
    lt_size size;
    int whole;
    switch (info->kind) {
    case LT_PARAM_TEXT:
        if (!lt_text_valid(text, strlen(text), NULL))
            return wrong(info->flag, text, "UTF-8 text", err);
        free(*(char **)field);
        *(char **)field = lt_strdup(text);
        return true;
    case LT_PARAM_NUMBER:
        if (!parse_number(text, &number))
            return wrong(info->flag, text,
                         strcmp(info->metavar, "N") == 0 ? "a whole number such as 42"
                                                         : "a number such as 7.5",
                         err);
        *(double *)field = number;
        return true;
    case LT_PARAM_INT:
        if (!parse_int(text, 1, 999999999, &whole))
            return wrong(info->flag, text, "a whole number of at least 1", err);
        *(int *)field = whole;
        return true;
    case LT_PARAM_SIZE:
        if (!parse_size(text, &size))
            return wrong(info->flag, text, "WIDTHxHEIGHT such as 512x512, sides up to 8192", err);
        *(lt_size *)field = size;
        return true;
    }
    return false;
}

void lt_params_add_prompt(lt_params *p, const char *prompt)
{
    p->prompts = lt_grow(p->prompts, (size_t)p->prompt_count + 1, sizeof *p->prompts);
    p->prompts[p->prompt_count++] = lt_strdup(prompt);
}

/* ---- the whole ---- */

static bool check_variation(const lt_params *p, lt_error *err)
{
    double seed = p->variation_seed, strength = p->variation_strength;
    if (!isnan(seed) && !(seed >= 0 && seed <= UINT32_MAX && floor(seed) == seed))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--variation-seed is %.15g, expected a whole number below 2^32", seed);
    if (!isnan(strength) && !(strength >= 0 && strength <= 1))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--variation-strength is %.15g, expected 0 to 1",
                       strength);
    return true;
}

static bool check_strength(const lt_params *p, lt_error *err)
{
    if (isnan(p->strength) || (p->strength > 0 && p->strength <= 1))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--strength is %.15g, expected above 0 to 1",
                   p->strength);
}

int lt_params_device(const lt_params *p)
{
    int device;
    return p->device && parse_int(p->device, 0, MAX_DEVICE, &device) ? device : 0;
}

bool lt_params_check(lt_params *p, lt_error *err)
{
    if (p->prompt_count == 0)
        return lt_fail(err, LT_ERR_ARGUMENT, "-p \"a red apple\"", "no prompt was given");
    for (int i = 0; i < p->prompt_count; i++) {
        size_t bad;
        if (!lt_text_valid(p->prompts[i], strlen(p->prompts[i]), &bad))
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "prompt %d is not UTF-8: byte %zu is wrong",
                           i + 1, bad);
    }
    if (p->steps > LT_PARAMS_MAX_STEPS)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--steps is %d, expected 1 to %d", p->steps,
                       LT_PARAMS_MAX_STEPS);
    if (p->threads > MAX_THREADS)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--threads is %d, expected 1 to %d", p->threads,
                       MAX_THREADS);
    int device;
    if (p->device && !parse_int(p->device, 0, MAX_DEVICE, &device))
        return lt_fail(err, LT_ERR_ARGUMENT, "latentty doctor counts them",
                       "--device is '%s', expected 0 to %d", p->device, MAX_DEVICE);
    if (p->batch < 0 || p->batch > LT_PARAMS_MAX_BATCH)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--batch is %d, expected 1 to %d", p->batch,
                       LT_PARAMS_MAX_BATCH);
    if (p->own_generators && p->batch && p->seed_count != p->batch * p->prompt_count)
        return lt_fail(err, LT_ERR_ARGUMENT, "leave out --batch: a picture of each seed",
                       "--seeds has %d seeds, expected %d for %d prompts and --batch %d",
                       p->seed_count, p->batch * p->prompt_count, p->prompt_count, p->batch);
    lt_tiling tiling;
    return check_variation(p, err) && check_strength(p, err) &&
           lt_tiling_parse(p->vae_tiling, &tiling, err) && lt_params_draw_seeds(p, err);
}

lt_tiling lt_params_tiling(const lt_params *p)
{
    lt_tiling tiling;
    lt_error ignored;
    return lt_tiling_parse(p->vae_tiling, &tiling, &ignored) ? tiling : LT_TILING_AUTO;
}

double lt_params_strength(const lt_params *p)
{
    return isnan(p->strength) ? 0.8 : p->strength;
}
