#!/usr/bin/env python3
"""The forward process by diffusers: a picture's latents with noise, and what the UNet says of them.

  noising.py --model DIR --out FILE --prompt "a fox" --seed 9 --t 0 --t 401 --t 999

Tensors (C h w the latents, H W the pixels, one picture; i counts the timesteps):
  picture                     U8  [H,W,3]    what the VAE is given
  mean                        F32 [C,h,w]    of its posterior, before scaling
  decoded                     F32 [3,H,W]    vae.decode(mean), not clamped
  noise                       F32 [C,h,w]    the second that the generator draws: the first samples the posterior in
                                             StableDiffusionImg2ImgPipeline
  i.x_t                       F32 [C,h,w]    DDPMScheduler.add_noise(mean * scaling_factor, noise, t)
  i.model                     F32 [C,h,w]    unet(x_t, t, prompt): the noise, or v
  i.eps i.x0                  F32 [C,h,w]    the noise that it means, and pred_original_sample: from DDIMScheduler.step
Metadata: `t`, the timesteps, and `args`.
"""
import argparse
import json

import reference
from reference import diffusers, torch, torch_utils

from safetensors.torch import save_file


@torch.no_grad()
def run(args, model):
    picture = (reference.test_picture(args.side, args.side) / 2 + 0.5).clamp(0, 1)
    picture = (picture * 255).round().to(torch.uint8)
    pixels = 2 * (picture.to(torch.float32) / 255) - 1
    mean = model.vae.encode(pixels).latent_dist.mean
    generator = torch.Generator().manual_seed(args.seed)
    torch_utils.randn_tensor(mean.shape, generator=generator)
    noise = torch_utils.randn_tensor(mean.shape, generator=generator)
    out = {"picture": picture[0].permute(1, 2, 0).contiguous(), "mean": mean[0], "noise": noise[0],
           "decoded": model.vae.decode(mean, return_dict=False)[0][0]}
    config = reference.scheduler(model.directory, "lms").config
    ddpm = diffusers.DDPMScheduler.from_config(config)
    ddim = diffusers.DDIMScheduler.from_config(config, clip_sample=False, set_alpha_to_one=True)
    ddim.set_timesteps(ddim.config.num_train_timesteps)
    text = model.text(model.ids([args.prompt]))[0]
    for i, t in enumerate(args.t):
        t = torch.tensor([t])
        x = ddpm.add_noise(mean * model.vae.config.scaling_factor, noise, t)
        said = model.unet(x, t, encoder_hidden_states=text, return_dict=False)[0]
        x0 = ddim.step(said, int(t), x).pred_original_sample
        abar = ddpm.alphas_cumprod[t]
        eps = said if config.prediction_type == "epsilon" else abar.sqrt() * said + (1 - abar).sqrt() * x
        out.update({f"{i}.x_t": x[0], f"{i}.model": said[0], f"{i}.eps": eps[0], f"{i}.x0": x0[0]})
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--prompt", default="a fox")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--t", type=int, action="append", required=True)
    args = parser.parse_args()
    out = run(args, reference.Model(args.model))
    words = {k: v for k, v in vars(args).items() if k not in ("model", "out")}
    save_file({k: v.clone() for k, v in out.items()}, args.out,
              metadata={"t": " ".join(map(str, args.t)), "args": json.dumps(words)})


if __name__ == "__main__":
    main()
