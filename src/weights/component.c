/* component.c - see component.h. */
#include "weights/component.h"

#include <stddef.h>

static const lt_component_info components[LT_COMPONENT_COUNT] = {
    [LT_UNET] = {.name = "unet",
                 .option = "--unet",
                 .classes = {"UNet2DConditionModel", NULL},
                 .config = "config.json",
                 .stem = "diffusion_pytorch_model",
                 .torch_stem = "diffusion_pytorch_model"},
    [LT_VAE] = {.name = "vae",
                .option = "--vae",
                .classes = {"AutoencoderKL", NULL},
                .config = "config.json",
                .stem = "diffusion_pytorch_model",
                .torch_stem = "diffusion_pytorch_model"},
    [LT_TEXT_ENCODER] = {.name = "text_encoder",
                         .option = "--text-encoder",
                         .classes = {"CLIPTextModel", NULL},
                         .config = "config.json",
                         .stem = "model",
                         .torch_stem = "pytorch_model"},
    [LT_TOKENIZER] = {.name = "tokenizer",
                      .option = "--tokenizer",
                      .classes = {"CLIPTokenizer", "CLIPTokenizerFast"},
                      .config = "vocab.json",
                      .also = "merges.txt"},
    [LT_SCHEDULER] = {.name = "scheduler", .config = "scheduler_config.json"},
};

const lt_component_info *lt_component_get(lt_component c)
{
    return &components[c];
}
