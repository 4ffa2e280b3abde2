/* info.c - see info.h. */
#include "weights/info.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

bool lt_info_weights_open(const char *path, lt_info_weights *out, lt_error *err)
{
    lt_info_weights w = {0};
    if (!lt_checkpoint_open(path, &w.checkpoint, err))
        return false;
    w.kind = lt_weights_kind_of(w.checkpoint);
    w.tensors = lt_checkpoint_count(w.checkpoint);
    for (size_t i = 0; i < w.tensors; i++) {
        const lt_safetensors_tensor *t = lt_checkpoint_at(w.checkpoint, i);
        w.parameters += (uint64_t)lt_safetensors_elements(t);
        w.bytes += t->bytes;
        w.dtypes[t->type]++;
    }
    *out = w;
    return true;
}

void lt_info_weights_done(lt_info_weights *w)
{
    lt_checkpoint_close(w->checkpoint);
    *w = (lt_info_weights){0};
}

static void look_at(lt_info_model *m, lt_component c, const char *variant)
{
    lt_info_component *part = &m->component[c];
    const char *name = lt_component_get(c)->name;
    if (!part->class_name) {
        if (m->pipeline)
            lt_fail(&part->problem, LT_ERR_MODEL, NULL, "the model has no %s", name);
        return;
    }
    part->path = m->pipeline ? lt_path_join(m->dir, name) : lt_strdup(m->dir);
    if (lt_model_dir_complete(c, part->path, variant, &part->weights, &part->problem) &&
        !lt_model_dir_accepts(c, part->class_name, m->dir, &part->problem))
        return; /* the problem is in the component */
}

bool lt_info_model_open(const char *model, const char *variant, lt_info_model *out, lt_error *err)
{
    lt_model_classes classes = {0};
    bool ok =
        lt_model_dir_find(model, &out->dir, err) && lt_model_dir_classes(out->dir, &classes, err);
    if (ok) {
        out->pipeline = classes.pipeline;
        classes.pipeline = NULL;
        out->runnable = out->pipeline && strcmp(out->pipeline, "StableDiffusionPipeline") == 0;
    }
    for (int c = 0; c < LT_COMPONENT_COUNT && ok; c++) {
        out->component[c].class_name = classes.component[c];
        classes.component[c] = NULL;
        look_at(out, (lt_component)c, variant);
        out->runnable = out->runnable && out->component[c].problem.code == LT_ERR_NONE;
    }
    lt_model_classes_done(&classes);
    return ok;
}

void lt_info_model_done(lt_info_model *m)
{
    for (int c = 0; c < LT_COMPONENT_COUNT; c++) {
        free(m->component[c].class_name);
        free(m->component[c].path);
        free(m->component[c].weights);
    }
    free(m->pipeline);
    free(m->dir);
    *m = (lt_info_model){0};
}
