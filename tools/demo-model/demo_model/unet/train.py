"""Trains the denoiser on the cached latents, in two processes of one thread each.

Continues from its checkpoint.  Planned by samples, so that pauses and other load cost nothing but time.
"""

import argparse

import torch.multiprocessing as multiprocessing

from .exchange import Exchange
from .model import new_unet
from .worker import Plan, run_worker


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="unet", description=__doc__)
    parser.add_argument("--samples", type=int, required=True, help="to reach, earlier runs included")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    plan = Plan(options.samples, options.batch, options.rate, options.workers)
    exchange = Exchange(plan.workers, sum(p.numel() for p in new_unet().parameters()))
    multiprocessing.spawn(run_worker, (plan, exchange), nprocs=plan.workers)
