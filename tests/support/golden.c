/* golden.c - see golden.h. */
#include "support/golden.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/check.h"

static const struct {
    const char *name;
    double limit; /* in float32 */
} stages[] = {
    [GOLDEN_TEXT] = {"text", 1e-5},           [GOLDEN_EPS] = {"eps", 1e-5},
    [GOLDEN_DECODE] = {"decode", 2e-5},       [GOLDEN_ENCODE] = {"encode", 2e-5},
    [GOLDEN_ROUNDTRIP] = {"roundtrip", 2e-5}, [GOLDEN_LATENTS] = {"latents", 1e-4},
    [GOLDEN_IMAGE] = {"image", 1e-4},
};

const char *golden_stage_name(golden_stage s)
{
    return stages[s].name;
}

static json_object *parsed(const golden *g, const char *key)
{
    const char *text = lt_safetensors_meta(g->file, key);
    return text ? json_tokener_parse(text) : NULL;
}

static void read_errors(json_object *all, const char *type, double out[GOLDEN_STAGE_COUNT])
{
    json_object *of_type = json_object_object_get(all, type);
    for (int i = 0; i < GOLDEN_STAGE_COUNT; i++)
        out[i] = json_object_get_double(json_object_object_get(of_type, stages[i].name));
}

static bool read_sizes(golden *g, lt_error *err)
{
    const lt_safetensors_tensor *noise = lt_safetensors_find(g->file, "noise");
    const lt_safetensors_tensor *text = lt_safetensors_find(g->file, "text.cond");
    const lt_safetensors_tensor *times = lt_safetensors_find(g->file, "sched.timesteps");
    if (!noise || noise->ndim != 4 || !text || text->ndim != 3 || !times || times->ndim != 1)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' is not a golden file",
                       lt_safetensors_path(g->file));
    g->images = (int)noise->dim[0];
    g->channels = (int)noise->dim[1];
    g->h = (int)noise->dim[2];
    g->w = (int)noise->dim[3];
    g->tokens = (int)text->dim[1];
    g->text_width = (int)text->dim[2];
    g->steps = (int)times->dim[0];
    g->guided = golden_has(g, "step.000.eps_text");
    return true;
}

bool golden_open(const char *data, const char *name, golden *out, lt_error *err)
{
    char *path = lt_format("%s/golden/%s.safetensors", data, name);
    bool ok = lt_safetensors_open(path, &out->file, err);
    free(path);
    if (!ok)
        return false;
    json_object *args = parsed(out, "args"), *error = parsed(out, "error");
    const char *model = json_object_get_string(json_object_object_get(args, "model"));
    out->model = lt_strdup(model ? model : "");
    out->tiled = json_object_get_boolean(json_object_object_get(args, "tiling"));
    read_errors(error, "f64", out->f64_error);
    read_errors(error, "bf16", out->bf16_error);
    json_object_put(args);
    json_object_put(error);
    return read_sizes(out, err);
}

void golden_close(golden *g)
{
    lt_safetensors_close(g->file);
    free(g->model);
    *g = (golden){0};
}

bool golden_has(const golden *g, const char *name)
{
    return lt_safetensors_find(g->file, name) != NULL;
}

bool golden_has_step(const golden *g, int step, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "step.%03d.%s", step, name);
    return golden_has(g, full);
}

void *golden_values(const golden *g, const char *name, size_t *count)
{
    const lt_safetensors_tensor *t = lt_safetensors_find(g->file, name);
    if (!t || (t->type != LT_ST_F32 && t->type != LT_ST_I32))
        fail_msg("'%s' has no F32 or I32 tensor '%s'", lt_safetensors_path(g->file), name);
    void *copy = lt_alloc(t->bytes);
    memcpy(copy, t->data, t->bytes);
    if (count)
        *count = t->bytes / 4;
    return copy;
}

float *golden_step(const golden *g, int step, const char *name, size_t *count)
{
    char full[64];
    snprintf(full, sizeof full, "step.%03d.%s", step, name);
    return golden_values(g, full, count);
}

double golden_limit(const golden *g, golden_stage stage, lt_dtype dtype)
{
    double own = g->f64_error[stage];
    if (dtype == LT_BF16)
        return 1.5 * g->bf16_error[stage];
    return own > stages[stage].limit ? 4 * own : stages[stage].limit;
}

double golden_distance(const float *got, const float *want, size_t n)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - (double)want[i];
        difference += d * d;
        norm += (double)want[i] * (double)want[i];
    }
    return sqrt(difference / norm);
}

double golden_worse(double a, double b)
{
    return isnan(a) || a > b ? a : b;
}

double golden_worst(const float *got, const float *want, int images, size_t each)
{
    double worst = 0;
    for (int i = 0; i < images; i++) {
        double d = golden_distance(got + (size_t)i * each, want + (size_t)i * each, each);
        worst = golden_worse(worst, d);
    }
    return worst;
}
