"""The autoencoder's structure and how it starts."""

import math

import torch
from diffusers import AutoencoderKL

from ..settings import SIDE

POSTERIOR_STD = 0.2
"""The encoder's noise is a constant, not learnt: it fixes the scale below which the denoiser need not be exact."""

IDENTITY = ("quant_conv", "post_quant_conv")
UNACTIVATED = ("conv_in", "sampler", "shortcut", "conv_out")
"""Convolutions that are not followed by an activation and so keep their variance with a gain of one."""


def new_autoencoder() -> AutoencoderKL:
    model = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 128),
        layers_per_block=1,
        act_fn="silu",
        latent_channels=4,
        # With one group per channel the norm erases the mean colour of a picture; four groups keep enough of it.
        norm_num_groups=4,
        sample_size=SIDE,
        scaling_factor=0.5,
        force_upcast=False,
    )
    _initialise(model)
    return model


@torch.no_grad()
def _initialise(model: AutoencoderKL) -> None:
    """Kaiming's gains, weak residual branches, and identities around the latents."""
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Conv2d) or name in IDENTITY:
            continue
        gain = "linear" if any(part in name for part in UNACTIVATED) else "relu"
        torch.nn.init.kaiming_normal_(module.weight, nonlinearity=gain)
        module.bias.zero_()
        if name.endswith("conv2"):
            module.weight.mul_(0.3)
        if name.endswith("decoder.conv_out"):
            module.weight.mul_(0.5)
    for name in IDENTITY:
        conv = getattr(model, name)
        conv.weight.zero_()
        conv.bias.zero_()
        for channel in range(4):
            conv.weight[channel, channel] = 1
    model.quant_conv.bias[4:] = 2 * math.log(POSTERIOR_STD)
