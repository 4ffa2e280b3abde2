"""Draw a grid of pictures with diffusers: one row for each prompt, one column for each seed, prompts at the left."""
import argparse
import textwrap
import time
from pathlib import Path

import torch
from diffusers import LMSDiscreteScheduler, StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
SIDE, MARGIN, GAP = 128, 168, 4


def label(draw, text, x, y, font):
    """Write `text` in at most a few lines, vertically centred in the row that starts at y."""
    lines = textwrap.wrap(text, 21)
    top = y + (SIDE - 18 * len(lines)) // 2
    for k, line in enumerate(lines):
        draw.text((x, top + 18 * k), line, (20, 20, 20), font=font)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--model", default="model", help="diffusers pipeline directory")
    ap.add_argument("--prompts", default=HERE / "prompts.txt", help="file with one prompt a line")
    ap.add_argument("--only", type=int, nargs="+", help="line numbers of the prompts to draw, from 1")
    ap.add_argument("--seeds", type=int, nargs="+", default=[42, 43, 44, 45])
    ap.add_argument("--guidance", type=float, default=7.5)
    ap.add_argument("--steps", type=int, default=30)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--pndm", action="store_true", help="the model's own scheduler in place of LMS")
    ap.add_argument("--out", default="grid.png")
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    pipe = StableDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    if not args.pndm:
        pipe.scheduler = LMSDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    prompts = Path(args.prompts).read_text(encoding="utf-8").splitlines()
    if args.only:
        prompts = [prompts[k - 1] for k in args.only]
    step = SIDE + GAP
    sheet = Image.new("RGB", (MARGIN + step * len(args.seeds), 24 + step * len(prompts)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    start = time.time()
    for i, seed in enumerate(args.seeds):
        draw.text((MARGIN + step * i + 4, 4), f"seed {seed}", (20, 20, 20), font=font)
    for j, prompt in enumerate(prompts):
        y = 24 + step * j
        label(draw, prompt, 8, y, font)
        noise = torch.cat([torch.randn(1, 4, SIDE // 8, SIDE // 8, generator=torch.Generator().manual_seed(s)) for s in args.seeds])
        images = pipe([prompt] * len(args.seeds), height=SIDE, width=SIDE, latents=noise, guidance_scale=args.guidance,
                      num_inference_steps=args.steps).images
        for i, image in enumerate(images):
            sheet.paste(image, (MARGIN + step * i, y))
    sheet.save(args.out, optimize=True)
    print(f"{len(prompts) * len(args.seeds)} pictures in {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
