#!/usr/bin/env python3
"""Reference outputs of a full-size model folder, computed with torch in float32 from the stored (fp16) weights.

    python make_reference.py MODEL_DIR OUT.safetensors [--threads 2] [--only text vae unet-512x512 ...]

Components are loaded one after the other, so the peak is that of the UNet: 16 GB, 5 GB of it page cache.
Beside OUT.safetensors a JSON file of the same name records seconds, memory, versions and the CPU.
"""
import argparse
import gc
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))

from tensors import Tensors, write_tensors  # noqa: E402

PROMPT = "Astronaut in a jungle, cold color palette, muted colors, detailed, 8k"
# (height, width, sigma): the first call has timestep 0.25 ln 1 = 0, the second another one and is not square.
UNET_CALLS = ((512, 512, 1.0), (512, 768, 10.0), (1024, 1024, 1.0))

Result = TypeVar("Result")


class Stopwatch:
    """Seconds of named actions, with the process's memory high-water mark after each."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def measure(self, name: str, action: Callable[[], Result]) -> Result:
        start = time.perf_counter()
        result = action()
        seconds = time.perf_counter() - start
        status = Path("/proc/self/status")
        peak = next((line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")),
                    None) if status.exists() else None
        row = {"what": name, "seconds": round(seconds, 2), "peak_rss_mb": peak and int(peak) // 1024}
        self.rows.append(row)
        print(row, flush=True)
        return result


def text_reference(model: Path, watch: Stopwatch) -> Tensors:
    """ids [1,77] int32, hidden = hidden_states[-2] [1,77,D]; the second encoder also pooled [1,D]."""
    out: Tensors = {}
    for index, encoder_class in enumerate((CLIPTextModel, CLIPTextModelWithProjection), 1):
        suffix = "" if index == 1 else "_2"
        tokenizer = CLIPTokenizer.from_pretrained(model / f"tokenizer{suffix}")
        encoder = watch.measure(f"load text_encoder{suffix}", lambda cls=encoder_class, s=suffix: cls.from_pretrained(
            model / f"text_encoder{s}", variant="fp16", dtype=torch.float32).eval())
        ids = tokenizer([PROMPT], padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        result = watch.measure(f"text_encoder{suffix}", lambda e=encoder, i=ids: e(i, output_hidden_states=True))
        out[f"text_{index}.ids"] = ids.to(torch.int32)
        out[f"text_{index}.hidden"] = result.hidden_states[-2]
        if index == 2:
            out["text_2.pooled"] = result.text_embeds
        del encoder
        gc.collect()
    return out


def vae_reference(model: Path, watch: Stopwatch, height: int = 512, width: int = 512) -> Tensors:
    """decode: latents [1,4,h,w] as the decoder gets them (denormalised) -> [1,3,H,W]; encode: picture -> moments."""
    vae = watch.measure("load vae", lambda: AutoencoderKL.from_pretrained(
        model / "vae", variant="fp16", dtype=torch.float32).eval())
    noise = torch.Generator().manual_seed(20)
    mean, std = (torch.tensor(v).view(1, 4, 1, 1) for v in (vae.config.latents_mean, vae.config.latents_std))
    latents = torch.randn((1, 4, height // 8, width // 8), generator=noise) * std + mean
    picture = torch.rand((1, 3, height, width), generator=noise) * 2 - 1
    return {
        "vae.decode.latents": latents,
        "vae.decode.output": watch.measure(f"vae decode {width}x{height}", lambda: vae.decode(latents).sample),
        "vae.encode.picture": picture,
        "vae.encode.moments": watch.measure(f"vae encode {width}x{height}",
                                            lambda: vae.encode(picture).latent_dist.parameters),
    }


def unet_inputs(height: int, width: int, sigma: float) -> Tensors:
    """Seeded inputs of one call; `sample` is what the UNet sees, already scaled to unit variance."""
    noise = torch.Generator().manual_seed(height + width)
    return {
        "sample": torch.randn((1, 4, height // 8, width // 8), generator=noise),
        "timestep": 0.25 * torch.log(torch.tensor([sigma])),
        "encoder_hidden_states": torch.randn((1, 77, 2048), generator=noise),
        "text_embeds": torch.randn((1, 1280), generator=noise),
        "time_ids": torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32),
    }


def unet_reference(model: Path, watch: Stopwatch, calls: list[tuple[int, int, float]]) -> Tensors:
    """Inputs and raw output of each call, as `unet_HEIGHTxWIDTH.*`."""
    unet = watch.measure("load unet", lambda: UNet2DConditionModel.from_pretrained(
        model / "unet", variant="fp16", dtype=torch.float32).eval())
    out: Tensors = {}
    for height, width, sigma in calls:
        given = unet_inputs(height, width, sigma)
        added = {"text_embeds": given["text_embeds"], "time_ids": given["time_ids"]}
        output = watch.measure(f"unet {width}x{height}", lambda g=given, a=added: unet(
            g["sample"], g["timestep"], g["encoder_hidden_states"], added_cond_kwargs=a).sample)
        assert torch.isfinite(output).all()
        out.update({f"unet_{height}x{width}.{name}": tensor for name, tensor in given.items()})
        out[f"unet_{height}x{width}.output"] = output
    return out


def cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines()
             if line.startswith("model name")] if info.exists() else []
    return names[0] if names else platform.processor()


def main() -> None:
    names = ["text", "vae"] + [f"unet-{h}x{w}" for h, w, _ in UNET_CALLS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="default: everything")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    watch = Stopwatch()
    tensors: Tensors = {}
    with torch.no_grad():
        if "text" in args.only:
            tensors.update(text_reference(args.model, watch))
        if "vae" in args.only:
            tensors.update(vae_reference(args.model, watch))
        calls = [call for call in UNET_CALLS if f"unet-{call[0]}x{call[1]}" in args.only]
        if calls:
            tensors.update(unet_reference(args.model, watch, calls))
    write_tensors(args.out, tensors)
    record = {
        "prompt": PROMPT, "threads": args.threads, "cpu": cpu_name(),
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__, "diffusers": diffusers.__version__, "transformers": transformers.__version__,
        "measured": watch.rows, "tensors": {name: list(tensor.shape) for name, tensor in sorted(tensors.items())},
    }
    args.out.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
