/* recall_swarm.c - SwarmUI: `parameters` holds {"sui_image_params": {...}, ...}. */
#include "pipeline/recall_parts.h"

static const lt_recall_row rows[] = {
    {"prompt", LT_RECALL_PROMPT, NULL},
    {"negativeprompt", LT_RECALL_SET, "negative-prompt"},
    {"seed", LT_RECALL_SEED, NULL},
    {"steps", LT_RECALL_SET, "steps"},
    {"cfgscale", LT_RECALL_SET, "guidance-scale"},
    {"width", LT_RECALL_WIDTH, NULL},
    {"height", LT_RECALL_HEIGHT, NULL},
    {"sampler", LT_RECALL_SAMPLER, NULL},
    {"scheduler", LT_RECALL_USUAL, "normal"},
    {"images", LT_RECALL_USUAL, "1"},
    {"model", LT_RECALL_NOTED, NULL},
    {"automaticvae", LT_RECALL_SKIPPED, NULL},
    {"aspectratio", LT_RECALL_SKIPPED, NULL},
    {"swarm_version", LT_RECALL_SKIPPED, NULL},
};

bool lt_recall_swarm(const lt_recall *r, const char *json)
{
    json_object *o = lt_recall_parse(json), *inner;
    bool ok = o && json_object_object_get_ex(o, "sui_image_params", &inner) &&
              json_object_is_type(inner, json_type_object) &&
              lt_recall_flat(r, inner, rows, sizeof rows / sizeof *rows);
    json_object_put(o);
    return ok;
}
