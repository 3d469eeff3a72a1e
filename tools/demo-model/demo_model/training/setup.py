"""Starting conditions of a training process."""

import os

import torch


def be_modest(threads: int = 1) -> None:
    """Training is the least urgent work of the machine: lowest priority, a fixed number of threads."""
    os.nice(max(0, 19 - os.nice(0)))
    torch.set_num_threads(threads)
