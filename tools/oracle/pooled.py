#!/usr/bin/env python3
"""Run transformers' CLIPTextModel on the CPU in float32 on a few prompts and keep its pooler_output.

  pooled.py --out FILE MODEL_DIR [MODEL_DIR ...]

Tensors, for each model M (the name of its folder) and prompt i of the list below:
  M.i.ids      I32 [T]    what the text encoder is given
  M.i.pooled   F32 [D]    pooler_output, with the model's own eos_token_id
  M.i.named    F32 [D]    the same where eos_token_id is the tokenizer's, as in configs of 2023 and later
Metadata: `prompts`, `versions`, and `error`: how far float64 ("f64") is from these numbers, as relative L2 norm, the
worst of all.
"""
import argparse
import json
import pathlib

import reference
from reference import relative_l2, torch, transformers

from safetensors.torch import save_file

PROMPTS = [
    "",
    "a fox",
    "a photorealistic red fox, in the snow",
    "wow!!! a fox",
    "a fox <|endoftext|> in the snow",  # the end token inside the text: the first one is taken
    "cat " * 80,
]


@torch.no_grad()
def run(directory, out):
    """Appends to out; returns the worst distance to float64."""
    name, worst = pathlib.Path(directory).name, 0.0
    text = transformers.CLIPTextModel.from_pretrained(directory, subfolder="text_encoder", dtype=torch.float32,
                                                      local_files_only=True).eval()
    tokenizer = transformers.CLIPTokenizer.from_pretrained(directory, subfolder="tokenizer", local_files_only=True)
    own = text.config.eos_token_id
    for i, prompt in enumerate(PROMPTS):
        ids = tokenizer(prompt, padding="max_length", max_length=tokenizer.model_max_length, truncation=True,
                        return_tensors="pt").input_ids
        out[f"{name}.{i}.ids"] = ids[0].to(torch.int32)
        for kind, eos in (("pooled", own), ("named", tokenizer.eos_token_id)):
            for module in text.modules():
                if hasattr(module, "eos_token_id"):
                    module.eos_token_id = eos
            pooled = text(ids).pooler_output[0].clone()
            exact = text.double()(ids).pooler_output[0]
            text.float()
            worst = max(worst, relative_l2(pooled.double(), exact))
            out[f"{name}.{i}.{kind}"] = pooled
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    out = {}
    worst = max(run(model, out) for model in args.models)
    metadata = {"prompts": json.dumps(PROMPTS), "versions": json.dumps(reference.VERSIONS),
                "error": json.dumps({"f64": worst})}
    save_file(out, args.out, metadata)
    print(f"{args.out}: {len(out)} tensors, float64 is {worst:.1e} away")


if __name__ == "__main__":
    main()
