"""inpainting/: runs of diffusers' inpainting pipeline with the tiny model, and with one whose UNet takes nine channels.

    .venv/bin/python make_inpainting.py ../../tests/fixtures/goldens

`runs.safetensors` has pictures, masks, latents after each step and the pictures made; `conv_in` is all that the nine-channel UNet has
besides the model in `model/`. `schedulers.*` has trajectories with each scheduler, and Pillow's blurs. The tiny model must be there.
"""
import json
import sys
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionXLInpaintPipeline
from PIL import Image, ImageDraw, ImageFilter

from cases import input_picture, make_scheduler
from make_goldens import quiet_and_exact
from make_samplers import KINDS, SDXL, SHAPE, stand_in
from tensors import Tensors, write_tensors
from tiny_model import load_pipeline

Json = dict[str, Any]

RUNS: list[Json] = [
    {"id": "whole", "steps": 6, "strength": 1.0, "picture": [96, 96], "width": 64, "height": 64, "seed": 3},
    {"id": "half", "steps": 8, "strength": 0.6, "picture": [64, 80], "width": 64, "height": 80, "seed": 4, "blur": 3},
    {"id": "padded", "steps": 6, "strength": 0.7, "picture": [150, 110], "width": 64, "height": 72, "seed": 5,
     "padding": 8, "blur": 2},
    {"id": "two_euler", "steps": 6, "strength": 0.7, "picture": [64, 64], "width": 64, "height": 64, "seed": 6,
     "samples": 2, "scheduler": "EDMEulerScheduler"},
    {"id": "nine_whole", "steps": 5, "strength": 1.0, "picture": [64, 64], "width": 64, "height": 64, "seed": 7,
     "channels": 9},
    {"id": "nine_padded_two", "steps": 6, "strength": 0.7, "picture": [90, 120], "width": 72, "height": 64, "seed": 8,
     "channels": 9, "padding": 16, "samples": 2},
]
TRAJECTORY_STEPS = 9


class Inpainting(StableDiffusionXLInpaintPipeline):
    """With the latent statistics of the VAE, as in the reference's image-to-image pipeline and in its own decoding: its encoding lacks them."""

    def _encode_vae_image(self, image: torch.Tensor, generator: Any) -> torch.Tensor:
        config = self.vae.config
        mean, std = (torch.tensor(values).view(1, 4, 1, 1) for values in (config.latents_mean, config.latents_std))
        encoded = super()._encode_vae_image(image, generator) / config.scaling_factor
        return (encoded - mean) * config.scaling_factor / std


