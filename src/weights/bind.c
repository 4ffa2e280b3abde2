/* bind.c - see bind.h. */
#include "weights/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "weights/weights_kind.h"

enum { SHOWN = 4 };

/* The path under which old VAE files keep a parameter of the middle attention, owned, or NULL. */
static char *legacy_attention(const char *path)
{
    static const char *const names[][2] = {
        {"to_q.", "query."}, {"to_k.", "key."}, {"to_v.", "value."}, {"to_out.0.", "proj_attn."}};
    static const char scope[] = "mid_block.attentions.0.";
    const char *at = strstr(path, scope);
    if (!at)
        return NULL;
    at += sizeof scope - 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i][0]);
        if (strncmp(at, names[i][0], n) == 0)
            return lt_format("%.*s%s%s", (int)(at - path), path, names[i][1], at + n);
    }
    return NULL;
}

/* The tensor for a path, under whichever spelling the checkpoint has; NULL if it has none. */
static const lt_safetensors_tensor *find(const lt_checkpoint *c, const char *path)
{
    static const char prefix[] = "text_model.";
    const lt_safetensors_tensor *t = lt_checkpoint_find(c, path);
    if (!t && strncmp(path, prefix, sizeof prefix - 1) == 0)
        t = lt_checkpoint_find(c, path + sizeof prefix - 1);
    char *legacy = t ? NULL : legacy_attention(path);
    if (legacy)
        t = lt_checkpoint_find(c, legacy);
    free(legacy);
    return t;
}

/* The rank without the two trailing ones of a 1x1 convolution. */
static int rank(int ndim, const int64_t *dim)
{
    return ndim == 4 && dim[2] == 1 && dim[3] == 1 ? 2 : ndim;
}

static bool same_bytes(const lt_shape *want, const lt_safetensors_tensor *t)
{
    int n = rank(want->ndim, want->dim);
    if (n != rank(t->ndim, t->dim))
        return false;
    for (int i = 0; i < n; i++) {
        if (want->dim[i] != t->dim[i])
            return false;
    }
    return true;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

/* What a wrong shape tells about the model; NULL if nothing. */
static const char *shape_hint(const lt_param *p, const lt_safetensors_tensor *t)
{
    if (strcmp(p->path, "conv_in.weight") == 0 && t->ndim == 4 && t->dim[1] == 9)
        return "this is an inpainting model; latentty needs a text-to-image one";
    if (strcmp(p->path, "conv_in.weight") == 0 && t->ndim == 4 && t->dim[1] == 8)
        return "this is an instruct-pix2pix model; latentty needs a text-to-image one";
    if (ends_with(p->path, "attn2.to_k.weight") && t->ndim == 2 && t->dim[1] == 2048)
        return "this is an SDXL UNet; latentty runs the SD 1.x and 2.x families";
    if (ends_with(p->path, "attn2.to_k.weight") && t->ndim == 2 && t->dim[1] == 1024)
        return "this is an SD 2.x UNet; its own config.json must lie beside it";
    return "the weights do not belong to the config.json beside them";
}

static bool check(const lt_checkpoint *c, const lt_param *p, const lt_safetensors_tensor *t,
                  lt_source *source, lt_error *err)
{
    char found[96], wanted[64];
    lt_dtype dtype;
    if (!same_bytes(&p->shape, t))
        return lt_fail(err, LT_ERR_MODEL, shape_hint(p, t),
                       "cannot load '%s': '%s' is %s, expected %s", lt_checkpoint_path(c), t->name,
                       lt_safetensors_shape_text(t, found), lt_shape_text(&p->shape, wanted));
    if (!lt_safetensors_dtype_compute(t->type, &dtype) || dtype == LT_I32)
        return lt_fail(err, LT_ERR_MODEL, "use the F16 or F32 files of the model",
                       "cannot load '%s': '%s' has dtype %s, expected F32, F16 or BF16",
                       lt_checkpoint_path(c), t->name, lt_safetensors_dtype_name(t->type));
    *source = (lt_source){.data = t->data, .dtype = dtype};
    return true;
}

static bool fail_missing(const lt_graph *g, const lt_checkpoint *c, lt_error *err)
{
    lt_buf names = {0};
    int missing = 0, all = lt_graph_params(g);
    for (int i = 0; i < all; i++) {
        const char *path = lt_graph_param(g, i)->path;
        if (find(c, path))
            continue;
        if (missing < SHOWN)
            lt_buf_format(&names, "%s'%s'", missing ? ", " : "", path);
        missing++;
    }
    lt_fail(err, LT_ERR_MODEL, NULL, "cannot load '%s': %d of %d tensors are missing: %s%s",
            lt_checkpoint_path(c), missing, all, names.data, missing > SHOWN ? ", ..." : "");
    lt_fail_hint(err, "by its tensors, the file is %s",
                 lt_weights_kind_name(lt_weights_kind_of(c)));
    lt_buf_done(&names);
    return false;
}

bool lt_bind_graph(const lt_graph *g, lt_checkpoint *c, lt_error *err)
{
    int n = lt_graph_params(g);
    lt_source *sources = lt_alloc_array((size_t)n, sizeof *sources);
    bool ok = true;
    for (int i = 0; i < n && ok; i++) {
        const lt_param *p = lt_graph_param(g, i);
        const lt_safetensors_tensor *t = find(c, p->path);
        ok = t ? check(c, p, t, &sources[i], err) : fail_missing(g, c, err);
    }
    for (int i = 0; i < n && ok; i++) {
        lt_param *p = lt_graph_param(g, i);
        lt_checkpoint_use(c, find(c, p->path)->name);
        p->source = sources[i];
    }
    free(sources);
    return ok;
}
