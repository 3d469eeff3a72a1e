"""Runs one case through the reference pipeline and writes everything an engine can be compared with."""
import json
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from PIL import Image

from recorder import Recorder
from spec import Case
from tensors import Tensors, write_tensors

# Case key -> argument of the pipeline, handed over only when the case has it.
OPTIONAL_ARGUMENTS = {
    "prompt_2": "prompt_2", "negative_2": "negative_prompt_2", "original_size": "original_size",
    "crops": "crops_coords_top_left", "target_size": "target_size", "negative_original_size": "negative_original_size",
    "negative_crops": "negative_crops_coords_top_left", "negative_target_size": "negative_target_size",
    "guidance_rescale": "guidance_rescale", "strength": "strength",
}


def input_picture(width: int, height: int) -> np.ndarray:
    """A deterministic uint8 RGB test picture: two gradients and a checker."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([(x * 255) // max(width - 1, 1), (y * 255) // max(height - 1, 1),
                     (((x // 8) + (y // 8)) % 2) * 200 + 20], -1).astype(np.uint8)


def text_tensors(pipe: StableDiffusionXLPipeline, text: str, prefix: str) -> Tensors:
    """Token ids and text tensors straight from the two encoders, without pipeline code."""
    out: Tensors = {}
    pairs = ((pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2))
    for index, (tokenizer, encoder) in enumerate(pairs, 1):
        ids = tokenizer([text], padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        with torch.no_grad():
            result = encoder(ids, output_hidden_states=True)
        assert len(result.hidden_states) == encoder.config.num_hidden_layers + 1
        out[f"{prefix}.ids_{index}"] = ids.to(torch.int32)
        out[f"{prefix}.hidden_{index}"] = result.hidden_states[-2]    # output of layer N-1, before the final norm
        if prefix == "prompt":
            out[f"{prefix}.last_{index}"] = result.last_hidden_state  # after the last layer and the final norm
        if index == 2:
            out[f"{prefix}.pooled"] = result.text_embeds
    return out


def make_scheduler(pipe: StableDiffusionXLPipeline, case: Case) -> Any:
    kind = getattr(diffusers, case.get("scheduler", "EDMDPMSolverMultistepScheduler"))
    # Keys listed in _use_default_values would go back to the defaults, the case's own changes included.
    config = {key: value for key, value in pipe.scheduler.config.items() if key != "_use_default_values"}
    return kind.from_config({**config, **case.get("scheduler_kwargs", {})})


def make_generator(case: Case) -> torch.Generator | list[torch.Generator]:
    if "seeds" in case:
        return [torch.Generator().manual_seed(seed) for seed in case["seeds"]]
    return torch.Generator().manual_seed(case["seed"])


def unit_noise(case: Case) -> torch.Tensor:
    """[samples,4,height/8,width/8]: what the pipeline must have drawn."""
    shape = (4, case["height"] // 8, case["width"] // 8)
    if "seeds" in case:
        return torch.cat([torch.randn((1, *shape), generator=torch.Generator().manual_seed(s)) for s in case["seeds"]])
    return torch.randn((case.get("samples", 1), *shape), generator=torch.Generator().manual_seed(case["seed"]))


def pipeline_arguments(case: Case, picture: np.ndarray | None) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "prompt": case["prompt"], "negative_prompt": case["negative"], "num_inference_steps": case["steps"],
        "guidance_scale": case["guidance"], "num_images_per_prompt": case.get("samples", 1),
        "generator": make_generator(case), "output_type": "np",
    }
    for key, argument in OPTIONAL_ARGUMENTS.items():
        if key in case:
            arguments[argument] = tuple(case[key]) if isinstance(case[key], list) else case[key]
    if picture is None:
        return {**arguments, "width": case["width"], "height": case["height"]}
    return {**arguments, "image": Image.fromarray(picture)}


def run_case(pipe: StableDiffusionXLPipeline, case: Case, folder: Path, png: bool = False) -> dict[str, Any]:
    """Writes ID.json and ID.safetensors (and ID.k.png per sample, ID.input.png); returns what the JSON holds."""
    scheduler = make_scheduler(pipe, case)
    picture = None
    runner = StableDiffusionXLPipeline(**pipe.components, add_watermarker=False)
    if "strength" in case:
        picture = input_picture(case.get("input_width", case["width"]), case.get("input_height", case["height"]))
        runner = StableDiffusionXLImg2ImgPipeline(**pipe.components, add_watermarker=False)
    runner.scheduler = scheduler
    runner.set_progress_bar_config(disable=True)
    with Recorder(pipe, scheduler) as record:
        images = runner(**pipeline_arguments(case, picture)).images  # [N,H,W,3] in 0…1
    pictures = (images * 255).round().astype("uint8")
    assert pictures.shape[1:3] == (case["height"], case["width"]), case["id"]

    tensors = dict(record.tensors)
    for name, text in (("prompt", case["prompt"]), ("negative", case["negative"]), ("prompt_2", case.get("prompt_2")),
                       ("negative_2", case.get("negative_2"))):
        if text is not None:
            tensors.update(text_tensors(pipe, text, name))
    if picture is None:
        tensors["noise"] = unit_noise(case)
        assert torch.equal(tensors["noise"] * scheduler.init_noise_sigma, record.latents[0])
    else:
        tensors["input_image_u8"] = torch.from_numpy(picture)
    tensors["sigmas"], tensors["timesteps"] = scheduler.sigmas.float(), scheduler.timesteps.float()
    tensors["latents"] = torch.stack(record.latents)   # [steps+1,N,4,h,w], [0] = initial, [-1] = result
    tensors["image_u8"] = torch.from_numpy(pictures)   # NHWC = rint(255 clamp(vae.output/2 + 0.5, 0, 1))
    check = (tensors["vae.output"] * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    assert np.array_equal((check * 255).round().astype("uint8"), pictures)
    assert all(torch.isfinite(tensor.float()).all() for tensor in tensors.values()), case["id"]

    write_tensors(folder / f"{case['id']}.safetensors", tensors)
    info = {**case, **describe(case, tensors, record, images)}
    (folder / f"{case['id']}.json").write_text(json.dumps(info, indent=1, ensure_ascii=False), encoding="utf-8")
    if png:
        for index, sample in enumerate(pictures):
            Image.fromarray(sample).save(folder / f"{case['id']}.{index}.png")
        if picture is not None:
            Image.fromarray(picture).save(folder / f"{case['id']}.input.png")
    return info


def describe(case: Case, tensors: Tensors, record: Recorder, images: np.ndarray) -> dict[str, Any]:
    return {
        "tensors": {name: [str(tensor.dtype).replace("torch.", ""), list(tensor.shape)]
                    for name, tensor in sorted(tensors.items())},
        "unet_timesteps": record.timesteps,
        "do_cfg": case["guidance"] > 1,
        "stats": {
            "final_latents_std": float(record.latents[-1].std()),
            "unet0_std": float(tensors["unet0.output"].std()),
            "image_mean": float(images.mean()), "image_std": float(images.std()),
            "image_clipped_share": float(((images <= 0) | (images >= 1)).mean()),
        },
    }
