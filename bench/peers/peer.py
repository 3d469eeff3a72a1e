#!/usr/bin/env python3
"""One peer of bench:peers: gets ready, says so, then does the work once for every line on standard input.

    python peer.py ENGINE CASE MODEL --size 512 --threads 2 [--steps 25] [--cache FOLDER]

Prints one JSON object a line: {"ready": seconds} first, then {"seconds": s} for every line read.
CASE is `unet` (one forward pass, batch 1) or `picture` (prompt to pixels with guidance, so two passes a step).
Inputs are seeded noise: the time of a pass does not depend on them.
"""
import argparse
import gc
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

PROMPT = "a red apple on a blue background"


def say(**figures: float) -> None:
    print(json.dumps(figures), flush=True)


def unet_inputs(size: int, dtype):
    import torch

    noise = torch.Generator().manual_seed(1)
    side = size // 8
    return {
        "sample": torch.randn((1, 4, side, side), generator=noise).to(dtype),
        "timestep": torch.tensor(0.5).to(dtype),
        "encoder_hidden_states": torch.randn((1, 77, 2048), generator=noise).to(dtype),
        "text_embeds": torch.randn((1, 1280), generator=noise).to(dtype),
        "time_ids": torch.tensor([[size, size, 0, 0, size, size]], dtype=torch.float32).to(dtype),
    }


def diffusers_unet(model: Path, dtype, size: int) -> Callable[[], object]:
    import torch
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(model / "unet", variant="fp16", dtype=dtype).eval()
    given = unet_inputs(size, dtype)
    added = {name: given.pop(name) for name in ("text_embeds", "time_ids")}

    def run():
        with torch.inference_mode():
            return unet(**given, added_cond_kwargs=added, return_dict=False)[0]

    return run


def diffusers_picture(model: Path, dtype, size: int, steps: int) -> Callable[[], object]:
    import torch
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(model, variant="fp16", torch_dtype=dtype)
    pipe.set_progress_bar_config(disable=True)

    def run():
        with torch.inference_mode():
            return pipe(PROMPT, width=size, height=size, num_inference_steps=steps, guidance_scale=3.0,
                        generator=torch.Generator().manual_seed(1)).images

    return run


def openvino_model(model: Path, precision: str, size: int, cache: Path) -> Path:
    """The UNet as OpenVINO's IR, made once; `weights8` has int8 weights, `int8` quantised activations too."""
    import openvino as ov

    kind = precision if precision in ("weights8", "int8") else "float"
    made = cache / f"unet-{size}-{kind}.xml"
    if made.exists():
        return made
    cache.mkdir(parents=True, exist_ok=True)
    if kind == "float":
        import torch
        from diffusers import UNet2DConditionModel

        unet = UNet2DConditionModel.from_pretrained(model / "unet", variant="fp16", dtype=torch.float32).eval().requires_grad_(False)

        class Flat(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.unet = unet

            def forward(self, sample, timestep, encoder_hidden_states, text_embeds, time_ids):
                added = {"text_embeds": text_embeds, "time_ids": time_ids}
                return self.unet(sample, timestep, encoder_hidden_states, added_cond_kwargs=added, return_dict=False)[0]

        with torch.inference_mode():
            converted = ov.convert_model(Flat().eval(), example_input=unet_inputs(size, torch.float32))
        del unet
    else:
        import nncf
        import torch

        plain = openvino_model(model, "f32", size, cache)
        converted = ov.Core().read_model(plain)
        if kind == "weights8":
            converted = nncf.compress_weights(converted, mode=nncf.CompressWeightsMode.INT8_SYM)
        else:
            given = {name: value.numpy() for name, value in unet_inputs(size, torch.float32).items()}
            data = nncf.Dataset([list(given.values())])
            converted = nncf.quantize(converted, data, subset_size=1, model_type=nncf.ModelType.TRANSFORMER)
    writing = cache / f"writing-{made.name}"
    ov.save_model(converted, writing, compress_to_fp16=True)
    writing.with_suffix(".bin").rename(made.with_suffix(".bin"))
    writing.rename(made)
    gc.collect()
    return made


def openvino_unet(path: Path, precision: str, size: int, threads: int) -> Callable[[], object]:
    import openvino as ov
    import torch

    hint = ov.Type.bf16 if precision.endswith("bf16") else ov.Type.f32
    options = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = ov.Core().compile_model(path, "CPU", options)
    request = compiled.create_infer_request()
    given = [value.numpy() for value in unet_inputs(size, torch.float32).values()]
    return lambda: request.infer(given)


RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
          "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection"}
OUTSIDE = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
           "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0",
           "conv_out": "out.2"}


