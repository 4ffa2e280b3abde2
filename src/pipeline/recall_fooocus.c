/* recall_fooocus.c - Fooocus: `parameters` holds one plain object. */
#include "pipeline/recall_parts.h"

static const lt_recall_row rows[] = {
    {"prompt", LT_RECALL_PROMPT, NULL},
    {"negative_prompt", LT_RECALL_SET, "negative-prompt"},
    {"seed", LT_RECALL_SEED, NULL},
    {"steps", LT_RECALL_SET, "steps"},
    {"guidance_scale", LT_RECALL_SET, "guidance-scale"},
    {"resolution", LT_RECALL_SIDES, NULL},
    {"sampler", LT_RECALL_SAMPLER, NULL},
    {"scheduler", LT_RECALL_USUAL, "normal"},
    {"base_model", LT_RECALL_NOTED, NULL},
    {"refiner_model", LT_RECALL_USUAL, "None"},
    {"metadata_scheme", LT_RECALL_SKIPPED, NULL},
    {"base_model_hash", LT_RECALL_SKIPPED, NULL},
    {"created_by", LT_RECALL_SKIPPED, NULL},
    {"version", LT_RECALL_SKIPPED, NULL},
};

bool lt_recall_fooocus(const lt_recall *r, const char *json)
{
    json_object *o = lt_recall_parse(json);
    bool ok = o && lt_recall_flat(r, o, rows, sizeof rows / sizeof *rows);
    json_object_put(o);
    return ok;
}
