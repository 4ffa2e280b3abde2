#!/usr/bin/env python3
"""Run diffusers on the CPU in float32 and keep every number of the run in one .safetensors file.

  golden.py --model DIR --out FILE --prompt "a fox" --scheduler lms --steps 5 --seed 9 --check

Tensors (B pictures, i the step in three digits, C h w the latents, H W the pixels, T tokens, D their width):
  ids.cond ids.uncond                 I32 [B,T]
  text.cond text.uncond               F32 [B,T,D]      last_hidden_state
  noise                               F32 [B,C,h,w]    straight from the generators
  latents.init                        F32 [B,C,h,w]    noise * init_noise_sigma, or init.latents with that noise added
  init.picture                        U8  [H,W,3]      (init.* with --init: image to image) the picture as it is given
  init.pixels                         F32 [1,3,H,W]    that, resized where it must be, in -1..1
  init.mean logvar                    F32 [1,C,h,w]    of the VAE's posterior; logvar clamped
  init.noise                          F32 [G,C,h,w]    what it is sampled with, of each of the G generators
  init.latents                        F32 [B,C,h,w]    the sample * scaling_factor
  sched.timesteps sched.sigmas        F32              as the scheduler holds them
  step.iii.model_input                F32 [B,C,h,w]    after scale_model_input
  step.iii.eps_uncond eps_text eps    F32 [B,C,h,w]    the UNet's outputs (guided runs) and the guided one
  step.iii.noise                      F32 [B,C,h,w]    fresh noise, only if the scheduler drew some
  step.iii.latents x0                 F32 [B,C,h,w]    after the step; predicted clean latents
  step.iii.map.<layer>                F32 [B,S,T]      with --attention: of the prompt's half, every cross-attention's
                                                       scores, averaged over the heads; of the first and last step
  image.float                         F32 [B,3,H,W]    vae.decode(latents / scaling_factor), not clamped
  image.u8                            U8  [B,H,W,3]    round(clamp(x/2 + 0.5, 0, 1) * 255), half to even
  vae.enc.input mean logvar           F32              (vae.* not with --no-encode) a fixed test picture [1,3,H,W] through the encoder
  vae.roundtrip.float                 F32 [1,3,H,W]    vae.decode(vae.enc.mean)
  trace.unet.time_proj                F32 [steps,C0]   the timesteps' sinusoids
  trace.*                             F32              with --trace: outputs of every block, of its first call
Metadata: `args` and `versions` of the run, and `error`: how far diffusers in float64 ("f64") and in bfloat16
("bf16") is from these numbers, as relative L2 norm, the worst over steps and pictures:
  text eps decode encode roundtrip    one call each on this file's inputs
  latents image                       the whole run again from this file's noise and text: the UNet and the VAE
                                      in that type, the sampler in float32
"""
import argparse
import inspect
import json
import os

import PIL.Image

import reference
from diffusers.image_processor import VaeImageProcessor
from reference import diffusers, relative_l2, torch, torch_utils

from safetensors.torch import save_file


def hook_blocks(model, out):
    """Keeps what every block returns the first time that it is called."""
    unet, vae, text = model.unet, model.vae, getattr(model.text, "text_model", model.text)
    named = [(f"text.layer.{i:02d}", layer) for i, layer in enumerate(text.encoder.layers)]
    named += [("text.embeddings", text.embeddings), ("unet.time_embedding", unet.time_embedding),
              ("unet.conv_in", unet.conv_in), ("unet.conv_norm_out", unet.conv_norm_out)]
    groups = [(f"unet.{way}.{i}", block) for way, blocks in (("down", unet.down_blocks), ("up", unet.up_blocks))
              for i, block in enumerate(blocks)]
    if unet.mid_block is not None:
        groups.append(("unet.mid", unet.mid_block))
    for name, block in groups:
        for kind in ("resnets", "attentions", "downsamplers", "upsamplers"):
            named += [(f"{name}.{kind}.{i}", layer) for i, layer in enumerate(getattr(block, kind, None) or [])]
    for name, half, blocks in (("dec", vae.decoder, vae.decoder.up_blocks), ("enc", vae.encoder, vae.encoder.down_blocks)):
        named += [(f"vae.{name}.conv_in", half.conv_in), (f"vae.{name}.mid", half.mid_block)]
        named += [(f"vae.{name}.block.{i}", block) for i, block in enumerate(blocks)]

    def keep(name):
        def hook(_module, _inputs, output):
            output = output[0] if isinstance(output, (tuple, list)) else output
            out.setdefault("trace." + name, getattr(output, "sample", output).clone())
        return hook
    for name, module in named:
        module.register_forward_hook(keep(name))


