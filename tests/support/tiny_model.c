/* tiny_model.c - see tiny_model.h. */
#include "support/tiny_model.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/mem.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "support/detw.h"
#include "tensor/half.h"
#include "weights/component.h"
#include "weights/safetensors_writer.h"

enum { FILE_BYTES = 1 << 20 };

typedef struct job {
    const tiny_model *m;
    const char *dir;
    char *source; /* owned: tests/data/tiny/VARIANT */
    uint64_t seed;
    double spread, small;
    int merges; /* -1: the whole vocabulary */
} job;

static bool copy_file(const char *from, const char *to, lt_error *err)
{
    lt_buf text = {0};
    bool ok =
        lt_file_read(from, FILE_BYTES, &text, err) && lt_file_write(to, text.data, text.len, err);
    lt_buf_done(&text);
    return ok;
}

static bool copy_config(const job *j, const char *folder, const char *file, lt_error *err)
{
    char *from = lt_format("%s/%s%s", j->source, folder, file);
    char *parent = lt_format("%s/%s", j->dir, folder);
    char *to = lt_format("%s%s", parent, file);
    bool ok = lt_dir_make(parent, err) && copy_file(from, to, err);
    free(from);
    free(parent);
    free(to);
    return ok;
}

static bool read_rule(job *j, lt_error *err)
{
    json_object *rule;
    char *path = lt_path_join(j->source, "tiny.json");
    bool ok = lt_json_file_read(path, FILE_BYTES, &rule, err);
    free(path);
    if (!ok)
        return false;
    json_object *merges = json_object_object_get(rule, "merges");
    j->seed = (uint64_t)json_object_get_int64(json_object_object_get(rule, "seed"));
    j->spread = json_object_get_double(json_object_object_get(rule, "spread"));
    j->small = json_object_get_double(json_object_object_get(rule, "small"));
    j->merges = merges ? json_object_get_int(merges) : -1;
    json_object_put(rule);
    return true;
}

/* The version line and the first `merges` merges, of text in place. */
static size_t cut_lines(const char *text, size_t len, int merges)
{
    size_t at = 0;
    for (int line = 0; line <= merges && at < len; line++)
        at += strcspn(text + at, "\n") + 1;
    return merges < 0 || at > len ? len : at;
}

static bool write_merges(const job *j, const char *from, lt_error *err)
{
    lt_buf text = {0};
    char *to = lt_format("%s/tokenizer/merges.txt", j->dir);
    bool ok = lt_file_read(from, FILE_BYTES, &text, err) &&
              lt_file_write(to, text.data, cut_lines(text.data, text.len, j->merges), err);
    lt_buf_done(&text);
    free(to);
    return ok;
}

/* The 512 byte symbols and what the merges make, then begin and end. */
static bool write_vocabulary(const job *j, const char *from, lt_error *err)
{
    json_object *all;
    if (!lt_json_file_read(from, FILE_BYTES, &all, err))
        return false;
    int kept = 512 + j->merges;
    json_object *cut = json_object_new_object();
    json_object_object_foreach(all, token, id)
    {
        if (json_object_get_int(id) < kept)
            json_object_object_add(cut, token, json_object_get(id));
    }
    json_object_object_add(cut, "<|startoftext|>", json_object_new_int(kept));
    json_object_object_add(cut, "<|endoftext|>", json_object_new_int(kept + 1));
    json_object *written = j->merges < 0 ? all : cut;
    const char *text = json_object_to_json_string_ext(written, JSON_C_TO_STRING_PLAIN);
    char *to = lt_format("%s/tokenizer/vocab.json", j->dir);
    bool ok = lt_file_write(to, text, strlen(text), err);
    free(to);
    json_object_put(cut);
    json_object_put(all);
    return ok;
}

static bool write_tokenizer(const job *j, lt_error *err)
{
    char *merges = lt_format("%s/clip-vit-large-patch14/merges.txt", j->m->assets);
    char *vocabulary = lt_format("%s/clip-vit-large-patch14/vocab.json", j->m->assets);
    bool ok = copy_config(j, "tokenizer/", "special_tokens_map.json", err) &&
              copy_config(j, "tokenizer/", "tokenizer_config.json", err) &&
              write_merges(j, merges, err) && write_vocabulary(j, vocabulary, err);
    free(merges);
    free(vocabulary);
    return ok;
}

