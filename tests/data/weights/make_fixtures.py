#!/usr/bin/env python3
"""Writes the small files that other programs made: safetensors (numpy), transformers, diffusers.

  python3 make_fixtures.py     in tests/data/weights; needs torch, numpy, safetensors, transformers, diffusers

bad/ is not written here: its files are malformed on purpose, one lie each, listed in bad/manifest.json.
"""
import os
import shutil

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from safetensors.numpy import save_file
from transformers import CLIPTextConfig, CLIPTextModel

HERE = os.path.dirname(os.path.abspath(__file__))


def fresh(name):
    path = os.path.join(HERE, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def main():
    torch.manual_seed(0)
    save_file(
        {
            "half": np.array([[1.5, -2.0]], np.float16),
            "index": np.array([1, -2], np.int64),
            "byte": np.array([7], np.uint8),
            "single": np.arange(6, dtype=np.float32).reshape(2, 3),
            "scalar": np.array(0.25, np.float32),
            "empty": np.zeros((0, 3), np.float32),
        },
        os.path.join(HERE, "numpy.safetensors"),
        metadata={"format": "np", "note": "é\n\""},
    )
    text = CLIPTextModel(
        CLIPTextConfig(vocab_size=8, hidden_size=4, intermediate_size=8, num_hidden_layers=1,
                       num_attention_heads=2, max_position_embeddings=5, eos_token_id=7, bos_token_id=6)
    )
    text.save_pretrained(fresh("transformers-text"))
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(4,), layers_per_block=1, norm_num_groups=2, cross_attention_dim=4,
        attention_head_dim=1, down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",),
    )
    unet.save_pretrained(fresh("diffusers-shards"), max_shard_size="6KB")
    unet.half().save_pretrained(fresh("diffusers-shards-fp16"), max_shard_size="3KB", variant="fp16")


if __name__ == "__main__":
    main()
