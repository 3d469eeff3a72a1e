"""Checkpoints that survive an interruption at any moment."""

import os
from pathlib import Path

import torch


def save(path: Path, state: dict) -> None:
    """Writes beside the target and renames, so that the target is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + f".{os.getpid()}.tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load(path: Path) -> dict | None:
    """The state at `path`, or None at the first run."""
    if not path.exists():
        return None
    return torch.load(path, map_location="cpu", weights_only=True)
