"""tiny_vae/: a tiny autoencoder (diffusers' AutoencoderTiny, TAESD) with random weights in both layouts, and what its decoder computes.

    .venv/bin/python make_tiny_vae.py ../../tests/fixtures/goldens

`folder/` is what diffusers saves, in half precision; `original_decoder.safetensors` has the same decoder in the layout of the original
code, whose first layer is the clamping, without a prefix; `expected.safetensors` has latents and pictures.
"""
import json
import sys
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderTiny

from tensors import write_tensors

WIDTH = 6  # not that of the latents, so that no shape fits by chance
SDXL_SCALE = 0.13025
# of Playground v2.5's vae/config.json
MEAN = [-1.6574, 1.886, -1.383, 2.5155]
STD = [8.4927, 5.9022, 6.5498, 5.2299]
FACTOR = 0.5


def random_autoencoder(seed: int) -> AutoencoderTiny:
    widths = (WIDTH,) * 4
    vae = AutoencoderTiny(encoder_block_out_channels=widths, decoder_block_out_channels=widths)
    generator = torch.Generator().manual_seed(seed)
    for parameter in vae.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
        spread = (0.8 / fan_in) ** 0.5 if parameter.ndim > 1 else 0.1
        parameter.data = (torch.randn(parameter.shape, generator=generator) * spread).half().float()
    return vae.eval()


def original_layout(vae: AutoencoderTiny) -> dict[str, torch.Tensor]:
    """Names of taesd's own Sequential: one layer more in front."""
    renamed = {}
    for name, tensor in vae.decoder.layers.state_dict().items():
        index, rest = name.split(".", 1)
        renamed[f"{int(index) + 1}.{rest}"] = tensor
    return renamed


@torch.no_grad()
def main(folder: Path) -> None:
    torch.set_num_threads(1)
    vae = random_autoencoder(20240301)
    vae.half().save_pretrained(folder / "folder")
    (folder / "folder" / "diffusion_pytorch_model.safetensors").chmod(0o644)
    vae.float()
    write_tensors(folder / "original_decoder.safetensors", original_layout(vae))
    generator = torch.Generator().manual_seed(7)
    latents = torch.randn((1, 4, 9, 13), generator=generator) * 2
    mean, std = torch.tensor(MEAN).view(1, 4, 1, 1), torch.tensor(STD).view(1, 4, 1, 1)
    playground = torch.randn((1, 4, 8, 10), generator=generator) * 0.5
    sdxl = (playground * std / FACTOR + mean) * SDXL_SCALE
    write_tensors(folder / "expected.safetensors", {
        "latents": latents, "image": vae.decode(latents).sample,
        "playground.latents": playground, "playground.sdxl": sdxl, "playground.image": vae.decode(sdxl).sample,
    })
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    facts = {"versions": versions, "playground": {"mean": MEAN, "std": STD, "factor": FACTOR}}
    (folder / "manifest.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    target = Path(sys.argv[1]) / "tiny_vae"
    target.mkdir(parents=True, exist_ok=True)
    main(target)
