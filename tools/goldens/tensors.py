"""Named tensors and how they are stored."""
from pathlib import Path

import torch
from safetensors.torch import save_file

Tensors = dict[str, torch.Tensor]


def write_tensors(path: Path, tensors: Tensors, metadata: dict[str, str] | None = None) -> None:
    """A safetensors file that others may read, too; views are copied, because the format wants each tensor whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}, path, metadata=metadata)
    path.chmod(0o644)  # the library leaves it readable by its owner only