def ldm_name(name: str) -> str:
    """A tensor of diffusers' SDXL UNet under the name that it has in Stability's own files."""
    layer, kind = name.rsplit(".", 1)
    if layer in OUTSIDE:
        return f"{OUTSIDE[layer]}.{kind}"
    block, *rest = layer.split(".")
    if block == "mid_block":
        part, index, *inner = rest
        place = f"middle_block.{1 if part == 'attentions' else 2 * int(index)}"
    else:
        level, part, index, *inner = rest
        down = block == "down_blocks"
        if part == "downsamplers":
            return f"input_blocks.{3 * (int(level) + 1)}.0.op.{kind}"
        if part == "upsamplers":
            return f"output_blocks.{3 * int(level) + 2}.{2 if int(level) < 2 else 1}.conv.{kind}"
        at = 3 * int(level) + int(index) + (1 if down else 0)
        place = f"{'input' if down else 'output'}_blocks.{at}.{1 if part == 'attentions' else 0}"
    if part == "resnets":
        return f"{place}.{RESNET[inner[0]]}.{kind}"
    return ".".join([place, *inner, kind])


def ldm_checkpoint(model: Path, cache: Path) -> Path:
    """UNet and text encoders in one file with the names that stable-diffusion.cpp tells a model by; made once."""
    made = cache / "sdxl-ldm.safetensors"
    if made.exists():
        return made
    parts = {
        "unet/diffusion_pytorch_model": lambda name: f"model.diffusion_model.{ldm_name(name)}",
        "text_encoder/model": lambda name: f"conditioner.embedders.0.transformer.{name}",
        "text_encoder_2/model": lambda name: f"conditioner.embedders.1.transformer.{name}",
    }
    files, tensors, start = [], {}, 0
    for part, rename in parts.items():
        file = (model / f"{part}.fp16.safetensors").open("rb")
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        header.pop("__metadata__", None)
        for name, facts in header.items():
            tensors[rename(name)] = {**facts, "data_offsets": [start + offset for offset in facts["data_offsets"]]}
        start += max(facts["data_offsets"][1] for facts in header.values())
        files.append(file)
    text = json.dumps(tensors).encode()
    text += b" " * (-len(text) % 8)
    cache.mkdir(parents=True, exist_ok=True)
    writing = cache / f"writing-{made.name}"
    with writing.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for file in files:
            shutil.copyfileobj(file, out, 1 << 24)
    writing.rename(made)
    return made


def sdcpp_picture(model: Path, checkpoint: Path, size: int, steps: int, threads: int) -> Callable[[], object]:
    """stable-diffusion.cpp has none of Playground v2.5's samplers; Euler takes as many passes."""
    from cyllama.sd.stable_diffusion import Prediction, SampleMethod, SDContext, SDContextParams, SDType

    vae = model / "vae/diffusion_pytorch_model.fp16.safetensors"
    params = SDContextParams(model_path=str(checkpoint), vae_path=str(vae), n_threads=threads, wtype=SDType.F16)
    params.prediction = Prediction.EDM_V
    context = SDContext(params)

    def run():
        return context.generate(PROMPT, width=size, height=size, sample_steps=steps, cfg_scale=3.0, seed=1,
                                sample_method=SampleMethod.EULER)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=["diffusers", "openvino", "sdcpp"])
    parser.add_argument("precision", choices=["fp32", "f32", "weights8", "weights8-bf16", "int8", "bf16", "f16"])
    parser.add_argument("case", choices=["unet", "picture"])
    parser.add_argument("model", type=Path)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--prepare", action="store_true", help="only make what the engine needs once, such as its own model file")
    args = parser.parse_args()

    if args.engine == "openvino":
        path = openvino_model(args.model, args.precision.removesuffix("-bf16") if "weights8" in args.precision
                              else args.precision, args.size, args.cache)
        if args.prepare:
            return
        began = time.perf_counter()
        run = openvino_unet(path, args.precision, args.size, args.threads)
        say(ready=time.perf_counter() - began)
    elif args.engine == "sdcpp":
        checkpoint = ldm_checkpoint(args.model, args.cache)
        if args.prepare:
            return
        began = time.perf_counter()
        run = sdcpp_picture(args.model, checkpoint, args.size, args.steps, args.threads)
        say(ready=time.perf_counter() - began)
    else:
        import torch

        if args.prepare:
            return
        torch.set_num_threads(args.threads)
        dtype = torch.float32 if args.precision == "fp32" else torch.bfloat16
        began = time.perf_counter()
        run = (diffusers_unet(args.model, dtype, args.size) if args.case == "unet"
               else diffusers_picture(args.model, dtype, args.size, args.steps))
        say(ready=time.perf_counter() - began)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        say(seconds=time.perf_counter() - began)


main()
