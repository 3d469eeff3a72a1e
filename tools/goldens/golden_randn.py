"""randn.safetensors and .json: what torch's CPU generator gives for a seed."""
import hashlib
import json
from pathlib import Path

import torch

from tensors import Tensors, write_tensors

# Below, at and above 16 elements, where torch changes its method; several dimensions.
SHAPES = ((1,), (2,), (3,), (7,), (8,), (15,), (16,), (17,), (18,), (23,), (24,), (31,), (32,), (33,), (47,), (64,),
          (2, 3, 5), (1, 4, 8, 8), (1, 4, 9, 11), (2, 4, 8, 12))


def fresh(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def small_draws(seed: int) -> Tensors:
    out = {
        f"uniform8.{seed}": torch.rand(8, generator=fresh(seed)),
        # raw mt19937 outputs with the top bit cleared (one 32-bit draw per int32 value)
        f"mt31.{seed}": torch.empty(16, dtype=torch.int32).random_(generator=fresh(seed)),
        f"randn_fp16.{seed}.1x4x8x8": torch.randn((1, 4, 8, 8), generator=fresh(seed), dtype=torch.float16),
    }
    for shape in SHAPES:
        out[f"randn.{seed}.{size(shape)}"] = torch.randn(shape, generator=fresh(seed))
    # consecutive calls on one generator: the cached second value and the groups of 16 interact
    generator = fresh(seed)
    out[f"seq_3_16_3_17.{seed}"] = torch.cat([torch.randn(count, generator=generator) for count in (3, 16, 3, 17)])
    return out


def large_draws(seed: int) -> dict[str, object]:
    """Hashes and ends only, to keep the fixtures small."""
    shapes = ((1, 4, 128, 128), (4, 4, 128, 128), (1, 4, 127, 129))
    one, four, odd = (torch.randn(shape, generator=fresh(seed)) for shape in shapes)
    assert torch.equal(four[:1], one)
    return {
        "seed": seed, "low32": seed & 0xFFFFFFFF,
        "sha256_f32le": {size(tuple(t.shape)): hashlib.sha256(t.numpy().tobytes()).hexdigest()
                         for t in (one, four, odd)},
        "head_1x4x128x128": one.flatten()[:8].tolist(),
        "tail_1x4x127x129": odd.flatten()[-20:].tolist(),
    }


def randn_goldens(folder: Path, seeds: list[int]) -> None:
    tensors: Tensors = {}
    for seed in seeds:
        tensors.update(small_draws(seed))
    tensors[f"randn.{seeds[0]}.1x4x128x128"] = torch.randn((1, 4, 128, 128), generator=fresh(seeds[0]))
    write_tensors(folder / "randn.safetensors", tensors)
    note = ("torch CPU default_generator semantics, float32; sha256 over little-endian float32 bytes. "
            "torch.backends.cpu capability: " + torch.backends.cpu.get_cpu_capability())
    index = {"note": note, "seeds": [large_draws(seed) for seed in seeds]}
    (folder / "randn.json").write_text(json.dumps(index, indent=1))
