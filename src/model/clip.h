/*
 * clip.h - the text encoder: CLIPTextModel of transformers (Radford et al. 2021, section 2.4),
 * ViT-L/14's in Stable Diffusion 1.x, OpenCLIP ViT-H's in 2.x.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "tensor/graph.h"

typedef struct lt_clip_config {
    int vocab_size;
    int hidden_size; /* D */
    int intermediate_size;
    int num_hidden_layers;
    int num_attention_heads;
    int max_position_embeddings; /* T: 77 */
    lt_act hidden_act;           /* LT_QUICK_GELU (1.x) or LT_GELU (2.x) */
    float layer_norm_eps;
    int eos_token_id; /* picks the pooled row; 2 in old configs, which means the largest id */
} lt_clip_config;

/* Reads DIR/config.json: a CLIPTextConfig, or a CLIPConfig whose text_config is used. */
bool lt_clip_config_read(const char *dir, lt_clip_config *out, lt_error *err) LT_WARN_UNUSED;

/* ids [N,T] -> last_hidden_state [N,T,D], after the final layer norm.  Causal, no padding mask.
 * Parameter paths start with "text_model.", as checkpoints before transformers 5.6 have them. */
lt_tensor *lt_clip_text(lt_graph *g, const lt_clip_config *c, lt_tensor *ids);

/* The row of last_hidden_state that is the pooled output (pooler_output of transformers). */
int lt_clip_pooled_row(const lt_clip_config *c, const int32_t *ids, int count);
