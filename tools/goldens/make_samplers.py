"""samplers.safetensors and .json: whole trajectories of diffusers' schedulers of the SDXL line, with a stand-in for the network.

    .venv/bin/python make_samplers.py ../../tests/fixtures/goldens

Every sampler with every spacing and prediction, at several numbers of steps, from noise alone and from a picture; then the options that
change a sampler or a schedule. Nothing of the tiny model is needed.
"""
import json
import sys
from pathlib import Path

import diffusers
import torch
from diffusers import (
    DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler,
    LCMScheduler, TCDScheduler, UniPCMultistepScheduler,
)

from tensors import Tensors, write_tensors

Json = dict[str, object]

SHAPE = (1, 4, 2, 3)
SDXL: Json = {
    "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1,
    "clip_sample": False, "set_alpha_to_one": False, "timestep_spacing": "leading", "prediction_type": "epsilon",
}
KINDS = {
    "euler": EulerDiscreteScheduler, "euler_ancestral": EulerAncestralDiscreteScheduler, "heun": HeunDiscreteScheduler,
    "ddim": DDIMScheduler, "dpmpp_2m": DPMSolverMultistepScheduler, "unipc": UniPCMultistepScheduler, "lcm": LCMScheduler,
    "tcd": TCDScheduler,
}
SPACED = {"leading": {}, "trailing": {"timestep_spacing": "trailing"}, "linspace": {"timestep_spacing": "linspace"}}
BY_SIGMA = {"karras": {"use_karras_sigmas": True}, "exponential": {"use_exponential_sigmas": True}}
AYS_TIMESTEPS = [999, 845, 730, 587, 443, 310, 193, 116, 53, 13]
AYS_SIGMAS = [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.0]
V_ZERO_SNR: Json = {"rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing"}
CUT: Json = {"thresholding": True, "dynamic_thresholding_ratio": 0.8, "sample_max_value": 1.5}

# sampler, what it shows, changes of the configuration, arguments of step(), arguments of set_timesteps() instead of 12 steps
OPTIONS: tuple[tuple[str, str, Json, Json, Json], ...] = (
    ("euler", "final_sigma_min", {"final_sigmas_type": "sigma_min"}, {}, {}),
    ("euler", "linear", {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}, {}, {}),
    ("euler", "cosine", {"beta_schedule": "squaredcos_cap_v2"}, {}, {}),
    ("euler", "trained", {"trained_betas": [0.001 + 0.0002 * i for i in range(100)], "num_train_timesteps": 100}, {}, {}),
    ("euler", "zero_snr", V_ZERO_SNR, {}, {}),
    ("euler", "karras_within", {"use_karras_sigmas": True, "sigma_min": 0.1, "sigma_max": 10.0}, {}, {}),
    ("euler", "ays_timesteps", {}, {}, {"timesteps": AYS_TIMESTEPS}),
    ("euler", "ays_sigmas", {}, {}, {"sigmas": AYS_SIGMAS}),
    ("euler_ancestral", "zero_snr", V_ZERO_SNR, {}, {}),
    ("heun", "clip", {"clip_sample": True, "clip_sample_range": 1.5}, {}, {}),
    ("heun", "ays_timesteps", {}, {}, {"timesteps": AYS_TIMESTEPS}),
    ("ddim", "eta_half", {}, {"eta": 0.5}, {}),
    ("ddim", "eta_one", {"timestep_spacing": "trailing"}, {"eta": 1.0}, {}),
    ("ddim", "alpha_one", {"set_alpha_to_one": True, "steps_offset": 0}, {}, {}),
    ("ddim", "clip", {"clip_sample": True, "clip_sample_range": 1.5}, {}, {}),
    ("ddim", "threshold", CUT, {}, {}),
    ("ddim", "zero_snr", V_ZERO_SNR, {}, {}),
    ("ddim", "trailing_7", {"timestep_spacing": "trailing"}, {}, {"num_inference_steps": 7}),
    ("dpmpp_2m", "order_1", {"solver_order": 1}, {}, {}),
    ("dpmpp_2m", "order_3", {"solver_order": 3}, {}, {}),
    ("dpmpp_2m", "order_3_long", {"solver_order": 3}, {}, {"num_inference_steps": 25}),
    ("dpmpp_2m", "heun", {"solver_type": "heun"}, {}, {}),
    ("dpmpp_2m", "euler_at_final", {"euler_at_final": True}, {}, {}),
    ("dpmpp_2m", "final_sigma_min", {"final_sigmas_type": "sigma_min", "lower_order_final": False}, {}, {}),
    ("dpmpp_2m", "threshold", CUT, {}, {}),
    ("dpmpp_2m", "cosine_karras", {"beta_schedule": "squaredcos_cap_v2", "use_karras_sigmas": True}, {}, {}),
    ("dpmpp_2m", "lambda_clipped", {"beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1,
                                    "timestep_spacing": "linspace"}, {}, {}),
    ("dpmpp_2m", "zero_snr", V_ZERO_SNR, {}, {}),
    ("dpmpp_2m", "ays_timesteps", {}, {}, {"timesteps": AYS_TIMESTEPS}),
    ("unipc", "order_1", {"solver_order": 1}, {}, {}),
    ("unipc", "order_3", {"solver_order": 3}, {}, {}),
    ("unipc", "bh1", {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}, {}, {}),
    ("unipc", "karras_sigma_min", {"use_karras_sigmas": True, "final_sigmas_type": "sigma_min"}, {}, {}),
    ("unipc", "no_corrector", {"disable_corrector": [0, 1, 5]}, {}, {}),
    ("unipc", "threshold", CUT, {}, {}),
    ("unipc", "karras_within", {"use_karras_sigmas": True, "sigma_min": 0.1, "sigma_max": 10.0}, {}, {}),
    ("lcm", "dmd2", {}, {}, {"timesteps": [999, 749, 499, 249]}),
    ("lcm", "original_100", {"original_inference_steps": 100}, {}, {}),
    ("lcm", "clip", {"clip_sample": True, "clip_sample_range": 1.5}, {}, {}),
    ("lcm", "threshold", CUT, {}, {}),
    ("lcm", "scaling_one", {"timestep_scaling": 0.001}, {}, {}),
    ("tcd", "eta_zero", {}, {"eta": 0.0}, {}),
    ("tcd", "eta_one", {}, {"eta": 1.0}, {}),
)


