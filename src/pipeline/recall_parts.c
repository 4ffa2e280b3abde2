/* recall_parts.c - see recall_parts.h. */
#include "pipeline/recall_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sample/sampler.h"

enum { MOST_NOTES = 1000, MOST_NOTE = 60 }; /* bytes, characters */

/* True if `what`, which is not empty, is one of the notes. */
static bool noted(const lt_buf *notes, const char *what)
{
    size_t n = strlen(what);
    for (const char *at = notes->len ? notes->data : ""; (at = strstr(at, what)); at++)
        if ((at == notes->data || at[-1] == ' ') && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* `what` up to MOST_NOTE characters, cut between two of them; owned. */
static char *shortened(const char *what)
{
    size_t n = 0;
    for (int characters = 0; what[n]; n++)
        if (((unsigned char)what[n] & 0xC0) != 0x80 && ++characters > MOST_NOTE)
            return lt_format("%.*s...", (int)n, what);
    return lt_strdup(what);
}

void lt_recall_note(const lt_recall *r, const char *what)
{
    const char *name = *what ? what : "a value without a name";
    char *text = shortened(r->notes->len > MOST_NOTES ? "and more" : name);
    if (!noted(r->notes, text))
        lt_buf_format(r->notes, "%s%s", r->notes->len ? ", " : "", text);
    free(text);
}

void lt_recall_note_value(const lt_recall *r, const char *what, const char *value)
{
    char *text = lt_format("%s %s", what, value);
    lt_recall_note(r, text);
    free(text);
}

void lt_recall_set(const lt_recall *r, const char *flag, const char *text)
{
    lt_error ignored;
    if (!lt_params_set(r->params, lt_params_find(flag), text, &ignored))
        lt_recall_note(r, flag);
}

void lt_recall_seed(const lt_recall *r, const char *text)
{
    lt_error ignored;
    if (lt_params_set_seeds(r->params, text, false, &ignored))
        return;
    r->params->seed_count = 0;
    lt_recall_note(r, "seed");
}

void lt_recall_size(const lt_recall *r, const char *width, const char *height)
{
    if (!width || !height)
        return;
    char *size = lt_format("%sx%s", width, height);
    lt_recall_set(r, "size", size);
    free(size);
}

void lt_recall_sampler(const lt_recall *r, const char *name)
{
    static const char *const rows[][2] = {
        {"euler", "euler"}, {"euler_ancestral", "euler_a"}, {"euler_a", "euler_a"},
        {"lms", "lms"},     {"k_euler", "euler"},           {"k_euler_a", "euler_a"},
        {"k_lms", "lms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i][0], name) == 0) {
            lt_recall_set(r, "scheduler", rows[i][1]);
            return;
        }
    lt_recall_note_value(r, "sampler", name);
}

json_object *lt_recall_parse(const char *text)
{
    json_object *o = json_tokener_parse(text);
    if (!o || json_object_is_type(o, json_type_object))
        return o;
    json_object_put(o);
    return NULL;
}

const char *lt_recall_member(const json_object *o, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(o, key, &value) && value ? json_object_get_string(value)
                                                              : NULL;
}

/* ---- plain objects ---- */

static bool is_nothing(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return true;
    case json_type_boolean:
        return !json_object_get_boolean(value);
    case json_type_string:
        return json_object_get_string_len(value) == 0;
    case json_type_array:
        return json_object_array_length(value) == 0;
    case json_type_object:
        return json_object_object_length(value) == 0;
    default:
        return false;
    }
}

/* "(1024, 768)" or "1024x768". */
static void take_sides(const lt_recall *r, const char *text)
{
    char width[16], height[16];
    if (sscanf(text, "%*[( ]%15[0-9]%*[,x ]%15[0-9]", width, height) == 2 ||
        sscanf(text, "%15[0-9]%*[,x ]%15[0-9]", width, height) == 2)
        lt_recall_size(r, width, height);
    else
        lt_recall_note(r, "size");
}

static void take(const lt_recall *r, const lt_recall_row *row, const char *value)
{
    switch (row->kind) {
    case LT_RECALL_PROMPT:
        lt_params_add_prompt(r->params, value);
        break;
    case LT_RECALL_SET:
        lt_recall_set(r, row->flag, value);
        break;
    case LT_RECALL_SEED:
        lt_recall_seed(r, value);
        break;
    case LT_RECALL_SIDES:
        take_sides(r, value);
        break;
    case LT_RECALL_SAMPLER:
        lt_recall_sampler(r, value);
        break;
    case LT_RECALL_USUAL:
        if (strcmp(value, row->flag) != 0)
            lt_recall_note_value(r, row->key, value);
        break;
    case LT_RECALL_NOTED:
        lt_recall_note_value(r, row->key, value);
        break;
    case LT_RECALL_WIDTH: /* taken together */
    case LT_RECALL_HEIGHT:
    case LT_RECALL_SKIPPED:
        break;
    }
}

static const lt_recall_row *row_of(const lt_recall_row *rows, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

bool lt_recall_flat(const lt_recall *r, json_object *o, const lt_recall_row *rows, int count)
{
    const char *width = NULL, *height = NULL;
    json_object *prompt;
    if (!json_object_object_get_ex(o, rows[0].key, &prompt) ||
        !json_object_is_type(prompt, json_type_string))
        return false;
    json_object_object_foreach(o, key, value)
    {
        const lt_recall_row *row = row_of(rows, count, key);
        if (row != rows && is_nothing(value))
            continue;
        if (!row) {
            lt_recall_note(r, key);
            continue;
        }
        if (row->kind == LT_RECALL_WIDTH)
            width = json_object_get_string(value);
        if (row->kind == LT_RECALL_HEIGHT)
            height = json_object_get_string(value);
        take(r, row, json_object_get_string(value));
    }
    lt_recall_size(r, width, height);
    return true;
}
