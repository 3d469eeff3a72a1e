"""Encodes the data set once: the denoiser trains on latents, which is most of why it can be trained on a processor.

Written in chunks, so that training can start with the first.  Continues after the last chunk.
"""

import argparse
import json
import os

import numpy as np
import torch
from diffusers import AutoencoderKL

from .data import store
from .scenes.format import ALL, Format
from .settings import LATENTS
from .training import checkpoint
from .training.setup import be_modest
from .vae.batches import to_tensor
from .vae.model import new_autoencoder
from .vae.train import CHECKPOINT

CHUNK = 1000


def load_autoencoder() -> AutoencoderKL:
    model = new_autoencoder()
    model.load_state_dict(checkpoint.load(CHECKPOINT)["average"])
    return model.eval().requires_grad_(False)


def write_statistics(latents: np.ndarray) -> None:
    """Per-channel mean and deviation of the first chunk: the `latents_mean` and `latents_std` of the published model."""
    values = latents.astype(np.float64)
    statistics = {"mean": values.mean((0, 2, 3)).tolist(), "std": values.std((0, 2, 3)).tolist()}
    (LATENTS / "statistics.json").write_text(json.dumps(statistics))


def encode(model: AutoencoderKL, format: Format) -> None:
    folder, pictures, count = LATENTS / format.name, store.pictures(format), store.training_count(format)
    folder.mkdir(parents=True, exist_ok=True)
    done = sum(len(np.load(file)["index"]) for file in folder.glob("*.npz"))
    while done < count:
        index = np.arange(done, min(done + CHUNK, count))
        parts = [model.encode(to_tensor(pictures[part])).latent_dist.mean.half() for part in np.split(index, range(4, len(index), 4))]
        latents = torch.cat(parts).numpy()
        if done == 0 and format.is_square:
            write_statistics(latents)
        temporary = folder / "next.tmp"
        with open(temporary, "wb") as file:
            np.savez(file, mean=latents, index=index)
        os.replace(temporary, folder / f"{done:06d}.npz")
        done += len(index)
        print(f"{format.name}: {done} of {count} latents", flush=True)


def main(arguments: list[str]) -> None:
    argparse.ArgumentParser(prog="latents", description=__doc__).parse_args(arguments)
    be_modest()
    model = load_autoencoder()
    for format in ALL:
        encode(model, format)
