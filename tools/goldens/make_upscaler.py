"""upscaler/: small RRDBNets with random weights (Wang et al. 2018, "ESRGAN"), in the layouts of files, and what they compute.

    .venv/bin/python make_upscaler.py ../../tests/fixtures/goldens

`*.safetensors` are the weights under the names that files have; `expected.safetensors` has a picture and each network's answer.
"""
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import interpolate, leaky_relu, pixel_unshuffle

from tensors import Tensors, write_tensors

WIDTH, GROWTH, BLOCKS = 8, 4, 2
SCALE, SLOPE = 0.2, 0.2


class DenseBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for index in range(1, 6):
            out = WIDTH if index == 5 else GROWTH
            setattr(self, f"conv{index}", nn.Conv2d(WIDTH + (index - 1) * GROWTH, out, 3, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x
        for index in range(1, 5):
            seen = torch.cat([seen, leaky_relu(getattr(self, f"conv{index}")(seen), SLOPE)], 1)
        return self.conv5(seen) * SCALE + x


class ResidualInResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = DenseBlock(), DenseBlock(), DenseBlock()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rdb3(self.rdb2(self.rdb1(x))) * SCALE + x


class RRDBNet(nn.Module):
    """`fold`: pixels of a block that become channels first; `doublings`: of the sides, at the end."""

    def __init__(self, fold: int, doublings: int) -> None:
        super().__init__()
        self.fold, self.doublings = fold, doublings
        self.conv_first = nn.Conv2d(3 * fold**2, WIDTH, 3, padding=1)
        self.body = nn.Sequential(*(ResidualInResidual() for _ in range(BLOCKS)))
        self.conv_body = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        for index in range(1, doublings + 1):
            setattr(self, f"conv_up{index}", nn.Conv2d(WIDTH, WIDTH, 3, padding=1))
        self.conv_hr, self.conv_last = nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.Conv2d(WIDTH, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.conv_first(pixel_unshuffle(x, self.fold))
        x = first + self.conv_body(self.body(first))
        for index in range(1, self.doublings + 1):
            x = leaky_relu(getattr(self, f"conv_up{index}")(interpolate(x, scale_factor=2, mode="nearest")), SLOPE)
        return self.conv_last(leaky_relu(self.conv_hr(x), SLOPE))


def random_network(fold: int, doublings: int, seed: int) -> RRDBNet:
    network = RRDBNet(fold, doublings).eval()
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        spread = (1 / parameter[0].numel()) ** 0.5 if parameter.ndim > 1 else 0.1
        parameter.data = (torch.randn(parameter.shape, generator=generator) * spread).half().float()
    return network


def original_names(network: RRDBNet) -> Tensors:
    """A flat Sequential: first, trunk, then (doubling, convolution, activation) as often as needed, and the last two around an activation."""
    ends = 2 + 3 * network.doublings
    layers = {"conv_first": 0, "conv_hr": ends, "conv_last": ends + 2}
    layers |= {f"conv_up{index}": 3 * index for index in range(1, network.doublings + 1)}
    renamed = {}
    for name, tensor in network.state_dict().items():
        parts = name.split(".")
        if parts[0] == "body":
            renamed[f"model.1.sub.{parts[1]}.{parts[2].upper()}.{parts[3]}.0.{parts[4]}"] = tensor
        elif parts[0] == "conv_body":
            renamed[f"model.1.sub.{BLOCKS}.{parts[1]}"] = tensor
        else:
            renamed[f"model.{layers[parts[0]]}.{parts[1]}"] = tensor
    return renamed


@torch.no_grad()
def main(folder: Path) -> None:
    torch.set_num_threads(1)
    picture = torch.rand((1, 3, 14, 22), generator=torch.Generator().manual_seed(5))
    expected: Tensors = {"picture": picture}
    for name, fold, doublings, seed in (("x4", 1, 2, 1), ("x2_folded", 2, 2, 2), ("x2", 1, 1, 3)):
        network = random_network(fold, doublings, seed)
        expected[name] = network(picture)
        halves = {key: tensor.half() for key, tensor in network.state_dict().items()}
        if name != "x2":
            write_tensors(folder / f"{name}.safetensors", {f"params_ema.{key}": value for key, value in halves.items()})
        if name != "x2_folded":
            write_tensors(folder / f"{name}_original.safetensors", {key: value.half() for key, value in original_names(network).items()})
    write_tensors(folder / "expected.safetensors", expected)


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "upscaler")