static lt_shape shape4(int64_t n, int64_t h, int64_t w, int64_t c)
{
    return (lt_shape){.ndim = 4, .dim = {n, h, w, c}};
}

static bool record_unet(lt_graph *g, const char *dir, lt_error *err)
{
    lt_unet_config c;
    if (!lt_unet_config_read(dir, &c, err))
        return false;
    lt_shape time = {.ndim = 2, .dim = {1, c.channels[0]}};
    lt_shape text = {.ndim = 3, .dim = {1, 77, c.cross_attention_dim}};
    lt_tensor *x = lt_input(g, "latents", LT_F32, shape4(1, 8, 8, c.in_channels));
    lt_unet(g, &c, x, lt_unet_time(g, &c, lt_input(g, "time", LT_F32, time)),
            lt_input(g, "text", LT_F32, text));
    return lt_graph_ok(g, err);
}

static bool record_vae(lt_graph *g, const char *dir, lt_error *err)
{
    lt_vae_config c;
    if (!lt_vae_config_read(dir, &c, err))
        return false;
    lt_vae_decode(g, &c, lt_input(g, "latents", LT_F32, shape4(1, 2, 2, c.latent_channels)));
    lt_vae_encode(g, &c, lt_input(g, "image", LT_F32, shape4(1, 2 * c.factor, 2 * c.factor, 3)));
    return lt_graph_ok(g, err);
}

static bool record_text(lt_graph *g, const char *dir, lt_error *err)
{
    lt_clip_config c;
    if (!lt_clip_config_read(dir, &c, err))
        return false;
    lt_shape ids = {.ndim = 2, .dim = {1, c.max_position_embeddings}};
    lt_clip_text(g, &c, lt_input(g, "ids", LT_I32, ids));
    return lt_graph_ok(g, err);
}

/* The name under which a file in the wild may hold the parameter; owned. */
static char *stored_name(const job *j, lt_component component, const char *path)
{
    static const char *const attention[][2] = {{".to_q.", ".query."},
                                               {".to_k.", ".key."},
                                               {".to_v.", ".value."},
                                               {".to_out.0.", ".proj_attn."}};
    const char *at;
    if (component == LT_TEXT_ENCODER && j->m->extra & TINY_UNPREFIXED)
        return lt_strdup(path + strlen("text_model."));
    if (component == LT_VAE && j->m->extra & TINY_LEGACY_ATTENTION)
        for (size_t i = 0; i < sizeof attention / sizeof *attention; i++)
            if ((at = strstr(path, attention[i][0])))
                return lt_format("%.*s%s%s", (int)(at - path), path, attention[i][1],
                                 at + strlen(attention[i][0]));
    return lt_strdup(path);
}

static bool declare(const job *j, lt_component component, lt_safetensors_writer *w,
                    const lt_param *p, lt_error *err)
{
    static const lt_safetensors_dtype types[] = {
        [LT_F32] = LT_ST_F32, [LT_F16] = LT_ST_F16, [LT_BF16] = LT_ST_BF16};
    size_t index;
    char *name = stored_name(j, component, p->path);
    bool ok = lt_safetensors_writer_add(w, name, types[j->m->dtype], p->shape.ndim, p->shape.dim,
                                        &index, err);
    free(name);
    return ok;
}

static bool put(const job *j, lt_component component, lt_safetensors_writer *w, const lt_param *p,
                size_t index, lt_error *err)
{
    size_t n = (size_t)lt_shape_count(&p->shape), size = lt_dtype_size(j->m->dtype);
    void *values = NULL, *stored = NULL;
    bool ok = lt_try_alloc(n * sizeof(float), p->path, &values, err) &&
              lt_try_alloc(n * size, p->path, &stored, err);
    if (ok) {
        detw_rule rule = detw_rule_of(p->path, &p->shape, j->spread, j->small);
        detw_fill(lt_component_get(component)->name, p->path, j->seed, rule, n, values);
        lt_from_f32(stored, j->m->dtype, values, n);
        ok = lt_safetensors_writer_put(w, index, stored, n * size, err);
    }
    free(values);
    free(stored);
    return ok;
}

static bool add_position_ids(const job *j, lt_safetensors_writer *w, size_t *index, lt_error *err)
{
    const char *name = j->m->extra & TINY_UNPREFIXED ? "embeddings.position_ids"
                                                     : "text_model.embeddings.position_ids";
    return lt_safetensors_writer_add(w, name, LT_ST_I64, 2, (const int64_t[]){1, 77}, index, err);
}

