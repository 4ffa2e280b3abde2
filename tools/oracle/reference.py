"""diffusers on the CPU, taken apart: its components, schedulers and the random numbers that they draw."""
import json
import os
import pathlib
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import diffusers
import torch
import transformers
from diffusers.utils import torch_utils

torch.set_num_threads(1)
for library in (diffusers, transformers):
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()

SCHEDULERS = {"lms": "LMSDiscreteScheduler", "euler": "EulerDiscreteScheduler",
              "euler_a": "EulerAncestralDiscreteScheduler"}
VERSIONS = {library.__name__: library.__version__ for library in (torch, diffusers, transformers)}


def scheduler(model, name):
    """The model's own, or another made from its config, exactly as users of diffusers do it."""
    if name == "lms-blog":  # the constructor call of the Stable Diffusion blog post
        return diffusers.LMSDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                                              num_train_timesteps=1000)
    folder = pathlib.Path(model) / "scheduler"
    config = json.loads((folder / "scheduler_config.json").read_text())
    own = getattr(diffusers, config["_class_name"]).from_pretrained(folder)
    return own if name == "config" else getattr(diffusers, SCHEDULERS[name]).from_config(own.config)


class Model:
    """The components of a diffusers directory in float32."""

    def __init__(self, directory):
        options = dict(torch_dtype=torch.float32, local_files_only=True)
        self.directory = directory
        self.vae = diffusers.AutoencoderKL.from_pretrained(directory, subfolder="vae", **options).eval()
        self.unet = diffusers.UNet2DConditionModel.from_pretrained(directory, subfolder="unet", **options).eval()
        self.text = transformers.CLIPTextModel.from_pretrained(
            directory, subfolder="text_encoder", dtype=torch.float32, local_files_only=True).eval()
        self.tokenizer = transformers.CLIPTokenizer.from_pretrained(directory, subfolder="tokenizer",
                                                                    local_files_only=True)
        self.factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.side = self.unet.config.sample_size * self.factor

    def to(self, dtype):
        for part in (self.vae, self.unet, self.text):
            part.to(dtype)
        return self

    def ids(self, texts):
        return self.tokenizer(texts, padding="max_length", max_length=self.tokenizer.model_max_length,
                              truncation=True, return_tensors="pt").input_ids

    def decode(self, latents):
        """Sampler-space latents to pixels, about -1..1."""
        return self.vae.decode(latents / self.vae.config.scaling_factor, return_dict=False)[0]


class NoiseTap:
    """Sees what a scheduler draws through randn_tensor; or, given a list, plays that back instead."""

    def __init__(self, sched, replay=None):
        self.module = sys.modules[type(sched).__module__]
        self.drawn, self.replay = [], replay

    def __enter__(self):
        self.original = getattr(self.module, "randn_tensor", None)
        if self.original is not None:
            self.module.randn_tensor = self.draw
        return self

    def __exit__(self, *_):
        if self.original is not None:
            self.module.randn_tensor = self.original

    def draw(self, *args, **options):
        noise = self.replay.pop(0) if self.replay else torch_utils.randn_tensor(*args, **options)
        self.drawn.append(noise.clone())
        return noise

    def take(self):
        drawn, self.drawn = self.drawn, []
        return drawn[0] if drawn else None


def test_picture(height, width):
    """[1,3,H,W] in -1..1: two ramps and a checker, exact in binary."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    checker = ((x // 8 + y // 8) % 2) * 2 - 1
    return torch.stack([(x % 64).float() / 32 - 1, (y % 64).float() / 32 - 1, checker.float() * 0.75])[None]


def relative_l2(got, want):
    got, want = got.double(), want.double()
    return ((got - want).norm() / want.norm()).item()
