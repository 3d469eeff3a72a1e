"""scheduler.safetensors and .json: sigmas, timesteps and whole trajectories of the schedulers alone."""
import json
from pathlib import Path

import torch
from diffusers import EDMDPMSolverMultistepScheduler as Dpm
from diffusers import EDMEulerScheduler as Euler

from pg_configs import SCHEDULER
from tensors import Tensors, write_tensors

VARIANTS = (
    ("dpm_default", Dpm, {}), ("dpm_order1", Dpm, {"solver_order": 1}), ("dpm_order3", Dpm, {"solver_order": 3}),
    ("dpm_heun", Dpm, {"solver_type": "heun"}), ("dpm_euler_final", Dpm, {"euler_at_final": True}),
    ("dpm_sigma_min", Dpm, {"final_sigmas_type": "sigma_min"}),
    ("dpm_sigma_min_no_lower", Dpm, {"final_sigmas_type": "sigma_min", "lower_order_final": False}),
    ("dpm_vpred", Dpm, {"prediction_type": "v_prediction"}),
    ("dpm_exponential", Dpm, {"sigma_schedule": "exponential"}), ("euler_default", Euler, {}),
)
STEPS = (1, 2, 3, 4, 10, 14, 15, 16, 20, 25, 30, 50)


def fake_model(x: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
    """Deterministic stand-in for the UNet: elementwise, on the preconditioned input."""
    return 0.7 * torch.sin(1.3 * x + timestep) - 0.2 * x


def trajectory(scheduler: Dpm | Euler, steps: int, begin: int, seed: int) -> torch.Tensor:
    """[executed steps + 1, 1, 4, 2, 3]; `begin` > 0 starts in the middle, as image-to-image does."""
    scheduler.set_timesteps(steps)
    scheduler.set_begin_index(begin)
    x = torch.randn((1, 4, 2, 3), generator=torch.Generator().manual_seed(seed))
    x = x * (scheduler.init_noise_sigma if begin == 0 else scheduler.sigmas[begin])
    states = [x.clone()]
    for timestep in scheduler.timesteps[begin:]:
        output = fake_model(scheduler.scale_model_input(x, timestep), timestep)
        x = scheduler.step(output, timestep, x, return_dict=False)[0]
        states.append(x.clone())
    return torch.stack(states)


def scheduler_goldens(folder: Path, seed: int) -> None:
    tensors: Tensors = {}
    for kind, tag in ((Dpm, "dpm"), (Euler, "euler")):
        for steps in range(1, 101):
            scheduler = kind.from_config(SCHEDULER)
            scheduler.set_timesteps(steps)
            tensors[f"{tag}.sigmas.{steps}"] = scheduler.sigmas.float()
            tensors[f"{tag}.timesteps.{steps}"] = scheduler.timesteps.float()
    index = []
    for tag, kind, changes in VARIANTS:
        for steps in STEPS:
            for begin in (0,) if steps < 10 else (0, steps // 3):
                scheduler = kind.from_config({**SCHEDULER, **changes})
                name = f"traj.{tag}.{steps}.{begin}"
                tensors[name] = trajectory(scheduler, steps, begin, seed + steps)
                index.append({"name": name, "scheduler": kind.__name__, "config": changes, "steps": steps,
                              "begin": begin, "init_noise_sigma": float(scheduler.init_noise_sigma)})
    write_tensors(folder / "scheduler.safetensors", tensors)
    note = "0.7*sin(1.3*x + t) - 0.2*x, x = scaled input, t = timestep (c_noise), float32"
    (folder / "scheduler.json").write_text(json.dumps({"fake_model": note, "trajectories": index}, indent=1))
