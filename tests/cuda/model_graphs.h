/* model_graphs.h - the networks of a model's configs as graphs, as the engine records them. */
#pragma once

#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "tensor/graph.h"

typedef struct model_configs {
    lt_unet_config unet;
    lt_vae_config vae;
    lt_clip_config clip;
} model_configs;

/* variant: a folder of tests/data/tiny.  Fails the test where it cannot. */
model_configs model_configs_read(const char *variant);

typedef enum model_part {
    MODEL_TEXT,
    MODEL_TIME,
    MODEL_GUIDED,
    MODEL_DECODE,
    MODEL_ENCODE,
    MODEL_ONE_PROMPT /* GUIDED of pictures that have one prompt */
} model_part;
enum { MODEL_PARTS = MODEL_ENCODE + 1, MODEL_GRAPHS = MODEL_ONE_PROMPT + 1 };

/* n: texts, timesteps, latents (GUIDED: with twice as many texts; ONE_PROMPT: with two), pictures.
 * h, w: of the latents. The output is "out"; GUIDED has "latents", "shifts" [1,.] and "text". */
lt_graph *model_graph(const model_configs *c, model_part part, int n, int h, int w);
