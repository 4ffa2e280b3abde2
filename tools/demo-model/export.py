"""Write a diffusers StableDiffusionPipeline directory with fp16 weights from the checkpoints."""
import argparse
import json
import shutil
from pathlib import Path

from diffusers import AutoencoderKL, PNDMScheduler
from safetensors.torch import load_file, save_file

from models import load_checkpoint

INDEX = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.20.0", "feature_extractor": [None, None],
         "requires_safety_checker": False, "safety_checker": [None, None], "scheduler": ["diffusers", "PNDMScheduler"],
         "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
         "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
TOKENIZER = ["vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"]


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--unet", default="work/unet.pt")
    ap.add_argument("--mix", help="another checkpoint, of which --share goes into the UNet's weights")
    ap.add_argument("--share", type=float, default=.02)
    ap.add_argument("--vae", default="work/vae")
    ap.add_argument("--tokenizer", required=True)
    ap.add_argument("--out", default="model")
    args = ap.parse_args()
    out = Path(args.out)
    unet, text, ck = load_checkpoint(args.unet)
    if args.mix:
        other = load_checkpoint(args.mix)[0].state_dict()
        unet.load_state_dict({k: v.lerp(other[k], args.share) for k, v in unet.state_dict().items()})
    vae = AutoencoderKL.from_pretrained(args.vae).eval()
    for name, model in (("unet", unet), ("text_encoder", text), ("vae", vae)):
        model.half().save_pretrained(out / name, safe_serialization=True)
    path = out / "text_encoder/model.safetensors"           # transformers 5 drops the usual prefix: put it back
    save_file({k if k.startswith("text_model.") else "text_model." + k: v for k, v in load_file(path).items()}, path,
              metadata={"format": "pt"})
    PNDMScheduler(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                  skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1,
                  prediction_type="epsilon").save_pretrained(out / "scheduler")
    (out / "tokenizer").mkdir(exist_ok=True)
    for name in TOKENIZER:
        shutil.copyfile(Path(args.tokenizer) / name, out / "tokenizer" / name)
    (out / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    sizes = [f.stat().st_size for f in out.rglob("*.safetensors")]
    print(f"{out}: weights {sum(sizes) / 2 ** 20:.2f} MiB, step {ck['step']}, loss {ck['loss']}")


if __name__ == "__main__":
    main()
