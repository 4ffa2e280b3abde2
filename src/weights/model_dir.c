/* model_dir.c - see model_dir.h. */
#include "weights/model_dir.h"

#include <json-c/json_object.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/mem.h"
#include "weights/checkpoint.h"
#include "weights/hub.h"

enum { CONFIG_LIMIT = 1 << 20 };

static const char index_name[] = "model_index.json", pipeline_class[] = "StableDiffusionPipeline";

static bool has_file(const char *dir, const char *name)
{
    char *path = lt_path_join(dir, name);
    bool found = lt_file_exists(path);
    free(path);
    return found;
}

static bool read_json(const char *dir, const char *name, json_object **out, lt_error *err)
{
    char *path = lt_path_join(dir, name);
    bool ok = lt_file_exists(path) ? lt_json_file_read(path, CONFIG_LIMIT, out, err)
                                   : lt_hub_fail_missing(dir, name, err);
    free(path);
    return ok;
}

void lt_model_dir_done(lt_model_dir *m)
{
    for (int c = 0; c < LT_COMPONENT_COUNT; c++) {
        free(m->path[c]);
        free(m->weights[c]);
    }
    *m = (lt_model_dir){0};
}

void lt_model_classes_done(lt_model_classes *c)
{
    free(c->pipeline);
    for (int i = 0; i < LT_COMPONENT_COUNT; i++)
        free(c->component[i]);
    *c = (lt_model_classes){0};
}

bool lt_model_dir_find(const char *model, char **dir, lt_error *err)
{
    if (lt_dir_exists(model)) {
        *dir = lt_strdup(model);
        return true;
    }
    if (lt_file_exists(model))
        return lt_fail(
            err, LT_ERR_MODEL,
            "python3 -c \"import sys, diffusers as d; "
            "d.StableDiffusionPipeline.from_single_file(sys.argv[1]).save_pretrained(sys.argv[2]"
            ")\" FILE DIR",
            "cannot use '%s': it is a file, expected a diffusers directory", model);
    if (lt_hub_is_id(model))
        return lt_hub_find(model, dir, err);
    return lt_fail(err, LT_ERR_IO,
                   "give a directory, or the id ORG/NAME of a downloaded repository",
                   "cannot find model '%s': no such directory", model);
}

/* "component": ["library", "class"]; null stands for an absent one, anything else is an option of
 * the pipeline and no component. */
static char *listed_class(const json_object *index, const char *name)
{
    json_object *pair;
    if (!json_object_object_get_ex(index, name, &pair) ||
        !json_object_is_type(pair, json_type_array) || json_object_array_length(pair) != 2)
        return NULL;
    json_object *class_name = json_object_array_get_idx(pair, 1);
    return json_object_is_type(class_name, json_type_string)
               ? lt_strdup(json_object_get_string(class_name))
               : NULL;
}

/* The class that a config.json names: diffusers' or transformers' way; owned, or NULL. */
static char *config_class(const json_object *config)
{
    json_object *list;
    const char *name = lt_json_file_string(config, "_class_name");
    if (!name && json_object_object_get_ex(config, "architectures", &list) &&
        json_object_is_type(list, json_type_array) && json_object_array_length(list) > 0) {
        json_object *first = json_object_array_get_idx(list, 0);
        name = json_object_is_type(first, json_type_string) ? json_object_get_string(first) : NULL;
    }
    return name ? lt_strdup(name) : NULL;
}

static bool class_is(lt_component c, const char *class_name)
{
    const lt_component_info *info = lt_component_get(c);
    for (int i = 0; i < 2; i++) {
        if (info->classes[i] && strcmp(info->classes[i], class_name) == 0)
            return true;
    }
    return info->classes[0] == NULL;
}

bool lt_model_dir_accepts(lt_component c, const char *class_name, const char *where, lt_error *err)
{
    return class_is(c, class_name) ||
           lt_fail(err, LT_ERR_MODEL, NULL, "cannot use '%s': its %s is %s, expected %s", where,
                   lt_component_get(c)->name, class_name, lt_component_get(c)->classes[0]);
}

/* A directory without model_index.json: what it holds by itself. */
static bool bare_classes(const char *dir, lt_model_classes *out, lt_error *err)
{
    const char *files[] = {"config.json", "scheduler_config.json"};
    bool found = false;
    for (int i = 0; i < 2; i++) {
        json_object *config;
        if (!has_file(dir, files[i]))
            continue;
        if (!read_json(dir, files[i], &config, err))
            return false;
        char *name = config_class(config);
        json_object_put(config);
        int c = i == 1 ? LT_SCHEDULER : LT_UNET;
        while (name && c < LT_TOKENIZER && !class_is((lt_component)c, name))
            c++;
        if (name && c != LT_TOKENIZER && !out->component[c]) {
            out->component[c] = name;
            found = true;
            continue;
        }
        lt_fail(err, LT_ERR_MODEL, NULL,
                "cannot use '%s': '%s' is for %s, which latentty does not run", dir, files[i],
                name ? name : "no class");
        free(name);
        return false;
    }
    if (has_file(dir, "vocab.json") && has_file(dir, "merges.txt")) {
        out->component[LT_TOKENIZER] = lt_strdup(lt_component_get(LT_TOKENIZER)->classes[0]);
        found = true;
    }
    return found || lt_hub_fail_missing(dir, index_name, err);
}

