"""Sizes shared by all stages, and where their results lie."""

import os
from pathlib import Path

SIDE = 256
"""Side of a picture in pixels."""

LATENT_SIDE = SIDE // 8
"""Side of its latents: the autoencoder reduces by 8."""

SIGMA_DATA = 0.5
"""Standard deviation of the normalised latents; EDM's sigma_data."""

DATA = Path(os.environ.get("DEMO_MODEL_DATA", "data")).absolute()
"""Everything the stages write lies below this folder, outside the repository."""

ART = DATA / "art"
SPRITES = DATA / "sprites.npz"
DATASET = DATA / "dataset"
LATENTS = DATA / "latents"
CHECKPOINTS = DATA / "checkpoints"
SAMPLES = DATA / "samples"
MODEL = DATA / "model"
CLASSIFIER = DATA / "classifier"