class MapTap:
    """A cross-attention's processor that also keeps its scores, as Attention.get_attention_scores has them."""

    def __init__(self, processor, name, maps):
        self.processor, self.name, self.maps = processor, name, maps

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **options):
        query = attn.head_to_batch_dim(attn.to_q(hidden_states))
        key = attn.head_to_batch_dim(attn.to_k(encoder_hidden_states))
        scores = attn.get_attention_scores(query, key)
        self.maps[self.name] = scores.unflatten(0, (-1, attn.heads)).mean(1)
        return self.processor(attn, hidden_states, encoder_hidden_states=encoder_hidden_states, **options)


def tap_maps(unet, maps):
    """Every cross-attention (attn2) puts its scores [N,S,T] into maps, by the layer's name."""
    processors = unet.attn_processors
    unet.set_attn_processor({name: MapTap(p, name.removesuffix(".processor"), maps) if ".attn2." in name else p
                             for name, p in processors.items()})


def generators(args, images):
    if args.generator == "single":
        return torch.Generator().manual_seed(args.seed[0])
    assert len(args.seed) == images, "--generator list needs one --seed a picture"
    return [torch.Generator().manual_seed(seed) for seed in args.seed]


def begin_index(args):
    """As StableDiffusionImg2ImgPipeline.get_timesteps: the steps that are left out."""
    return args.steps - min(int(args.steps * args.strength), args.steps) if args.init else 0