static bool put_position_ids(lt_safetensors_writer *w, size_t index, lt_error *err)
{
    int64_t ids[77];
    for (int i = 0; i < 77; i++)
        ids[i] = i;
    return lt_safetensors_writer_put(w, index, ids, sizeof ids, err);
}

/* The parameters [from, to) of g in one file. */
static bool write_file(const job *j, lt_component component, const lt_graph *g, int from, int to,
                       const char *path, lt_error *err)
{
    bool positions = component == LT_TEXT_ENCODER && j->m->extra & TINY_POSITION_IDS;
    size_t position_index = 0;
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    bool ok = lt_safetensors_writer_meta(w, "format", "pt", err);
    for (int i = from; i < to; i++)
        ok = ok && declare(j, component, w, lt_graph_param(g, i), err);
    ok = ok && (!positions || add_position_ids(j, w, &position_index, err));
    ok = ok && lt_safetensors_writer_begin(w, path, err);
    for (int i = from; i < to; i++)
        ok = ok && put(j, component, w, lt_graph_param(g, i), (size_t)(i - from), err);
    ok = ok && (!positions || put_position_ids(w, position_index, err));
    ok = ok && lt_safetensors_writer_commit(w, err);
    lt_safetensors_writer_free(w);
    return ok;
}

static bool write_shards(const job *j, lt_component component, const lt_graph *g, const char *stem,
                         lt_error *err)
{
    enum { SHARDS = 2 };
    lt_buf map = {0};
    bool ok = true;
    lt_buf_str(&map, "{\"metadata\":{},\"weight_map\":{");
    for (int shard = 0; shard < SHARDS; shard++) {
        int from = lt_graph_params(g) * shard / SHARDS,
            to = lt_graph_params(g) * (shard + 1) / SHARDS;
        char *path = lt_format("%s-%05d-of-%05d.safetensors", stem, shard + 1, SHARDS);
        ok = ok && write_file(j, component, g, from, to, path, err);
        for (int i = from; i < to; i++) {
            char *name = stored_name(j, component, lt_graph_param(g, i)->path);
            lt_buf_format(&map, "%s\"%s\":\"%s\"", i ? "," : "", name, strrchr(path, '/') + 1);
            free(name);
        }
        free(path);
    }
    lt_buf_str(&map, "}}\n");
    char *index = lt_format("%s.safetensors.index.json", stem);
    ok = ok && lt_file_write(index, map.data, map.len, err);
    free(index);
    lt_buf_done(&map);
    return ok;
}

static bool write_component(const job *j, lt_component component,
                            bool (*record)(lt_graph *g, const char *dir, lt_error *err),
                            lt_error *err)
{
    const lt_component_info *info = lt_component_get(component);
    char *folder = lt_format("%s/", info->name);
    char *dir = lt_format("%s/%s", j->dir, info->name);
    char *stem = lt_format("%s/%s", dir, info->stem);
    char *file = lt_format("%s.safetensors", stem);
    lt_graph *g = lt_graph_new();
    bool ok = copy_config(j, folder, "config.json", err) && record(g, dir, err);
    if (ok && component == LT_UNET && j->m->extra & TINY_SHARDED)
        ok = write_shards(j, component, g, stem, err);
    else if (ok)
        ok = write_file(j, component, g, 0, lt_graph_params(g), file, err);
    lt_graph_free(g);
    free(folder);
    free(dir);
    free(stem);
    free(file);
    return ok;
}

bool tiny_model_write(const tiny_model *m, const char *dir, lt_error *err)
{
    job j = {.m = m, .dir = dir, .source = lt_format("%s/tiny/%s", m->data, m->variant)};
    bool ok = read_rule(&j, err) && lt_dir_make(dir, err) &&
              copy_config(&j, "", "model_index.json", err) &&
              copy_config(&j, "scheduler/", "scheduler_config.json", err) &&
              write_tokenizer(&j, err) && write_component(&j, LT_TEXT_ENCODER, record_text, err) &&
              write_component(&j, LT_UNET, record_unet, err) &&
              write_component(&j, LT_VAE, record_vae, err);
    free(j.source);
    return ok;
}
