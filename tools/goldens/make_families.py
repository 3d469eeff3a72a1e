"""families/: what the reference's pipeline draws with each family of the SDXL line and its samplers, and the tiny UNets that this needs.

    .venv/bin/python make_families.py ../../tests/fixtures/goldens

Text encoders, VAE and the ordinary UNet are those of model/ there, the VAE scaled as SDXL's. UNets of other structures are stored in
families/unets. A case is one run: its final latents, and its pictures.
"""
import json
import sys
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from PIL import Image

import pg_configs
from cases import input_picture
from make_goldens import quiet_and_exact
from model_folder import dump_json
from tensors import Tensors, write_tensors
from tiny_model import load_pipeline, make_weights

Json = dict[str, Any]

TINY: Json = {"block_out_channels": [4, 8, 16], "attention_head_dim": [1, 2, 4], "addition_time_embed_dim": 8, "norm_num_groups": 4,
              "cross_attention_dim": 18, "projection_class_embeddings_input_dim": 60, "sample_size": 8}
ONE_BLOCK: Json = {"mid_block_type": "UNetMidBlock2D"}
UNETS: dict[str, Json] = {
    "ssd_1b": {**ONE_BLOCK, "transformer_layers_per_block": [1, [2, 2], [4, 4]],
               "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1]},
    "vega": {**ONE_BLOCK, "transformer_layers_per_block": [1, 1, 2]},
    "koala_700m": {"layers_per_block": 1, "mid_block_type": None, "transformer_layers_per_block": [1, 2, 5]},
    "koala_1b": {"layers_per_block": 1, "transformer_layers_per_block": [1, 2, 6]},
    "guided": {"transformer_layers_per_block": [1, 1, 2], "time_cond_proj_dim": 256},
}
SDXL: Json = {
    "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1,
    "clip_sample": False, "set_alpha_to_one": False, "timestep_spacing": "leading", "prediction_type": "epsilon",
}
TRAILING: Json = {"timestep_spacing": "trailing"}
V_ZERO_SNR: Json = {**TRAILING, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction"}
EULER, ANCESTRAL, LCM = "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "LCMScheduler"

# name, family, scheduler, changes of its configuration, steps, guidance, and more of the run
CASES: tuple[tuple[str, str, str, Json, int, float, Json], ...] = (
    ("sdxl_euler", "sdxl", EULER, {}, 5, 5.0, {"negative": "blurry"}),
    ("sdxl_heun", "sdxl", "HeunDiscreteScheduler", {}, 3, 5.0, {}),
    ("sdxl_ddim", "sdxl", "DDIMScheduler", {}, 4, 7.5, {}),
    ("sdxl_dpmpp_2m", "sdxl", "DPMSolverMultistepScheduler", {}, 6, 5.0, {}),
    ("sdxl_dpmpp_2m_karras", "sdxl", "DPMSolverMultistepScheduler", {"use_karras_sigmas": True}, 5, 5.0, {}),
    ("sdxl_unipc", "sdxl", "UniPCMultistepScheduler", {}, 5, 5.0, {}),
    ("sdxl_euler_ancestral", "sdxl", ANCESTRAL, {}, 4, 5.0, {}),
    ("sdxl_v_prediction", "sdxl", EULER, V_ZERO_SNR, 4, 5.0, {"rescale": 0.7}),
    ("sdxl_img2img_euler", "sdxl", EULER, {}, 8, 5.0, {"strength": 0.6}),
    ("sdxl_img2img_ddim", "sdxl", "DDIMScheduler", {}, 8, 5.0, {"strength": 0.6}),
    ("playground_v2", "playground-v2", ANCESTRAL, {}, 6, 3.0, {"seeds": [5, 6]}),
    ("playground_v2_img2img", "playground-v2", ANCESTRAL, {}, 8, 3.0, {"strength": 0.5}),
    ("turbo_1", "sdxl-turbo", ANCESTRAL, TRAILING, 1, 0.0, {}),
    ("turbo_4", "sdxl-turbo", ANCESTRAL, TRAILING, 4, 1.0, {}),
    ("turbo_img2img", "sdxl-turbo", ANCESTRAL, TRAILING, 2, 0.0, {"strength": 0.5}),
    ("lightning_2", "sdxl-lightning", EULER, TRAILING, 2, 0.0, {}),
    ("lightning_4", "sdxl-lightning", EULER, TRAILING, 4, 0.0, {}),
    ("lightning_8", "sdxl-lightning", EULER, TRAILING, 8, 0.0, {}),
    ("lightning_1", "sdxl-lightning-1-step", EULER, {**TRAILING, "prediction_type": "sample"}, 1, 0.0, {}),
    ("lcm", "lcm", LCM, {}, 4, 1.0, {}),
    ("lcm_guidance", "lcm", LCM, {}, 4, 1.5, {}),
    ("lcm_img2img", "lcm", LCM, {}, 4, 1.0, {"strength": 0.6}),
    ("lcm_unet", "lcm-unet", LCM, {}, 4, 8.0, {"unet": "guided"}),
    ("tcd", "tcd", "TCDScheduler", {}, 4, 0.0, {"eta": 0.3}),
    ("hyper_unified_1", "hyper-sd-unified", "TCDScheduler", {}, 1, 0.0, {"eta": 1.0}),
    ("hyper_unified_8", "hyper-sd-unified", "TCDScheduler", {}, 8, 0.0, {"eta": 1.0}),
    ("hyper_1", "hyper-sd-1-step", LCM, {}, 1, 0.0, {"timesteps": [800]}),
    ("hyper_2", "hyper-sd", "DDIMScheduler", TRAILING, 2, 0.0, {}),
    ("hyper_8", "hyper-sd", "DDIMScheduler", TRAILING, 8, 0.0, {}),
    ("hyper_cfg_8", "hyper-sd", "DDIMScheduler", TRAILING, 8, 5.0, {}),
    ("dmd2_4", "dmd2", LCM, {}, 4, 0.0, {"timesteps": [999, 749, 499, 249]}),
    ("dmd2_1", "dmd2", LCM, {}, 1, 0.0, {"timesteps": [399]}),
    ("ssd_1b", "ssd-1b", EULER, {}, 4, 9.0, {"unet": "ssd_1b"}),
    ("ssd_1b_lcm", "lcm", LCM, {}, 4, 1.0, {"unet": "ssd_1b"}),
    ("vega", "segmind-vega", EULER, {}, 4, 9.0, {"unet": "vega"}),
    ("vega_rt", "lcm", LCM, {}, 4, 0.0, {"unet": "vega"}),
    ("koala_700m", "koala-lightning", EULER, TRAILING, 4, 3.5, {"unet": "koala_700m"}),
    ("koala_1b", "koala-lightning", EULER, TRAILING, 4, 3.5, {"unet": "koala_1b"}),
)


def make_unet(folder: Path, name: str, seed: int) -> UNet2DConditionModel:
    """Stored as fp16, computed in float32, as the other networks are."""
    config = {**pg_configs.UNET, **TINY, **UNETS[name]}
    unet = UNet2DConditionModel.from_config(config).eval()
    shapes = ((key, tuple(weight.shape)) for key, weight in unet.state_dict().items())
    weights = make_weights(shapes, seed)
    unet.load_state_dict({key: weight.float() for key, weight in weights.items()})
    (folder / name).mkdir(parents=True, exist_ok=True)
    dump_json(config, folder / name / "config.json")
    write_tensors(folder / name / "diffusion_pytorch_model.fp16.safetensors", weights, {"format": "pt"})
    return unet


def run(pipe: StableDiffusionXLPipeline, unet: UNet2DConditionModel, scheduler: Any, case: Json) -> tuple[torch.Tensor, np.ndarray]:
    """Final latents [N,4,h,w] in the scale of the VAE's encoder, and pictures [N,H,W,3]."""
    parts = {**pipe.components, "unet": unet, "scheduler": scheduler}
    seeds = case.get("seeds", [case["seed"]])
    arguments: Json = {
        "prompt": case["prompt"], "negative_prompt": case.get("negative"), "num_inference_steps": case["steps"],
        "guidance_scale": case["guidance"], "num_images_per_prompt": len(seeds), "output_type": "np",
        "generator": [torch.Generator().manual_seed(seed) for seed in seeds],
        "guidance_rescale": case.get("rescale", 0.0), "eta": case.get("eta", 0.0),
    }
    if "timesteps" in case:
        arguments["timesteps"] = case["timesteps"]
    if "strength" in case:
        runner = StableDiffusionXLImg2ImgPipeline(**parts, add_watermarker=False)
        arguments |= {"image": Image.fromarray(input_picture(64, 64)), "strength": case["strength"]}
    else:
        runner = StableDiffusionXLPipeline(**parts, add_watermarker=False)
        arguments |= {"width": 64, "height": 64}
    runner.set_progress_bar_config(disable=True)
    decode, decoded = runner.vae.decode, []

    def keep(latents: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        decoded.append(latents.clone())
        return decode(latents, *args, **kwargs)

    # Only this is wrapped: the pipeline looks at the signature of the scheduler's step() for what to give it.
    runner.vae.decode = keep
    images = runner(**arguments).images
    runner.vae.decode = decode
    return decoded[0] * runner.vae.config.scaling_factor, (images * 255).round().astype("uint8")


def main(goldens: Path) -> None:
    quiet_and_exact()
    folder = goldens / "families"
    pipe = load_pipeline(goldens / "model")
    pipe.vae.register_to_config(latents_mean=None, latents_std=None, scaling_factor=0.13025)
    unets = {name: make_unet(folder / "unets", name, seed) for seed, name in enumerate(UNETS, start=31)}
    tensors: Tensors = {}
    index = []
    for seed, (name, family, scheduler, changes, steps, guidance, more) in enumerate(CASES, start=1):
        config = {**SDXL, **changes}
        case = {"name": name, "family": family, "scheduler": {**config, "_class_name": scheduler}, "seed": seed,
                "prompt": f"a red fox, picture {seed}", "steps": steps, "guidance": guidance, **more}
        unet = unets[more["unet"]] if "unet" in more else pipe.unet
        final, pictures = run(pipe, unet, getattr(diffusers, scheduler).from_config(config), case)
        assert final.isfinite().all(), name
        tensors[f"{name}.final"], tensors[f"{name}.image_u8"] = final, torch.from_numpy(pictures)
        index.append(case)
        print(name, round(float(final.std()), 3), round(float(pictures.std()), 1), flush=True)
    write_tensors(folder / "cases.safetensors", tensors)
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    rows = ",\n  ".join(json.dumps(case) for case in index)
    (folder / "cases.json").write_text(f'{{"versions": {json.dumps(versions)}, "cases": [\n  {rows}\n]}}\n')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