def mask_picture(width: int, height: int) -> Image.Image:
    """An ellipse off the centre, and a bar."""
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    draw.ellipse((width // 3, height // 4, width * 2 // 3, height * 5 // 8), fill=255)
    draw.rectangle((width // 2, height // 3, width * 3 // 4, height // 2), fill=200)
    return mask


def nine_channels(pipe: Any) -> torch.Tensor:
    """Puts another first convolution into the UNet."""
    old = pipe.unet.conv_in
    generator = torch.Generator().manual_seed(99)
    more = torch.randn((old.out_channels, 5, 3, 3), generator=generator) / (5 * 9) ** 0.5
    weight = torch.cat([old.weight.data, more], 1).half().float()
    conv = torch.nn.Conv2d(9, old.out_channels, 3, padding=1)
    conv.weight.data, conv.bias.data = weight, old.bias.data
    pipe.unet.conv_in = conv
    pipe.unet.register_to_config(in_channels=9)
    return weight


def run(pipe: Any, case: Json) -> Tensors:
    picture = Image.fromarray(input_picture(*case["picture"]))
    mask = mask_picture(*case["picture"])
    runner = Inpainting(**pipe.components, add_watermarker=False)
    runner.scheduler = make_scheduler(pipe, case)
    runner.set_progress_bar_config(disable=True)
    soft = runner.mask_processor.blur(mask, case["blur"]) if "blur" in case else mask
    latents: list[torch.Tensor] = []

    def on_step(_pipe: Any, _index: int, _timestep: Any, values: Json) -> Json:
        latents.append(values["latents"].clone())
        return {}

    images = runner(
        prompt="a fox in the snow", image=picture, mask_image=soft, width=case["width"], height=case["height"],
        strength=case["strength"], num_inference_steps=case["steps"], guidance_scale=3.0, negative_prompt=None,
        num_images_per_prompt=case.get("samples", 1), generator=torch.Generator().manual_seed(case["seed"]),
        padding_mask_crop=case.get("padding"), callback_on_step_end=on_step,
    ).images
    if "padding" not in case:
        size = (case["width"], case["height"])
        fitting, edge = picture.resize(size, Image.LANCZOS), soft.resize(size, Image.LANCZOS)
        images = [runner.image_processor.apply_overlay(edge, fitting, image) for image in images]
    return {
        "picture": torch.from_numpy(np.array(picture)), "mask": torch.from_numpy(np.array(mask)),
        "latents": torch.stack(latents), "images": torch.from_numpy(np.stack([np.array(image) for image in images])),
    }


def masked_trajectory(kind: str, begin: int, seed: int) -> Tensors:
    """The pipeline's loop with a stand-in for the network."""
    scheduler = KINDS[kind].from_config(SDXL)
    scheduler.set_timesteps(TRAJECTORY_STEPS)
    first = begin * scheduler.order
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    generator = torch.Generator().manual_seed(seed)
    clean = torch.randn(SHAPE, generator=generator)
    noise = torch.randn(SHAPE, generator=generator)
    mask = (torch.rand((1, 1, *SHAPE[2:]), generator=torch.Generator().manual_seed(seed)) > 0.5).float()
    timesteps = scheduler.timesteps[first:]
    x = noise * scheduler.init_noise_sigma if begin == 0 else scheduler.add_noise(clean, noise, timesteps[:1])
    own = {"generator": generator} if kind in ("euler_ancestral", "ddim", "lcm", "tcd") else {}
    states = []
    for index, timestep in enumerate(timesteps):
        output = stand_in(scheduler.scale_model_input(x, timestep), timestep)
        x = scheduler.step(output, timestep, x, return_dict=False, **own)[0]
        kept = clean
        if index < len(timesteps) - 1:
            kept = scheduler.add_noise(clean, noise, torch.tensor([timesteps[index + 1]]))
        x = (1 - mask) * kept + mask * x
        states.append(x.clone())
    return {"clean": clean.flatten(), "noise": noise.flatten(), "mask": mask.flatten(), "last": states[-1].flatten()}


def main(folder: Path) -> None:
    quiet_and_exact()
    pipe = load_pipeline(folder / "model")
    out = folder / "inpainting"
    tensors: Tensors = {}
    for case in sorted(RUNS, key=lambda each: each.get("channels", 4)):
        if case.get("channels") == 9 and "conv_in.weight" not in tensors:
            tensors["conv_in.weight"] = nine_channels(pipe)
        tensors.update({f"{case['id']}.{name}": value for name, value in run(pipe, case).items()})
    write_tensors(out / "runs.safetensors", tensors)
    schedulers: Tensors = {}
    for seed, (kind, begin) in enumerate([(kind, begin) for kind in KINDS for begin in (0, 3)], start=1):
        values = masked_trajectory(kind, begin, seed)
        schedulers.update({f"{kind}.{begin}.{name}": value for name, value in values.items()})
    for radius in (1, 4, 7.5):
        blurred = mask_picture(61, 40).filter(ImageFilter.GaussianBlur(radius))
        schedulers[f"blur.{radius}"] = torch.from_numpy(np.array(blurred))
    schedulers["blur.mask"] = torch.from_numpy(np.array(mask_picture(61, 40)))
    write_tensors(out / "schedulers.safetensors", schedulers)
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    facts = {"versions": versions, "prompt": "a fox in the snow", "guidance": 3.0, "steps": TRAJECTORY_STEPS, "runs": RUNS,
             "seeds": {f"{kind}.{begin}": seed for seed, (kind, begin) in
                       enumerate([(kind, begin) for kind in KINDS for begin in (0, 3)], start=1)}}
    (out / "manifest.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
