/*
 * clip.c - CLIPTextModel: parameter paths as in transformers.
 * N batch, T positions, D width.
 */
#include "model/clip.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/config.h"

static lt_tensor *self_attention(lt_graph *g, const lt_clip_config *c, lt_tensor *x) /* [N,T,D] */
{
    lt_enter(g, "self_attn");
    lt_tensor *q = lt_linear(g, "q_proj", x, c->hidden_size, true);
    lt_tensor *k = lt_linear(g, "k_proj", x, c->hidden_size, true);
    lt_tensor *v = lt_linear(g, "v_proj", x, c->hidden_size, true);
    x = lt_attention(g, q, k, v, c->num_attention_heads, true);
    x = lt_linear(g, "out_proj", x, c->hidden_size, true);
    lt_leave(g);
    return x;
}

static lt_tensor *mlp(lt_graph *g, const lt_clip_config *c, lt_tensor *x) /* [N,T,D] */
{
    x = lt_linear(g, "mlp.fc1", x, c->intermediate_size, true);
    return lt_linear(g, "mlp.fc2", lt_activation(g, c->hidden_act, x), c->hidden_size, true);
}

lt_tensor *lt_clip_text(lt_graph *g, const lt_clip_config *c, lt_tensor *ids)
{
    lt_enter(g, "text_model");
    lt_tensor *x = lt_embed(g, "embeddings.token_embedding", "embeddings.position_embedding", ids,
                            c->vocab_size, c->hidden_size);
    for (int i = 0; i < c->num_hidden_layers; i++) {
        lt_enter(g, "encoder.layers.%d", i);
        lt_tensor *h = lt_layer_norm(g, "layer_norm1", x, c->layer_norm_eps);
        x = lt_add(g, self_attention(g, c, h), x);
        h = lt_layer_norm(g, "layer_norm2", x, c->layer_norm_eps);
        x = lt_tap(g, "out", lt_add(g, mlp(g, c, h), x));
        lt_leave(g);
    }
    x = lt_layer_norm(g, "final_layer_norm", x, c->layer_norm_eps);
    lt_leave(g);
    return x;
}

int lt_clip_pooled_row(const lt_clip_config *c, const int32_t *ids, int count)
{
    int row = 0;
    for (int i = 0; i < count; i++) {
        if (c->eos_token_id != 2 && ids[i] == c->eos_token_id)
            return i;
        if (c->eos_token_id == 2 && ids[i] > ids[row])
            row = i;
    }
    return row;
}

static lt_act read_act(lt_config *c)
{
    const char *name = lt_config_string(c, "hidden_act", "quick_gelu");
    if (strcmp(name, "gelu") == 0)
        return LT_GELU;
    if (strcmp(name, "quick_gelu") != 0)
        lt_config_refuse(c, "hidden_act", NULL);
    return LT_QUICK_GELU;
}

bool lt_clip_config_read(const char *dir, lt_clip_config *out, lt_error *err)
{
    lt_config *c;
    lt_clip_config t = {0};
    char *path = lt_path_join(dir, "config.json");
    bool ok = lt_config_open(path, &c, err);
    free(path);
    if (!ok)
        return false;
    const char *type = lt_config_string(c, "model_type", "clip_text_model");
    if (strcmp(type, "clip") == 0)
        lt_config_descend(c, "text_config");
    else
        lt_config_only_string(c, "model_type", "clip_text_model");
    t.vocab_size = lt_config_int(c, "vocab_size", 49408, 1, 1 << 24);
    t.hidden_size = lt_config_int(c, "hidden_size", 512, 1, 16384);
    t.intermediate_size = lt_config_int(c, "intermediate_size", 2048, 1, 65536);
    t.num_hidden_layers = lt_config_int(c, "num_hidden_layers", 12, 1, 256);
    t.num_attention_heads = lt_config_int(c, "num_attention_heads", 8, 1, 1024);
    t.max_position_embeddings = lt_config_int(c, "max_position_embeddings", 77, 3, 1024);
    t.layer_norm_eps = (float)lt_config_number(c, "layer_norm_eps", 1e-5, 0, 1);
    t.eos_token_id = lt_config_int(c, "eos_token_id", 49407, 0, 1 << 24);
    t.hidden_act = read_act(c);
    *out = t;
    return lt_config_close(c, err);
}
