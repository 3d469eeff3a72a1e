"""components.safetensors: VAE and UNet on their own, and single blocks where the norms' epsilon shows."""
from pathlib import Path
from typing import Any

import torch

from tensors import Tensors, write_tensors

TAPPED = ("conv_in", "time_embedding", "add_embedding", "down_blocks.0", "down_blocks.1", "down_blocks.2", "mid_block",
          "up_blocks.0", "up_blocks.1", "up_blocks.2", "conv_norm_out")
# Several noise levels, among them a batch of 2, a non-square size and an odd one: (sigma, shape of the latents).
UNET_CALLS = ((80.0, (2, 4, 8, 8)), (1.0, (1, 4, 8, 12)), (0.002, (1, 4, 9, 11)))
# Tiny tiles, so that a small picture has several; the real model has 1024 px and 128 latents.
TILE_PIXELS, TILE_LATENTS = 48, 6


@torch.no_grad()
def component_goldens(pipe: Any, folder: Path, seed: int) -> None:
    noise = torch.Generator().manual_seed(seed)
    tensors = {**vae_calls(pipe.vae, noise), **block_calls(pipe.unet, pipe.vae, noise), **unet_calls(pipe.unet, noise)}
    write_tensors(folder / "components.safetensors", {name: tensor.float() for name, tensor in tensors.items()})


def vae_calls(vae: Any, noise: torch.Generator) -> Tensors:
    z = torch.randn((1, 4, 13, 10), generator=noise) * 5
    out = {"decode.z": z, "decode.out": vae.decode(z).sample}
    own_tiles = vae.tile_sample_min_size, vae.tile_latent_min_size
    vae.tile_sample_min_size, vae.tile_latent_min_size = TILE_PIXELS, TILE_LATENTS
    vae.enable_tiling()
    out["decode.tiled_48_6"] = vae.decode(z).sample
    x = torch.rand((1, 3, 104, 80), generator=noise) * 2 - 1
    out["encode.tiled_48_6"] = vae.encode(x).latent_dist.parameters
    vae.disable_tiling()
    vae.tile_sample_min_size, vae.tile_latent_min_size = own_tiles
    out["encode.x"], out["encode.moments"] = x, vae.encode(x).latent_dist.parameters
    return out


def block_calls(unet: Any, vae: Any, noise: torch.Generator) -> Tensors:
    """Inputs of amplitude 1e-3, where the epsilon of GroupNorm and LayerNorm matters a lot."""
    channels = unet.config.block_out_channels

    def small(count: int) -> torch.Tensor:
        return torch.randn((1, count, 4, 5), generator=noise) * 1e-3

    temb = torch.randn((1, 4 * channels[0]), generator=noise)
    context = torch.randn((1, 77, unet.config.cross_attention_dim), generator=noise)
    out = {"block.temb": temb, "block.ctx": context}
    resnet, attention = unet.down_blocks[1].resnets[0], unet.down_blocks[1].attentions[0]
    x = small(channels[0])
    out["block.down_blocks.1.resnets.0.in"], out["block.down_blocks.1.resnets.0.out"] = x, resnet(x, temb)
    x = small(channels[1])
    out["block.down_blocks.1.attentions.0.in"] = x
    out["block.down_blocks.1.attentions.0.out"] = attention(x, encoder_hidden_states=context).sample
    x = small(vae.config.block_out_channels[-1])
    out["block.decoder.mid_block.in"], out["block.decoder.mid_block.out"] = x, vae.decoder.mid_block(x)
    return out


def unet_calls(unet: Any, noise: torch.Generator) -> Tensors:
    """Whole calls with the output of every stage: unetN.in.*, unetN.tap.*, unetN.out."""
    pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
    out: Tensors = {}
    for index, (sigma, shape) in enumerate(UNET_CALLS):
        batch = shape[0]
        given = {
            "sample": torch.randn(shape, generator=noise),
            "timestep": 0.25 * torch.log(torch.tensor(sigma)),
            "ctx": torch.randn((batch, 77, unet.config.cross_attention_dim), generator=noise),
            "text": torch.randn((batch, pooled), generator=noise),
            "ids": torch.tensor([[1024., 768., 0., 16., 1024., 768.]] * batch),
        }
        taps: Tensors = {}
        hooks = [unet.get_submodule(name).register_forward_hook(_tap(taps, name)) for name in TAPPED]
        result = unet(given["sample"], given["timestep"], given["ctx"],
                      added_cond_kwargs={"text_embeds": given["text"], "time_ids": given["ids"]}).sample
        for hook in hooks:
            hook.remove()
        out.update({f"unet{index}.in.{k}": v.reshape(-1) if v.ndim == 0 else v for k, v in given.items()})
        out.update({f"unet{index}.tap.{k}": v for k, v in taps.items()})
        out[f"unet{index}.out"] = result
    return out


def _tap(taps: Tensors, name: str) -> Any:
    def keep(_module: Any, _inputs: Any, output: Any) -> None:
        taps[name] = (output[0] if isinstance(output, tuple) else output).clone()
    return keep
