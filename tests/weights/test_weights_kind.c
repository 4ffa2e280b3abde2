/* test_weights_kind.c - files told apart by the names of their tensors. */
#include "weights/weights_kind.h"

#include "support/temp.h"
#include "weights/files.h"

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        lt_weights_kind kind;
        const char *names[4];
    } cases[] = {
        {LT_KIND_UNKNOWN, {"a"}},
        {LT_KIND_UNET, {"down_blocks.0.resnets.0.conv1.weight", "time_embedding.linear_1.weight"}},
        {LT_KIND_UNET_XL,
         {"down_blocks.0.resnets.0.conv1.weight", "time_embedding.linear_1.weight",
          "add_embedding.linear_1.weight"}},
        {LT_KIND_CONTROLNET,
         {"controlnet_cond_embedding.conv_in.weight", "down_blocks.0.resnets.0.conv1.weight",
          "time_embedding.linear_1.weight"}},
        {LT_KIND_VAE, {"decoder.conv_in.weight", "decoder.mid_block.attentions.0.query.weight"}},
        {LT_KIND_VAE, {"decoder.conv_in.weight", "decoder.mid.attn_1.q.weight"}},
        {LT_KIND_TEXT_ENCODER, {"text_model.embeddings.token_embedding.weight"}},
        {LT_KIND_TEXT_ENCODER,
         {"embeddings.token_embedding.weight", "encoder.layers.0.layer_norm1.weight"}},
        {LT_KIND_CLIP,
         {"text_model.embeddings.token_embedding.weight", "vision_model.post_layernorm.weight"}},
        {LT_KIND_LORA, {"lora_unet_down_blocks_0.lora_up.weight"}},
        {LT_KIND_LORA, {"lora_te_text_model_encoder.alpha"}},
        {LT_KIND_LORA, {"unet.down_blocks.0.attn1.to_q.lora_A.weight"}},
        {LT_KIND_LORA, {"unet.x.attn1.processor.to_q_lora.down.weight"}},
        {LT_KIND_LDM,
         {"model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.quant_conv.weight"}},
        {LT_KIND_LDM_XL,
         {"model.diffusion_model.input_blocks.0.0.weight", "conditioner.embedders.0.x"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
        lt_checkpoint *c = NULL;
        put_tensors(dir, "x.safetensors", cases[i].names);
        CHECK_OK(lt_checkpoint_open(path, &c, err));
        assert_int_equal(lt_weights_kind_of(c), cases[i].kind);
        lt_checkpoint_close(c);
        free(path);
        temp_dir_remove(dir);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < LT_KIND_COUNT; i++)
        assert_non_null(lt_weights_kind_name((lt_weights_kind)i));
    assert_string_equal(lt_weights_kind_name(LT_KIND_LORA), "a LoRA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