def init_picture(args):
    height, width = (int(side) for side in reversed(args.init.split("x")))
    picture = (reference.test_picture(height, width)[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1) * 255
    return picture.round().to(torch.uint8)


def init_latents(args, model, out, dtype=torch.float32):
    """As StableDiffusionImg2ImgPipeline.prepare_latents up to the scheduler; the VAE computes in dtype."""
    pixels = VaeImageProcessor(vae_scale_factor=model.factor).preprocess(
        PIL.Image.fromarray(out["init.picture"].numpy()), height=args.height, width=args.width)
    posterior = model.vae.encode(pixels.to(dtype)).latent_dist
    mean, logvar, std = posterior.mean.float(), posterior.logvar.float(), posterior.std.float()
    if "init.noise" not in out:
        each = out["generator"] if isinstance(out["generator"], list) else [out["generator"]]
        out["init.noise"] = torch.cat([torch_utils.randn_tensor(mean.shape, generator=g) for g in each])
    latents = model.vae.config.scaling_factor * (mean + std * out["init.noise"])
    images = len(args.prompt) * args.images_per_prompt
    latents = latents if len(latents) == images else torch.cat([latents] * images)
    return {"init.pixels": pixels, "init.mean": mean, "init.logvar": logvar, "init.latents": latents}


def sample(args, model, out, dtype=torch.float32, replay=None):
    """The loop of StableDiffusionPipeline from out["noise"] and out["text.*"]; the UNet computes in dtype.
    With --init that of StableDiffusionImg2ImgPipeline, from the picture on.
    replay: noise for the scheduler instead of what it would draw."""
    noise, cond, uncond = out["noise"], out["text.cond"], out["text.uncond"]
    guided = args.guidance > 1.0
    text = torch.cat([uncond, cond]) if guided else cond
    sched = reference.scheduler(model.directory, args.scheduler)
    sched.set_timesteps(args.steps)
    begin = begin_index(args)
    timesteps = sched.timesteps[begin * sched.order:]
    if args.init:
        sched.set_begin_index(begin * sched.order)
        init = out["init.latents"] if dtype == torch.float32 else init_latents(args, model, out, dtype)["init.latents"]
        latents = sched.add_noise(init, noise, timesteps[:1].repeat(len(noise)))
    else:
        latents = noise * sched.init_noise_sigma
    steps = {"latents.init": latents.clone(), "sched.timesteps": timesteps.to(torch.float32),
             "sched.sigmas": torch.as_tensor(sched.sigmas[begin:]).to(torch.float32)}
    options, maps = {}, {}
    if args.attention and dtype == torch.float32:
        tap_maps(model.unet, maps)
    if "generator" in inspect.signature(sched.step).parameters:
        options["generator"] = out["generator"]
    with reference.NoiseTap(sched, replay) as tap:
        for i, t in enumerate(timesteps):
            k = f"step.{i:03d}."
            x = sched.scale_model_input(torch.cat([latents] * 2) if guided else latents, t)
            eps = model.unet(x.to(dtype), t, encoder_hidden_states=text.to(dtype), return_dict=False)[0].float()
            steps[k + "model_input"] = x[:len(noise)].clone()
            if i in (0, len(timesteps) - 1):
                steps.update({f"{k}map.{name}": value[-len(noise):].clone() for name, value in maps.items()})
            if guided:
                eps_uncond, eps_text = eps.chunk(2)
                steps[k + "eps_uncond"], steps[k + "eps_text"] = eps_uncond.clone(), eps_text.clone()
                eps = eps_uncond + args.guidance * (eps_text - eps_uncond)
            steps[k + "eps"] = eps.clone()
            result = sched.step(eps, t, latents, return_dict=True, **options)
            steps[k + "x0"] = result.pred_original_sample.clone()
            latents = result.prev_sample
            steps[k + "latents"] = latents.clone()
            drawn = tap.take()
            if drawn is not None:
                steps[k + "noise"] = drawn
    return steps, latents


@torch.no_grad()
def run(args, model):
    out = {}
    if args.trace:
        hook_blocks(model, out)
    sines = []
    handle = model.unet.time_proj.register_forward_hook(lambda _m, _i, o: sines.append(o[0].clone()))
    images = len(args.prompt) * args.images_per_prompt
    height, width = args.height or model.side, args.width or model.side

    for k, texts in (("cond", args.prompt), ("uncond", [args.negative] * len(args.prompt))):
        ids = model.ids(texts)
        text = model.text(ids)[0]
        out["ids." + k] = ids.repeat_interleave(args.images_per_prompt, 0).to(torch.int32)
        out["text." + k] = text.repeat_interleave(args.images_per_prompt, 0)

    out["generator"] = generators(args, images)
    if args.init:
        out["init.picture"] = init_picture(args)
        out.update(init_latents(args, model, out))
        height, width = out["init.pixels"].shape[2:]
    shape = (images, model.unet.config.in_channels, height // model.factor, width // model.factor)
    out["noise"] = torch_utils.randn_tensor(shape, generator=out["generator"], dtype=torch.float32)
    steps, latents = sample(args, model, out)
    del out["generator"]
    out.update(steps)
    handle.remove()
    out["trace.unet.time_proj"] = torch.stack(sines)

    out["image.float"] = model.decode(latents)
    shown = (out["image.float"] * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    out["image.u8"] = torch.from_numpy((shown * 255).round().astype("uint8"))
    if args.no_encode:
        return out
    picture = reference.test_picture(height, width)
    moments = model.vae.encode(picture).latent_dist
    out["vae.enc.input"], out["vae.enc.mean"], out["vae.enc.logvar"] = picture, moments.mean, moments.logvar
    out["vae.roundtrip.float"] = model.vae.decode(moments.mean, return_dict=False)[0]
    return out


@torch.no_grad()
def measure(args, model, out, dtype):
    """The errors of diffusers in another type, see the head of this file."""
    error = {}

    def add(stage, got, want):
        each = [relative_l2(g, w) for g, w in zip(got, want)]
        error[stage] = max([error.get(stage, 0.0)] + each)
    model.to(dtype)
    for k in ("cond", "uncond"):
        add("text", model.text(out["ids." + k].long())[0], out["text." + k])
    for i, t in enumerate(out["sched.timesteps"]):
        k = f"step.{i:03d}."
        for half, eps in (("cond", "eps_text"), ("uncond", "eps_uncond")) if k + "eps_text" in out else (("cond", "eps"),):
            text = out["text." + half].to(dtype)
            add("eps", model.unet(out[k + "model_input"].to(dtype), t, encoder_hidden_states=text)[0], out[k + eps])
    last = out[f"step.{len(out['sched.timesteps']) - 1:03d}.latents"]
    add("decode", model.decode(last.to(dtype)), out["image.float"])
    if not args.no_encode:
        moments = model.vae.encode(out["vae.enc.input"].to(dtype)).latent_dist
        add("encode", moments.mean, out["vae.enc.mean"])
        add("encode", moments.logvar, out["vae.enc.logvar"])
        add("roundtrip", model.vae.decode(out["vae.enc.mean"].to(dtype))[0], out["vae.roundtrip.float"])

    drawn = [out[k] for k in sorted(out) if k.startswith("step.") and k.endswith(".noise")]
    steps, latents = sample(args, model, {**out, "generator": None}, dtype, drawn)
    for k in (k for k in steps if k.endswith(".latents")):
        add("latents", steps[k], out[k])
    add("image", model.decode(latents.to(dtype)), out["image.float"])
    model.to(torch.float32)
    return error


@torch.no_grad()
def check(args, model, out):
    """The same call through diffusers' own pipeline must give the same bits."""
    kind = diffusers.StableDiffusionImg2ImgPipeline if args.init else diffusers.StableDiffusionPipeline
    pipe = kind(
        vae=model.vae, unet=model.unet, text_encoder=model.text, tokenizer=model.tokenizer,
        scheduler=reference.scheduler(model.directory, args.scheduler), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    size = dict(height=args.height or model.side, width=args.width or model.side)
    if args.init:  # it takes no size: the picture has it, or is given as pixels
        size = dict(image=out["init.pixels"] if args.height else PIL.Image.fromarray(out["init.picture"].numpy()),
                    strength=args.strength)
    latents = pipe(prompt=args.prompt, negative_prompt=[args.negative] * len(args.prompt),
                   num_inference_steps=args.steps, guidance_scale=args.guidance,
                   num_images_per_prompt=args.images_per_prompt,
                   generator=generators(args, len(out["noise"])), output_type="latent", **size).images
    if not torch.equal(latents, out[f"step.{len(out['sched.timesteps']) - 1:03d}.latents"]):
        raise SystemExit(f"{args.out}: {kind.__name__} gives other latents")


def slim(out):
    """Without what a long run can do without: all latents, but the predictions of the first and last step only."""
    last = len(out["sched.timesteps"]) - 1

    def wanted(k):
        if not k.startswith("step.") or k.endswith(".latents"):
            return True
        return int(k[5:8]) in (0, last)
    return {k: v for k, v in out.items() if wanted(k)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="diffusers directory")
    parser.add_argument("--out", required=True)
    parser.add_argument("--prompt", action="append", required=True, help="repeat for several")
    parser.add_argument("--negative", default="")
    parser.add_argument("--images-per-prompt", type=int, default=1)
    parser.add_argument("--seed", type=int, action="append", required=True, help="repeat for --generator list")
    parser.add_argument("--generator", choices=("single", "list"), default="single",
                        help="one generator for the whole batch, or one a picture")
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--scheduler", default="config", choices=["config", "lms-blog", *reference.SCHEDULERS])
    parser.add_argument("--height", type=int)
    parser.add_argument("--width", type=int)
    parser.add_argument("--init", metavar="WxH", help="image to image, from a test picture of that size")
    parser.add_argument("--strength", type=float, default=0.8, help="with --init")
    parser.add_argument("--tiling", action="store_true", help="the VAE works in tiles: enable_tiling")
    parser.add_argument("--trace", action="store_true", help="also what every block returns")
    parser.add_argument("--attention", action="store_true", help="also the maps of cross-attentions")
    parser.add_argument("--slim", action="store_true", help="of the steps between, only the latents")
    parser.add_argument("--no-encode", action="store_true", help="leave out vae.*")
    parser.add_argument("--check", action="store_true", help="compare with the pipeline of diffusers")
    parser.add_argument("--no-error", action="store_true", help="do not measure float64 and bfloat16")
    return parser.parse_args()


def load(args):
    model = reference.Model(args.model)
    if args.tiling:
        model.vae.enable_tiling()
    return model


def main():
    args = arguments()
    model = load(args)
    out = run(args, model)
    if args.check:
        check(args, model, out)
    unsaid = ("out", "trace", "attention", "slim", "no_encode", "check", "no_error") + (() if args.init else ("init", "strength"))
    unsaid += () if args.tiling else ("tiling",)
    said = {k: v for k, v in vars(args).items() if k not in unsaid}
    said["model"] = os.path.basename(os.path.normpath(args.model))
    meta = {"args": json.dumps(said), "versions": json.dumps(reference.VERSIONS)}
    if not args.no_error:
        error = {"bf16": measure(args, load(args), out, torch.bfloat16),
                 "f64": measure(args, load(args), out, torch.float64)}
        meta["error"] = json.dumps({k: {s: float(f"{e:.3g}") for s, e in v.items()} for k, v in error.items()})
    bad = [k for k, v in out.items() if v.is_floating_point() and not torch.isfinite(v).all()]
    if bad:
        raise SystemExit(f"{args.out}: not finite: {', '.join(bad[:5])}")
    out = slim(out) if args.slim else out
    save_file({k: v.contiguous() for k, v in out.items()}, args.out, metadata=meta)
    os.chmod(args.out, 0o644)
    print(f"{args.out}: {len(out)} tensors, {os.path.getsize(args.out)} bytes")


if __name__ == "__main__":
    main()
