/*
 * recall_comfy.c - ComfyUI: the text chunk `prompt`, a graph {"id": {"class_type": "KSampler",
 * "inputs": {"seed": 7, "positive": ["6", 0], ...}}, ...}.  An input is a value, or the id of the
 * node that it comes from and the number of that node's output.
 *
 * The sampler that the saved picture comes from is looked for, and what leads to it.
 */
#include <string.h>

#include "pipeline/recall_parts.h"

enum { MOST_DEPTH = 64, MOST_NODES = 4096 }; /* of one search: a graph may be a circle, or dense */

typedef struct search {
    json_object *graph;
    int left; /* nodes that it may still look at */
} search;

static json_object *inputs_of(json_object *node)
{
    json_object *inputs;
    return json_object_object_get_ex(node, "inputs", &inputs) &&
                   json_object_is_type(inputs, json_type_object)
               ? inputs
               : NULL;
}

static const char *class_of(json_object *node)
{
    const char *name =
        json_object_is_type(node, json_type_object) ? lt_recall_member(node, "class_type") : NULL;
    return name ? name : "";
}

/* The node that a value comes from; NULL if it comes from none. */
static json_object *linked(const search *s, json_object *value)
{
    json_object *node;
    if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) != 2)
        return NULL;
    const char *id = json_object_get_string(json_object_array_get_idx(value, 0));
    return id && json_object_object_get_ex(s->graph, id, &node) &&
                   json_object_is_type(node, json_type_object)
               ? node
               : NULL;
}

static bool is_sampler(json_object *node)
{
    return strcmp(class_of(node), "KSampler") == 0 ||
           strcmp(class_of(node), "KSamplerAdvanced") == 0;
}

static bool has_text(json_object *node)
{
    json_object *inputs = inputs_of(node), *text;
    return inputs && json_object_object_get_ex(inputs, "text", &text);
}

static bool has_size(json_object *node)
{
    json_object *inputs = inputs_of(node), *side;
    return inputs && json_object_object_get_ex(inputs, "width", &side) &&
           json_object_object_get_ex(inputs, "height", &side);
}

/* The nearest node upstream, `node` included, of which `is` is true; depth first. */
static json_object *upstream(search *s, json_object *node, bool (*is)(json_object *), int depth)
{
    if (!node || depth > MOST_DEPTH || s->left-- <= 0)
        return NULL;
    if (is(node))
        return node;
    json_object *inputs = inputs_of(node), *found = NULL;
    if (!inputs)
        return NULL;
    json_object_object_foreach(inputs, key, value)
    {
        (void)key;
        found = upstream(s, linked(s, value), is, depth + 1);
        if (found)
            break;
    }
    return found;
}

static json_object *search_from(json_object *graph, json_object *from, bool (*is)(json_object *))
{
    search s = {graph, MOST_NODES};
    return upstream(&s, from, is, 0);
}

/* An input as text, also where it is another node's value ("PrimitiveNode" and its like). */
static const char *scalar(json_object *graph, json_object *node, const char *key)
{
    static const char *const values[] = {"value", "text", "string", "seed", "int", "float"};
    const search s = {graph, 0};
    json_object *value = NULL;
    if (!inputs_of(node) || !json_object_object_get_ex(inputs_of(node), key, &value))
        return NULL;
    for (int hops = 0; hops < MOST_DEPTH; hops++) {
        json_object *from = linked(&s, value), *next = NULL;
        if (!from)
            break;
        for (size_t i = 0; i < sizeof values / sizeof *values && !next; i++)
            if (inputs_of(from))
                json_object_object_get_ex(inputs_of(from), values[i], &next);
        value = next;
    }
    return json_object_is_type(value, json_type_array) ||
                   json_object_is_type(value, json_type_object)
               ? NULL
               : json_object_get_string(value);
}

static json_object *input_node(json_object *graph, json_object *node, const char *key)
{
    const search s = {graph, 0};
    json_object *value;
    return inputs_of(node) && json_object_object_get_ex(inputs_of(node), key, &value)
               ? linked(&s, value)
               : NULL;
}

