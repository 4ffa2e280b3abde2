/* info_weights.c - a file of weights. */
#include <inttypes.h>

#include "cli/info_kinds.h"
#include "cli/output.h"

enum { SHOWN = 200 }; /* tensors listed of a file that is no model */

void lt_cli_info_sum(const lt_info_weights *w, lt_buf *out)
{
    const char *between = ", ";
    lt_buf_format(out, "%zu tensors, %" PRIu64 " parameters, %.1f MB", w->tensors, w->parameters,
                  (double)w->bytes * 1e-6);
    for (int t = 0; t < LT_ST_DTYPE_COUNT; t++) {
        if (w->dtypes[t] == 0)
            continue;
        lt_buf_format(out, "%s%s", between, lt_safetensors_dtype_name((lt_safetensors_dtype)t));
        if (w->dtypes[t] != w->tensors)
            lt_buf_format(out, " (%zu)", w->dtypes[t]);
        between = " and ";
    }
}

static json_object *tensors_json(const lt_info_weights *w)
{
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < w->tensors; i++) {
        const lt_safetensors_tensor *t = lt_checkpoint_at(w->checkpoint, i);
        json_object *row = json_object_new_object();
        lt_output_set(row, "name", lt_output_text(t->name));
        lt_output_set(row, "dtype", json_object_new_string(lt_safetensors_dtype_name(t->type)));
        lt_output_set(row, "shape", lt_output_sizes(t->dim, t->ndim));
        json_object_array_add(list, row);
    }
    return list;
}

static json_object *dtypes_json(const lt_info_weights *w)
{
    json_object *o = json_object_new_object();
    for (int t = 0; t < LT_ST_DTYPE_COUNT; t++)
        if (w->dtypes[t])
            lt_output_set(o, lt_safetensors_dtype_name((lt_safetensors_dtype)t),
                          json_object_new_uint64(w->dtypes[t]));
    return o;
}

static json_object *metadata_json(const lt_info_weights *w)
{
    json_object *o = json_object_new_object();
    for (size_t f = 0; f < lt_checkpoint_files(w->checkpoint); f++) {
        const lt_safetensors *file = lt_checkpoint_file(w->checkpoint, f);
        for (size_t i = 0; i < lt_safetensors_meta_count(file); i++)
            lt_output_set(o, lt_safetensors_meta_key(file, i),
                          lt_output_text(lt_safetensors_meta_value(file, i)));
    }
    return o;
}

static void print_json(const char *path, const lt_info_weights *w)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "kind", json_object_new_string("weights"));
    lt_output_set(o, "file", lt_output_text(path));
    lt_output_set(o, "what", json_object_new_string(lt_weights_kind_name(w->kind)));
    lt_output_set(o, "files", json_object_new_uint64(lt_checkpoint_files(w->checkpoint)));
    lt_output_set(o, "tensor_count", json_object_new_uint64(w->tensors));
    lt_output_set(o, "parameters", json_object_new_uint64(w->parameters));
    lt_output_set(o, "bytes", json_object_new_uint64(w->bytes));
    lt_output_set(o, "dtypes", dtypes_json(w));
    lt_output_set(o, "metadata", metadata_json(w));
    lt_output_set(o, "tensors", tensors_json(w));
    lt_output_json(o);
}

static void print_tensors(const lt_info_weights *w)
{
    for (size_t i = 0; i < w->tensors && i < SHOWN; i++) {
        const lt_safetensors_tensor *t = lt_checkpoint_at(w->checkpoint, i);
        char shape[96];
        lt_output_line(stdout, "  %-32s %-5s %s", t->name, lt_safetensors_dtype_name(t->type),
                       lt_safetensors_shape_text(t, shape));
    }
    if (w->tensors > SHOWN)
        lt_output_line(stdout, "  and %zu more (--json lists all)", w->tensors - SHOWN);
}

static void print_table(const char *path, const lt_info_weights *w)
{
    lt_buf sum = {0};
    lt_cli_info_sum(w, &sum);
    lt_output_line(stdout, "%s: %s", path,
                   w->kind == LT_KIND_UNKNOWN ? "tensors, but no model that is known here"
                                              : lt_weights_kind_name(w->kind));
    lt_output_line(stdout, "%s%s", sum.data,
                   lt_checkpoint_files(w->checkpoint) > 1 ? ", in several files" : "");
    for (size_t f = 0; f < lt_checkpoint_files(w->checkpoint); f++) {
        const lt_safetensors *file = lt_checkpoint_file(w->checkpoint, f);
        for (size_t i = 0; i < lt_safetensors_meta_count(file); i++)
            lt_output_line(stdout, "metadata '%s': %.400s", lt_safetensors_meta_key(file, i),
                           lt_safetensors_meta_value(file, i));
    }
    if (w->kind == LT_KIND_UNKNOWN)
        print_tensors(w);
    lt_buf_done(&sum);
}

bool lt_cli_info_weights(const lt_context *c, const char *path, lt_error *err)
{
    lt_info_weights w = {0};
    bool ok = lt_info_weights_open(path, &w, err);
    if (ok && c->json)
        print_json(path, &w);
    else if (ok && !c->quiet)
        print_table(path, &w);
    lt_info_weights_done(&w);
    return ok;
}