def stand_in(x: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
    """For the network: elementwise, on the scaled input, and smooth in the timestep."""
    return 0.7 * torch.sin(1.3 * x + 0.001 * timestep.float()) - 0.2 * x


def trajectory(kind: str, config: Json, given: Json, step: Json, begin: int, seed: int) -> tuple[torch.Tensor, object]:
    """States [steps taken + 1, 24] and the scheduler. `begin` > 0 starts from a picture, noised as image-to-image does."""
    scheduler = KINDS[kind].from_config(config)
    scheduler.set_timesteps(**given)
    first = begin * scheduler.order
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(SHAPE, generator=generator)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)  # else a first timestep that occurs twice would be taken for the second
    if begin > 0:
        picture = torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed + 1000))
        x = scheduler.add_noise(picture, x, scheduler.timesteps[first : first + 1])
    else:
        x = x * scheduler.init_noise_sigma
    states = [x.clone()]
    own = {**step, **({"generator": generator} if kind in ("euler_ancestral", "ddim", "lcm", "tcd") else {})}
    timesteps = scheduler.timesteps[first:]
    for index, timestep in enumerate(timesteps):
        output = stand_in(scheduler.scale_model_input(x, timestep), timestep)
        x = scheduler.step(output, timestep, x, return_dict=False, **own)[0]
        if scheduler.order == 1 or scheduler.state_in_first_order or index == len(timesteps) - 1:
            states.append(x.clone())
    return torch.stack(states).flatten(1), scheduler


def once(values: torch.Tensor, order: int) -> torch.Tensor:
    """Heun's method lists every level but the first twice."""
    return values if order == 1 else torch.cat([values[:1], values[1::2]])


def cases():
    """(kind, name, config, step arguments, set_timesteps arguments, begin)"""
    for kind in KINDS:
        spacings = {"own": {}} if kind in ("lcm", "tcd") else SPACED
        if kind in ("euler", "heun", "dpmpp_2m", "unipc"):
            spacings = {**spacings, **BY_SIGMA}
        predictions = ("epsilon", "v_prediction") if kind == "euler_ancestral" else ("epsilon", "v_prediction", "sample")
        for spacing, changes in spacings.items():
            for prediction in predictions:
                for steps, begin in ((1, 0), (4, 0), (10, 0), (10, 4), (25, 0)):
                    name = f"{kind}.{spacing}.{prediction}.{steps}.{begin}"
                    yield kind, name, {**changes, "prediction_type": prediction}, {}, {"num_inference_steps": steps}, begin
    for kind, label, changes, step, given in OPTIONS:
        yield kind, f"{kind}.option.{label}", changes, step, given or {"num_inference_steps": 12}, 0


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    tensors: Tensors = {}
    index = []
    for seed, (kind, name, changes, step, given, begin) in enumerate(cases(), start=1):
        states, scheduler = trajectory(kind, {**SDXL, **changes}, given, step, begin, seed)
        assert states.isfinite().all(), name
        tensors[name] = states
        tensors[f"{name}.timesteps"] = once(scheduler.timesteps.float(), scheduler.order)
        if hasattr(scheduler, "sigmas"):
            tensors[f"{name}.sigmas"] = torch.cat([once(scheduler.sigmas[:-1], scheduler.order), scheduler.sigmas[-1:]])
        index.append({"name": name, "scheduler": type(scheduler).__name__, "config": changes, "step": step, "given": given,
                      "begin": begin, "seed": seed, "init_noise_sigma": float(scheduler.init_noise_sigma)})
    write_tensors(folder / "samplers.safetensors", tensors)
    note = "0.7*sin(1.3*x + 0.001*t) - 0.2*x, x = scaled input, t = timestep, float32; a picture is randn of seed + 1000"
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    text = json.dumps({"stand_in": note, "versions": versions, "base": SDXL, "trajectories": []}, indent=1)
    rows = ",\n  ".join(json.dumps(row) for row in index)
    (folder / "samplers.json").write_text(text.replace('"trajectories": []', f'"trajectories": [\n  {rows}\n ]') + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
