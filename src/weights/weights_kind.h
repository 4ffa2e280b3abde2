/*
 * weights_kind.h - what a file of weights is, told by the names of its tensors.
 */
#pragma once

#include "weights/checkpoint.h"

typedef enum lt_weights_kind {
    LT_KIND_UNKNOWN,
    LT_KIND_UNET,
    LT_KIND_UNET_XL,
    LT_KIND_VAE,
    LT_KIND_TEXT_ENCODER,
    LT_KIND_CLIP, /* text and vision */
    LT_KIND_CONTROLNET,
    LT_KIND_LORA,
    LT_KIND_LDM,    /* a whole model in one file, with the names of CompVis */
    LT_KIND_LDM_XL, /* the same, of the SDXL family */
    LT_KIND_COUNT
} lt_weights_kind;

lt_weights_kind lt_weights_kind_of(const lt_checkpoint *c);
/* As in "this is %s": "a UNet". */
const char *lt_weights_kind_name(lt_weights_kind kind);
