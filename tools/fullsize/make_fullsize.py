#!/usr/bin/env python3
"""Writes a full-size Playground v2.5 with seeded random weights: a diffusers folder, fp16 safetensors, 6.9 GB.

    python make_fullsize.py OUT_DIR [--seed 1] [--model ssd-1b]

Other models of the SDXL line are that with another UNet, SDXL's VAE and SDXL's scheduler: SSD-1B 4.5 GB, Segmind-Vega 3.3 GB.

numpy only; every tensor is produced, written and dropped, so memory stays below 100 MB.
"""
import argparse
import json
import math
import struct
import sys
import time
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))

import pg_configs  # noqa: E402
from model_folder import VOCABULARY, dump_json, weight_file, write_folder  # noqa: E402
from pg_layout import ENUMERATE, Entry  # noqa: E402

CONFIGS = {"unet": pg_configs.UNET, "vae": pg_configs.VAE, "text_encoder": pg_configs.TEXT_ENCODER,
           "text_encoder_2": pg_configs.TEXT_ENCODER_2}
RESIDUAL_OUTPUTS = (".conv2.", ".to_out.0.", ".ff.net.2.", ".proj_out.", ".out_proj.", ".fc2.")
ATTENTION_INPUTS = (".to_q.", ".to_k.", ".q_proj.", ".k_proj.")
SDXL_SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
    "clip_sample": False, "interpolation_type": "linear", "num_train_timesteps": 1000, "prediction_type": "epsilon",
    "set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading", "use_karras_sigmas": False,
}
ONE_BLOCK = {"mid_block_type": "UNetMidBlock2D"}
UNETS: dict[str, pg_configs.Config] = {
    "sdxl": {},
    "ssd-1b": {**ONE_BLOCK, "transformer_layers_per_block": [1, [2, 2], [4, 4]],
               "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1]},
    "segmind-vega": {**ONE_BLOCK, "transformer_layers_per_block": [1, 1, 2]},
}
CHUNK = 1 << 22  # elements produced at a time


def distribution(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """(mean, standard deviation) with which activations stay O(1…10) through all blocks, as in a trained model."""
    if name.endswith(".bias"):
        return 0, 0.02
    if len(shape) == 1:  # the scale of a norm
        return 1, 0.05
    if "token_embedding" in name:
        return 0, 0.5
    if "position_embedding" in name:
        return 0, 0.1
    gain = 1.0
    if any(key in name for key in RESIDUAL_OUTPUTS):
        gain = 0.2
    elif any(key in name for key in ATTENTION_INPUTS):
        gain = 1.3
    elif name.startswith("decoder.conv_out"):
        gain = 0.4
    return 0, gain / math.sqrt(math.prod(shape[1:]))


def write_safetensors(path: Path, tensors: list[Entry], seed: int) -> int:
    """Laid out as the safetensors library does: names sorted, compact JSON header padded to 8 bytes. Returns values."""
    tensors = sorted(tensors)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in tensors:
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    blob = json.dumps(header, separators=(",", ":")).encode()
    blob += b" " * (-len(blob) % 8)
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<Q", len(blob)))
        file.write(blob)
        for name, shape in tensors:
            mean, deviation = distribution(name, shape)
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            left = math.prod(shape)
            while left:
                count = min(left, CHUNK)
                values = rng.standard_normal(count, dtype=np.float32)
                values *= np.float32(deviation)
                if mean:  # adding 0 would turn -0 into +0
                    values += np.float32(mean)
                file.write(values.astype(np.float16).data)
                left -= count
    return offset // 2


def sdxl_configs(model: str) -> dict[str, pg_configs.Config]:
    vae = {key: value for key, value in pg_configs.VAE.items() if not key.startswith("latents_")}
    return {**CONFIGS, "unet": {**pg_configs.UNET, **UNETS[model]}, "vae": {**vae, "scaling_factor": 0.13025}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vocabulary", type=Path, default=VOCABULARY, help="folder with vocab.json and merges.txt")
    parser.add_argument("--model", choices=["playground-v2.5", *UNETS], default="playground-v2.5")
    args = parser.parse_args()
    configs = CONFIGS if args.model == "playground-v2.5" else sdxl_configs(args.model)
    write_folder(args.out, configs, args.vocabulary)
    if args.model != "playground-v2.5":
        dump_json(SDXL_SCHEDULER, args.out / "scheduler" / "scheduler_config.json")
    for component, config in configs.items():
        start = time.perf_counter()
        path = args.out / component / weight_file(component, "fp16")
        tensors = list(ENUMERATE[component](config))
        parameters = write_safetensors(path, tensors, args.seed)
        print(f"{path.relative_to(args.out)}: {path.stat().st_size:,} bytes, {parameters:,} parameters, "
              f"{len(tensors)} tensors, {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