/* The sampler that a saved picture comes from, or else the first. */
static json_object *find_sampler(json_object *graph)
{
    json_object *found = NULL, *first = NULL;
    json_object_object_foreach(graph, key, node)
    {
        (void)key;
        bool saves =
            strcmp(class_of(node), "SaveImage") == 0 || strcmp(class_of(node), "PreviewImage") == 0;
        if (saves && !found)
            found = search_from(graph, node, is_sampler);
        if (is_sampler(node) && !first)
            first = node;
    }
    return found ? found : first;
}

static const char *text_of(json_object *graph, json_object *sampler, const char *key)
{
    json_object *node = search_from(graph, input_node(graph, sampler, key), has_text);
    return node ? scalar(graph, node, "text") : NULL;
}

/* ---- to settings ---- */

typedef struct reader {
    const lt_recall *to;
    json_object *graph, *sampler;
} reader;

static void take(const reader *r, const char *key, const char *flag)
{
    const char *value = scalar(r->graph, r->sampler, key);
    if (value)
        lt_recall_set(r->to, flag, value);
}

/* Notes an input of a node that is not the usual value. */
static void usual(const reader *r, json_object *node, const char *key, double value)
{
    const char *text = node ? scalar(r->graph, node, key) : NULL;
    json_object *number = text ? json_tokener_parse(text) : NULL;
    if (text && json_object_get_double(number) != value)
        lt_recall_note_value(r->to, key, text);
    json_object_put(number);
}

static void take_texts(const reader *r)
{
    const char *positive = text_of(r->graph, r->sampler, "positive"),
               *negative = text_of(r->graph, r->sampler, "negative");
    lt_params_add_prompt(r->to->params, positive ? positive : "");
    if (!positive)
        lt_recall_note(r->to, "prompt");
    if (negative && *negative)
        lt_recall_set(r->to, "negative-prompt", negative);
}

static void take_sampling(const reader *r)
{
    const char *seed = scalar(r->graph, r->sampler, "seed"),
               *sampler = scalar(r->graph, r->sampler, "sampler_name"),
               *scheduler = scalar(r->graph, r->sampler, "scheduler");
    if (!seed)
        seed = scalar(r->graph, r->sampler, "noise_seed");
    if (seed)
        lt_recall_seed(r->to, seed);
    take(r, "steps", "steps");
    take(r, "cfg", "guidance-scale");
    if (sampler)
        lt_recall_sampler(r->to, sampler);
    if (scheduler && strcmp(scheduler, "normal") != 0)
        lt_recall_note_value(r->to, "scheduler", scheduler);
    usual(r, r->sampler, "denoise", 1);
    usual(r, r->sampler, "start_at_step", 0);
}

static void take_latents(const reader *r)
{
    json_object *node =
        search_from(r->graph, input_node(r->graph, r->sampler, "latent_image"), has_size);
    if (!node)
        return;
    lt_recall_size(r->to, scalar(r->graph, node, "width"), scalar(r->graph, node, "height"));
    usual(r, node, "batch_size", 1);
}

/* The classes of which nothing else is to be known. */
static void note_nodes(const reader *r)
{
    static const char *const known[] = {
        "KSampler",  "KSamplerAdvanced", "CLIPTextEncode", "EmptyLatentImage",
        "VAEDecode", "SaveImage",        "PreviewImage",
    };
    int samplers = 0;
    json_object_object_foreach(r->graph, key, node)
    {
        (void)key;
        samplers += is_sampler(node);
        const char *name = class_of(node), *file = scalar(r->graph, node, "ckpt_name");
        bool is_known = *name == '\0';
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known |= strcmp(known[i], name) == 0;
        if (file)
            lt_recall_note_value(r->to, "model", file);
        else if (!is_known)
            lt_recall_note(r->to, name);
    }
    if (samplers > 1)
        lt_recall_note(r->to, "more than one sampler");
}

bool lt_recall_comfy(const lt_recall *to, const char *json)
{
    reader r = {.to = to, .graph = lt_recall_parse(json)};
    r.sampler = r.graph ? find_sampler(r.graph) : NULL;
    bool ok = r.sampler != NULL;
    if (ok) {
        take_texts(&r);
        take_sampling(&r);
        take_latents(&r);
        note_nodes(&r);
    }
    json_object_put(r.graph);
    return ok;
}
