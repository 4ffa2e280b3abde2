/* devices.c - see devices.h. */
#include "cli/devices.h"

#include <string.h>

#include "cli/output.h"

static const lt_dtype dtypes[] = {LT_F32, LT_F16, LT_BF16};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static bool is_usable(const lt_backend_ops *backend, lt_error *why)
{
    *why = (lt_error){0};
    return !backend->usable || backend->usable(why);
}

void lt_devices_types(const lt_backend_ops *backend, lt_buf *out)
{
    const char *between = "";
    for (int i = 0; i < DTYPES; i++) {
        bool fast = false;
        if (!backend->supports(dtypes[i], &fast))
            continue;
        lt_buf_format(out, "%s%s%s", between, lt_dtype_name(dtypes[i]),
                      fast && dtypes[i] != LT_F32 ? " by default here" : "");
        between = ", ";
    }
}

/* "a\nb\n" under the column of values. */
static void indent(const char *lines, lt_buf *out)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        lt_buf_format(out, "            %.*s\n", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void lt_devices_text(const lt_backend_ops *const *backends, lt_buf *out)
{
    for (; *backends; backends++) {
        const lt_backend_ops *b = *backends;
        lt_buf facts = {0};
        lt_error why;
        lt_buf_format(out, "backend     %s: ", b->name);
        if (is_usable(b, &why)) {
            lt_devices_types(b, out);
            if (b->describe)
                b->describe(&facts);
        } else {
            lt_buf_format(out, "not used: %s", why.message);
            if (*why.hint)
                lt_buf_format(&facts, "hint: %s\n", why.hint);
        }
        lt_buf_char(out, '\n');
        if (facts.len)
            indent(facts.data, out);
        lt_buf_done(&facts);
    }
}

static json_object *lines_of(const lt_buf *text)
{
    json_object *lines = json_object_new_array();
    const char *at = text->len ? text->data : "";
    while (*at) {
        size_t n = strcspn(at, "\n");
        json_object_array_add(lines, json_object_new_string_len(at, (int)n));
        at += n + (at[n] == '\n');
    }
    return lines;
}

static json_object *one(const lt_backend_ops *b)
{
    json_object *o = json_object_new_object(), *types = json_object_new_array();
    const char *best = NULL;
    lt_buf facts = {0};
    lt_error why;
    bool usable = is_usable(b, &why);
    for (int i = 0; usable && i < DTYPES; i++) {
        bool fast = false;
        if (!b->supports(dtypes[i], &fast))
            continue;
        json_object_array_add(types, json_object_new_string(lt_dtype_name(dtypes[i])));
        best = fast && !best ? lt_dtype_name(dtypes[i]) : best;
    }
    if (usable && b->describe)
        b->describe(&facts);
    lt_output_set(o, "name", json_object_new_string(b->name));
    lt_output_set(o, "usable", json_object_new_boolean(usable));
    lt_output_set(o, "why", lt_output_text(usable ? NULL : why.message));
    lt_output_set(o, "dtypes", types);
    lt_output_set(o, "default", lt_output_text(best));
    lt_output_set(o, "devices", lines_of(&facts));
    lt_buf_done(&facts);
    return o;
}

json_object *lt_devices_json(const lt_backend_ops *const *backends)
{
    json_object *all = json_object_new_array();
    for (; *backends; backends++)
        json_object_array_add(all, one(*backends));
    return all;
}
