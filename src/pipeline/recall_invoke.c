/* recall_invoke.c - the text chunk `invokeai_metadata`: one plain object. */
#include "pipeline/recall_parts.h"

static const lt_recall_row rows[] = {
    {"positive_prompt", LT_RECALL_PROMPT, NULL},
    {"negative_prompt", LT_RECALL_SET, "negative-prompt"},
    {"seed", LT_RECALL_SEED, NULL},
    {"steps", LT_RECALL_SET, "steps"},
    {"cfg_scale", LT_RECALL_SET, "guidance-scale"},
    {"width", LT_RECALL_WIDTH, NULL},
    {"height", LT_RECALL_HEIGHT, NULL},
    {"scheduler", LT_RECALL_SAMPLER, NULL},
    {"generation_mode", LT_RECALL_USUAL, "txt2img"},
    {"rand_device", LT_RECALL_USUAL, "cpu"},
    {"model", LT_RECALL_SKIPPED, NULL}, /* an object: below */
    {"app_version", LT_RECALL_SKIPPED, NULL},
    {"cfg_rescale_multiplier", LT_RECALL_USUAL, "0"},
    {"clip_skip", LT_RECALL_USUAL, "0"},
};

/* "model": {"name": "..."}, or "model_name" in older versions. */
static void note_model(const lt_recall *r, const json_object *o)
{
    json_object *model;
    const char *name = NULL;
    if (!json_object_object_get_ex(o, "model", &model) ||
        !json_object_is_type(model, json_type_object))
        return;
    name = lt_recall_member(model, "name");
    if (!name)
        name = lt_recall_member(model, "model_name");
    if (name)
        lt_recall_note_value(r, "model", name);
}

bool lt_recall_invoke(const lt_recall *r, const char *json)
{
    json_object *o = lt_recall_parse(json);
    bool ok = o && lt_recall_flat(r, o, rows, sizeof rows / sizeof *rows);
    if (ok)
        note_model(r, o);
    json_object_put(o);
    return ok;
}
