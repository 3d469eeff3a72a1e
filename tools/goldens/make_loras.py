"""loras/: adapters with random weights under the names of each tool, and what the tiny model computes with them.

    .venv/bin/pip install peft==0.21.2 && .venv/bin/python make_loras.py ../../tests/fixtures/goldens

`NAME.safetensors` are the adapters, `expected.safetensors` has for each case the texts, the first prediction of the UNet and the latents after
two steps, computed by diffusers with PEFT; `manifest.json` has the cases.
"""
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import diffusers
import peft
import torch
from torch import nn

from recorder import Recorder
from tensors import Tensors, write_tensors
from tiny_model import load_pipeline

PROMPT = "a red apple on a blue background"
SIZE = 64
STEPS = 2

Layer = tuple[str, nn.Module]


def layers_of(model: nn.Module, wanted: tuple[str, ...]) -> list[Layer]:
    """Linear layers and convolutions whose names contain one of the parts."""
    return [(name, module) for name, module in model.named_modules()
            if isinstance(module, (nn.Linear, nn.Conv2d)) and any(part in name for part in wanted)]


def matrices(name: str, module: nn.Module, rank: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Large enough to be seen in every result, small enough for none to explode."""
    generator = torch.Generator().manual_seed(seed + zlib.crc32(name.encode()) % 1_000_000)
    weight = module.weight
    inner = weight[0].numel()
    if weight.ndim == 4:
        down, up = (rank, *weight.shape[1:]), (weight.shape[0], rank, 1, 1)
    else:
        down, up = (rank, weight.shape[1]), (weight.shape[0], rank)
    random = lambda shape, spread: (torch.randn(shape, generator=generator) * spread).half()
    return random(down, inner ** -0.5), random(up, 0.5 * rank ** -0.5)


def kohya(prefix: str, layers: list[Layer], rank: int, alpha: float | None, seed: int) -> Tensors:
    file: Tensors = {}
    for name, module in layers:
        down, up = matrices(prefix + name, module, rank, seed)
        stem = f"{prefix}_{name.replace('.', '_')}"
        file |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
        if alpha is not None:
            file[f"{stem}.alpha"] = torch.tensor(alpha).half()
    return file


def dotted(prefix: str, layers: list[Layer], rank: int, seed: int, ends: tuple[str, str]) -> Tensors:
    file: Tensors = {}
    for name, module in layers:
        down, up = matrices(prefix + name, module, rank, seed)
        file |= {f"{prefix}.{name}.{ends[0]}.weight": down, f"{prefix}.{name}.{ends[1]}.weight": up}
    return file


def original_name(name: str, per_block: int) -> str:
    """A layer of the UNet as the original training code calls it (here by hand, not by diffusers' own conversion)."""
    top = {"conv_in": "input_blocks.0.0", "conv_out": "out.2", "time_embedding.linear_1": "time_embed.0",
           "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
           "add_embedding.linear_2": "label_emb.0.2"}
    residual = {"conv1": "in_layers.2", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1",
                "conv_shortcut": "skip_connection"}
    if name in top:
        return top[name]
    parts = name.split(".")
    if parts[0] == "mid_block":
        place, rest = {"resnets": 2 * int(parts[2]), "attentions": 1}[parts[1]], ".".join(parts[3:])
        return f"middle_block.{place}.{residual.get(rest, rest)}"
    way, block, kind, layer, rest = parts[0], int(parts[1]), parts[2], int(parts[3]), ".".join(parts[4:])
    row = block * (per_block + 1) + layer
    start = f"input_blocks.{row + 1}" if way == "down_blocks" else f"output_blocks.{row}"
    if kind == "downsamplers":
        return f"input_blocks.{(block + 1) * (per_block + 1)}.0.op"
    if kind == "upsamplers":
        return f"output_blocks.{block * (per_block + 1) + per_block}.2.conv"
    return f"{start}.0.{residual.get(rest, rest)}" if kind == "resnets" else f"{start}.1.{rest}"


def text_layers(encoder: nn.Module, wanted: tuple[str, ...]) -> list[Layer]:
    """Under the names that every file has; transformers 5 has no `text_model.` in memory."""
    layers = layers_of(encoder, wanted)
    return [(name if name.startswith(("text_model.", "text_projection")) else f"text_model.{name}", module)
            for name, module in layers]


def make_adapters(pipe: Any) -> dict[str, tuple[Tensors, dict[str, str] | None]]:
    unet, first, second = pipe.unet, pipe.text_encoder, pipe.text_encoder_2
    attention = layers_of(unet, ("attentions.0.transformer_blocks.0.attn",))
    convolutions = layers_of(unet, ("resnets.0.conv", "resnets.0.time_emb_proj", "samplers.0.conv", "attentions.0.proj_"))
    texts = ("self_attn", "mlp.fc")
    encoders = [("text_encoder", text_layers(first, texts)), ("text_encoder_2", text_layers(second, texts))]
    per_block = unet.config.layers_per_block
    everything = [(original_name(name, per_block), module) for name, module in
                  layers_of(unet, ("resnets.1.conv", "attentions.1.transformer_blocks.0.ff", "samplers", "_embedding",
                                   "mid_block.attentions.0.transformer_blocks.0.attn2", "mid_block.resnets.0"))]
    kohya_file = kohya("lora_unet", attention + convolutions, 3, 2.0, 1)
    kohya_file |= kohya("lora_te1", encoders[0][1], 2, 1.0, 2) | kohya("lora_te2", encoders[1][1], 2, 1.0, 3)
    peft_file = dotted("unet", layers_of(unet, ("attentions.1.transformer_blocks.0.attn",)), 2, 5, ("lora_A", "lora_B"))
    older = dotted("unet", attention, 2, 6, ("lora.down", "lora.up"))
    for name, layers in encoders:
        peft_file |= dotted(name, layers, 2, 7, ("lora_A", "lora_B"))
        older |= dotted(name, layers, 2, 8, ("lora_linear_layer.down", "lora_linear_layer.up"))
    processors = {}
    for key, tensor in dotted("unet", attention, 2, 9, ("lora.down", "lora.up")).items():
        key = key.replace(".to_out.0.", ".to_out.").replace(".attn1.", ".attn1.processor.")
        processors[key.replace(".attn2.", ".attn2.processor.").replace(".lora.", "_lora.")] = tensor
    dora = kohya("lora_unet", attention, 2, 4.0, 10)
    for key in [key for key in dora if key.endswith("lora_up.weight")]:
        dora[key.replace("lora_up.weight", "dora_scale")] = torch.ones(dora[key].shape[0], 1).half()
    alphas = {f"unet.{key}": value for key, value in {"r": 2, "lora_alpha": 5, "target_modules": ["to_q"]}.items()}
    configured = dotted("unet", [layer for layer in attention if layer[0].endswith("to_q")], 2, 11, ("lora_A", "lora_B"))
    return {
        "kohya": (kohya_file, None),
        "original_names": (kohya("lora_unet", everything, 2, None, 4), None),
        "peft": (peft_file, None),
        "peft_alpha": (configured, {"format": "pt", "lora_adapter_metadata": json.dumps(alphas)}),
        "older": (older, None),
        "processors": (processors, None),
        "dora": (dora, None),
    }


CASES: dict[str, list[tuple[str, float]]] = {
    "none": [],
    "kohya": [("kohya", 1.0)],
    "original_names": [("original_names", 0.7)],
    "peft": [("peft", 1.0)],
    "peft_alpha": [("peft_alpha", 1.0)],
    "older": [("older", 1.0)],
    "processors": [("processors", 1.0)],
    "dora": [("dora", 1.0)],
    "several": [("kohya", 0.6), ("peft", -0.5), ("original_names", 0.4)],
}


@torch.no_grad()
def run_case(pipe: Any, noise: torch.Tensor) -> Tensors:
    with Recorder(pipe, pipe.scheduler) as recorder:
        pipe(PROMPT, height=SIZE, width=SIZE, num_inference_steps=STEPS, guidance_scale=1.0,
             latents=noise.clone(), output_type="latent")
    names = {"unet0.encoder_hidden_states": "context", "unet0.text_embeds": "pooled", "unet0.output": "prediction"}
    return {short: recorder.tensors[name] for name, short in names.items()} | {"latents": recorder.latents[-1]}


def main(goldens: Path) -> None:
    torch.set_num_threads(1)
    folder = goldens / "loras"
    pipe = load_pipeline(goldens / "model")
    noise = torch.randn((1, 4, SIZE // 8, SIZE // 8), generator=torch.Generator().manual_seed(5))
    expected: Tensors = {"noise": noise}
    for name, (tensors, metadata) in make_adapters(pipe).items():
        write_tensors(folder / f"{name}.safetensors", tensors, metadata)
    for case, adapters in CASES.items():
        pipe = load_pipeline(goldens / "model")
        for name, _ in adapters:
            pipe.load_lora_weights(folder, weight_name=f"{name}.safetensors", adapter_name=name)
        if adapters:
            pipe.set_adapters([name for name, _ in adapters], [weight for _, weight in adapters])
        result = run_case(pipe, noise)
        for name, tensor in result.items():
            expected[f"{case}.{name}"] = tensor
        changed = (result["prediction"] - expected["none.prediction"]).abs().max().item()
        print(case, f"prediction changed by {changed:.3g}")
        if adapters and changed < 1e-3:
            raise RuntimeError(f"{case}: the adapters changed nothing")
    write_tensors(folder / "expected.safetensors", expected)
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__, "peft": peft.__version__}
    facts = {"versions": versions, "prompt": PROMPT, "size": SIZE, "steps": STEPS, "cases": CASES}
    (folder / "manifest.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
