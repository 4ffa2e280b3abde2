/* weights_kind.c - see weights_kind.h. */
#include "weights/weights_kind.h"

#include <string.h>

/* The first rule whose prefixes all occur decides: the more telling ones come first. */
static const struct {
    lt_weights_kind kind;
    const char *prefixes[3];
} rules[] = {
    {LT_KIND_LORA, {"lora_unet_"}},
    {LT_KIND_LORA, {"lora_te"}},
    {LT_KIND_LDM_XL, {"model.diffusion_model.", "conditioner.embedders."}},
    {LT_KIND_LDM, {"model.diffusion_model."}},
    {LT_KIND_LDM, {"first_stage_model."}},
    {LT_KIND_CONTROLNET, {"controlnet_cond_embedding."}},
    {LT_KIND_UNET_XL, {"down_blocks.0.resnets.", "time_embedding.linear_1.", "add_embedding."}},
    {LT_KIND_UNET, {"down_blocks.0.resnets.", "time_embedding.linear_1."}},
    {LT_KIND_VAE, {"decoder.conv_in.", "decoder.mid_block."}},
    {LT_KIND_VAE, {"decoder.conv_in.", "decoder.mid."}},
    {LT_KIND_CLIP, {"text_model.embeddings.", "vision_model."}},
    {LT_KIND_TEXT_ENCODER, {"text_model.embeddings.token_embedding."}},
    {LT_KIND_TEXT_ENCODER, {"embeddings.token_embedding.", "encoder.layers."}},
};

static bool is_lora(const lt_checkpoint *c)
{
    static const char *const parts[] = {".lora_A.",    ".lora_B.",  ".lora.down.", ".lora.up.",
                                        ".lora_down.", ".lora_up.", "_lora.down.", "_lora.up."};
    for (size_t i = 0; i < lt_checkpoint_count(c); i++) {
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            if (strstr(lt_checkpoint_at(c, i)->name, parts[k]))
                return true;
        }
    }
    return false;
}

lt_weights_kind lt_weights_kind_of(const lt_checkpoint *c)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        bool all = true;
        for (int k = 0; k < 3 && rules[i].prefixes[k] && all; k++)
            all = lt_checkpoint_has_prefix(c, rules[i].prefixes[k]);
        if (all)
            return rules[i].kind;
    }
    return is_lora(c) ? LT_KIND_LORA : LT_KIND_UNKNOWN;
}

const char *lt_weights_kind_name(lt_weights_kind kind)
{
    static const char *const names[LT_KIND_COUNT] = {
        [LT_KIND_UNKNOWN] = "something else",
        [LT_KIND_UNET] = "a UNet",
        [LT_KIND_UNET_XL] = "an SDXL UNet",
        [LT_KIND_VAE] = "a VAE",
        [LT_KIND_TEXT_ENCODER] = "a text encoder",
        [LT_KIND_CLIP] = "a whole CLIP model",
        [LT_KIND_CONTROLNET] = "a ControlNet",
        [LT_KIND_LORA] = "a LoRA",
        [LT_KIND_LDM] = "a single-file checkpoint",
        [LT_KIND_LDM_XL] = "a single-file SDXL checkpoint",
    };
    return names[kind];
}
