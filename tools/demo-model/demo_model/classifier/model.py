"""A small residual network."""

import torch
import torch.nn.functional as F
from torch import nn

from .labels import OUTPUTS

INPUT_SIDE = 128
WIDTHS = (24, 48, 96, 120)


def _conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Halves the size, then refines."""

    def __init__(self, inputs: int, outputs: int, refine: bool):
        super().__init__()
        self.down = _conv(inputs, outputs, 2)
        self.refine = nn.Sequential(_conv(outputs, outputs), nn.ReLU(), _conv(outputs, outputs)) if refine else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.down(x))
        return x if self.refine is None else F.relu(x + self.refine(x))


class Classifier(nn.Module):
    """(B, 3, 128, 128) in 0..1 -> logits by output name, in the order of OUTPUTS."""

    def __init__(self):
        super().__init__()
        widths = (3, *WIDTHS)
        self.blocks = nn.Sequential(
            *(Block(widths[k], widths[k + 1], refine=k > 0) for k in range(len(WIDTHS)))
        )  # 128 -> 8
        width = WIDTHS[-1]
        # Lets each of the 8x8 places see an object of any size.
        self.context = nn.Sequential(_conv(width, width, dilation=2), nn.ReLU(), _conv(width, width))
        self.objects = nn.Conv2d(width, len(OUTPUTS["objects"]), 1)
        others = {name: names for name, names in OUTPUTS.items() if name != "objects"}
        self.heads = nn.ModuleDict({name: nn.Linear(2 * width, len(names)) for name, names in others.items()})

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = self.blocks(pictures * 2 - 1)
        features = F.relu(features + self.context(features))
        # Each place names its own object, so that two in one picture do not blur into a third.
        objects = self.objects(features).flatten(2).logsumexp(2)
        # The maximum finds what is somewhere; the mean tells of the whole.
        summary = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)
        return objects, *(head(summary) for head in self.heads.values())
