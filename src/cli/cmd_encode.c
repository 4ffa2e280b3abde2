/* cmd_encode.c - `latentty encode`: a prompt as the UNet reads it. */
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/names.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/stdin_text.h"
#include "pipeline/encoding.h"
#include "weights/safetensors_writer.h"

static double norm(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

static bool save(const char *path, const lt_encoding *t, lt_error *err)
{
    int64_t shape[] = {t->positions, t->width};
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    bool ok = lt_safetensors_writer_meta(w, "prompt", t->text, err) &&
              lt_safetensors_writer_collect(w, "last_hidden_state", LT_ST_F32, 2, shape, t->hidden,
                                            err) &&
              lt_safetensors_writer_collect(w, "pooler_output", LT_ST_F32, 1, &shape[1], t->pooled,
                                            err) &&
              lt_safetensors_writer_save(w, path, err);
    lt_safetensors_writer_free(w);
    return ok;
}

/* What stands at the pooled row: the end token of the text, or one inside it. */
static bool inside(const lt_encoding *t)
{
    return t->row > 0 && (size_t)t->row <= t->tokens.used;
}

static void report(const lt_context *c, const lt_engine *e, const lt_encoding *t, const char *path)
{
    int64_t shape[] = {t->positions, t->width};
    double whole = norm(t->hidden, (size_t)(shape[0] * shape[1])),
           pooled = norm(t->pooled, (size_t)shape[1]);
    if (!c->json) {
        lt_output_line(stdout, "last_hidden_state [%d,%d], norm %.6g: what the UNet reads",
                       t->positions, t->width, whole);
        lt_output_line(stdout,
                       "pooler_output     [%d], norm %.6g: row %d of it, at the end token%s; "
                       "the UNet does not read it",
                       t->width, pooled, t->row, inside(t) ? " in the text" : "");
        if (path)
            lt_output_line(stdout, "wrote %s", path);
        return;
    }
    json_object *o = json_object_new_object(), *hidden = json_object_new_object(),
                *pool = json_object_new_object();
    lt_output_set(hidden, "shape", lt_output_sizes(shape, 2));
    lt_output_set(hidden, "norm", lt_output_number(whole));
    lt_output_set(pool, "shape", lt_output_sizes(&shape[1], 1));
    lt_output_set(pool, "norm", lt_output_number(pooled));
    lt_output_set(pool, "row", json_object_new_int(t->row));
    lt_output_set(pool, "token", json_object_new_int(t->tokens.ids[t->row]));
    lt_output_set(o, "last_hidden_state", hidden);
    lt_output_set(o, "pooler_output", pool);
    lt_output_set(o, "tokens", json_object_new_uint64(t->tokens.total));
    lt_output_set(o, "backend", json_object_new_string(lt_engine_about(e)->backend));
    lt_output_set(o, "dtype", json_object_new_string(lt_dtype_name(lt_engine_about(e)->dtype)));
    lt_output_set(o, "file", lt_output_text(path));
    lt_output_json(o);
}

static bool check_name(const char *path, lt_error *err)
{
    lt_names names = {0};
    bool ok = !path || lt_names_add(&names, path, err);
    lt_names_done(&names);
    return ok;
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    lt_engine *e = NULL;
    lt_encoding *t = NULL;
    lt_buf text = {0};
    const char *path = lt_args_value(c->args, "output");
    bool ok = lt_open_params(c, &p, err) && check_name(path, err) &&
              lt_stdin_text(c->args->operands[0], &text, err) &&
              lt_open_engine(c, &p, LT_NEEDS_TEXT, &e, err) &&
              lt_encoding_make(e, text.data, text.len, c->progress, &t, err);
    if (ok && t->tokens.total > t->tokens.used)
        lt_output_note(c, "warning: %zu tokens, of which the model sees the first %zu",
                       t->tokens.total, t->tokens.used);
    ok = ok && (!path || save(path, t, err));
    if (ok && (c->json || !c->quiet))
        report(c, e, t, path);
    lt_encoding_free(t);
    lt_engine_close(e);
    lt_buf_done(&text);
    lt_params_done(&p);
    return ok;
}

static const lt_option options[] = {
    {"output", 'o', "FILE", "only the shapes and norms", ".safetensors file to write", false},
};
static const char *const settings[] = {"model", "text-encoder", "tokenizer", "variant", "backend",
                                       "dtype", "device",       "threads",   NULL};

const lt_command lt_command_encode = {
    .name = "encode",
    .summary = "a prompt as the UNet reads it",
    .synopsis = "TEXT [-o FILE] [options]",
    .operand = "TEXT",
    .about =
        "Runs the text encoder and writes last_hidden_state [77,D], which the UNet reads, and "
        "pooler_output [D], its row at the end of the text, as float32.  '-' reads the text from "
        "stdin.",
    .example = "latentty encode \"a red apple\" -o e.safetensors",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .run = run,
};