bool lt_model_dir_classes(const char *dir, lt_model_classes *out, lt_error *err)
{
    json_object *index;
    if (!has_file(dir, index_name))
        return bare_classes(dir, out, err);
    if (!read_json(dir, index_name, &index, err))
        return false;
    const char *name = lt_json_file_string(index, "_class_name");
    out->pipeline = lt_strdup(name ? name : "(no class)");
    for (int c = 0; c < LT_COMPONENT_COUNT; c++)
        out->component[c] = listed_class(index, lt_component_get((lt_component)c)->name);
    json_object_put(index);
    return true;
}

static const char *pipeline_hint(const char *class_name)
{
    if (strstr(class_name, "XL"))
        return "SDXL is another family; latentty runs SD 1.x and 2.x";
    if (strstr(class_name, "Inpaint"))
        return "this is an inpainting model; latentty needs a text-to-image one";
    return "latentty runs text-to-image models of the SD 1.x and 2.x families";
}

/* Takes component c of dir, a whole model or a bare component; *path stays NULL if dir has none. */
static bool take(const char *dir, const lt_model_classes *classes, lt_component c, char **path,
                 lt_error *err)
{
    const char *name = classes->component[c];
    if (!name)
        return true;
    if (!lt_model_dir_accepts(c, name, dir, err))
        return false;
    *path = classes->pipeline ? lt_path_join(dir, lt_component_get(c)->name) : lt_strdup(dir);
    return true;
}

static bool take_model(const lt_model_request *request, lt_model_dir *out, lt_error *err)
{
    lt_model_classes classes = {0};
    char *dir = NULL;
    bool ok =
        lt_model_dir_find(request->model, &dir, err) && lt_model_dir_classes(dir, &classes, err);
    if (ok && classes.pipeline && strcmp(classes.pipeline, pipeline_class) != 0)
        ok = lt_fail(err, LT_ERR_MODEL, pipeline_hint(classes.pipeline),
                     "cannot use '%s': it is for %s, expected %s", dir, classes.pipeline,
                     pipeline_class);
    for (int c = 0; c < LT_COMPONENT_COUNT && ok; c++) {
        if (!request->component[c])
            ok = take(dir, &classes, (lt_component)c, &out->path[c], err);
    }
    lt_model_classes_done(&classes);
    free(dir);
    return ok;
}

/* A component given by itself: a whole model's, the directory of one, or its folder in either. */
static bool take_component(const char *given, lt_component c, char **path, lt_error *err)
{
    const lt_component_info *info = lt_component_get(c);
    lt_model_classes classes = {0};
    char *dir = NULL;
    bool ok = lt_model_dir_find(given, &dir, err);
    char *inner = ok ? lt_path_join(dir, info->name) : NULL;
    if (ok && !has_file(dir, index_name) && !has_file(dir, info->config) &&
        has_file(inner, info->config)) {
        free(dir);
        dir = inner;
        inner = NULL;
    }
    if (ok && c == LT_TOKENIZER && !has_file(dir, index_name))
        *path = lt_strdup(
            dir); /* its files are checked later; a config.json beside them is not its own */
    else
        ok = ok && lt_model_dir_classes(dir, &classes, err) && take(dir, &classes, c, path, err);
    if (ok && !*path)
        ok = lt_fail(err, LT_ERR_MODEL, NULL, "cannot use '%s' as %s: it has no %s", dir,
                     info->name, info->name);
    lt_model_classes_done(&classes);
    free(inner);
    free(dir);
    return ok;
}

bool lt_model_dir_complete(lt_component c, const char *dir, const char *variant, char **weights,
                           lt_error *err)
{
    const lt_component_info *info = lt_component_get(c);
    if (!lt_dir_exists(dir))
        return lt_hub_fail_missing(dir, NULL, err);
    if (!has_file(dir, info->config))
        return lt_hub_fail_missing(dir, info->config, err);
    if (info->also && !has_file(dir, info->also))
        return lt_hub_fail_missing(dir, info->also, err);
    return !info->stem || lt_checkpoint_locate(dir, c, variant, weights, err);
}

bool lt_model_dir_resolve(const lt_model_request *request, lt_model_dir *out, lt_error *err)
{
    if (request->model && !take_model(request, out, err))
        return false;
    for (int c = 0; c < LT_COMPONENT_COUNT; c++) {
        const lt_component_info *info = lt_component_get((lt_component)c);
        bool needed = request->needed >> c & 1u;
        if (request->component[c] &&
            !take_component(request->component[c], (lt_component)c, &out->path[c], err))
            return false;
        if (!out->path[c] && needed) {
            lt_fail(err, LT_ERR_MODEL, NULL, "cannot use '%s': it has no %s",
                    request->model ? request->model : "(no model)", info->name);
            return info->option ? lt_fail_hint(err, "give one with %s DIR", info->option) : false;
        }
        if (out->path[c] && needed &&
            !lt_model_dir_complete((lt_component)c, out->path[c], request->variant,
                                   &out->weights[c], err))
            return false;
    }
    return true;
}
