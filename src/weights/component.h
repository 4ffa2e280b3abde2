/*
 * component.h - the parts of a diffusers model: one table of their folders, files and classes.
 * Source: the diffusers repository layout (StableDiffusionPipeline.save_pretrained).
 */
#pragma once

typedef enum lt_component {
    LT_UNET,
    LT_VAE,
    LT_TEXT_ENCODER,
    LT_TOKENIZER,
    LT_SCHEDULER,
    LT_COMPONENT_COUNT
} lt_component;

enum { LT_COMPONENTS_ALL = (1 << LT_COMPONENT_COUNT) - 1 };

typedef struct lt_component_info {
    const char *name;       /* "text_encoder": its folder and its key in model_index.json */
    const char *option;     /* "--text-encoder"; NULL: always the model's own */
    const char *classes[2]; /* that latentty can run; NULL, NULL: not decided here */
    const char *config;     /* the file that says what it is; "config.json" */
    const char *also;       /* another file that must be there, or NULL */
    const char *stem;       /* of its weight files, or NULL: it has none */
    const char *torch_stem; /* of weights saved by torch.save: STEM.bin */
} lt_component_info;

const lt_component_info *lt_component_get(lt_component c);
