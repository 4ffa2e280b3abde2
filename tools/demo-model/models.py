"""The three networks: shapes of the demo model, and how its checkpoints become diffusers modules."""
import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

BOS, EOS, SEQ, VOCABULARY = 49406, 49407, 77, 49408
UNK = 0                     # compact id of every unknown token: its embedding stays zero
SCALING = 0.18215
HIDDEN = 64                 # width of the text encoder


def _zero(model, endings):
    """Zero the last layer of every residual branch, which trains faster."""
    for name, p in model.named_parameters():
        if name.endswith(endings):
            torch.nn.init.zeros_(p)
    return model


def make_vae():
    vae = AutoencoderKL(in_channels=3, out_channels=3, down_block_types=["DownEncoderBlock2D"] * 4,
                        up_block_types=["UpDecoderBlock2D"] * 4, block_out_channels=(16, 32, 64, 96), layers_per_block=1,
                        latent_channels=4, norm_num_groups=8, sample_size=128, scaling_factor=SCALING)
    return _zero(vae, ("conv2.weight", "to_out.0.weight"))


def make_unet():
    unet = UNet2DConditionModel(sample_size=16, in_channels=4, out_channels=4, block_out_channels=(64, 128, 160), layers_per_block=1,
                                down_block_types=["CrossAttnDownBlock2D"] * 2 + ["DownBlock2D"],
                                up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 2,
                                cross_attention_dim=HIDDEN, attention_head_dim=2, norm_num_groups=32)
    torch.nn.init.zeros_(unet.conv_out.weight)
    return _zero(unet, ("conv2.weight", "to_out.0.weight", "ff.net.2.weight"))


def make_text(words):
    """Text encoder with a table of `words` rows."""
    return CLIPTextModel(CLIPTextConfig(vocab_size=words, hidden_size=HIDDEN, intermediate_size=4 * HIDDEN, num_hidden_layers=3,
                                        num_attention_heads=4, max_position_embeddings=SEQ, hidden_act="quick_gelu",
                                        projection_dim=HIDDEN, bos_token_id=0, eos_token_id=2, pad_token_id=1))


def load_checkpoint(path):
    """UNet and text encoder with the full token table, of a checkpoint that train_unet.py wrote."""
    ck = torch.load(path, weights_only=False, map_location="cpu")
    unet, vocab = make_unet(), ck["vocab"]
    unet.load_state_dict(ck["unet"])
    small = make_text(len(vocab))
    small.load_state_dict(ck["text"])
    table = torch.zeros(VOCABULARY, HIDDEN)
    table[torch.from_numpy(np.asarray(vocab[1:], np.int64))] = small.get_input_embeddings().weight.detach()[1:]
    small.set_input_embeddings(torch.nn.Embedding.from_pretrained(table))
    text = make_text(VOCABULARY)
    text.load_state_dict(small.state_dict())
    return unet.eval(), text.eval(), ck


def warm_start(unet, text, vocab, folder):
    """Copy an exported pipeline's weights; rows of words it does not know keep their random values. Returns their number."""
    unet.load_state_dict(UNet2DConditionModel.from_pretrained(f"{folder}/unet", torch_dtype=torch.float32).state_dict())
    state = CLIPTextModel.from_pretrained(f"{folder}/text_encoder", torch_dtype=torch.float32).state_dict()
    key = next(k for k in state if k.endswith("token_embedding.weight"))
    rows = state[key][torch.from_numpy(np.asarray(vocab, np.int64))]
    known = rows.abs().sum(1) > 0
    known[UNK] = False
    state[key] = torch.where(known[:, None], rows, text.get_input_embeddings().weight.detach())
    text.load_state_dict(state)
    return int((~known).sum()) - 1
