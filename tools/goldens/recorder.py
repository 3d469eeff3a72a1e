"""Looks over a pipeline's shoulder: keeps the tensors that pass through its UNet, scheduler and VAE."""
from types import TracebackType
from typing import Any

import torch

from tensors import Tensors


class Recorder:
    """While entered, wraps the calls of one pipeline run.

    tensors     unet0.* (inputs and raw output of the first UNet call, unconditional half first), guided0 (after
                guidance), enc.* and vae.* (inputs and outputs of the VAE)
    latents     before the first step and after each
    timesteps   of every UNet call
    """

    def __init__(self, pipe: Any, scheduler: Any) -> None:
        self.tensors: Tensors = {}
        self.latents: list[torch.Tensor] = []
        self.timesteps: list[float] = []
        self._wrapped = [(pipe.unet, "forward", self._unet), (scheduler, "step", self._step),
                         (pipe.vae, "decode", self._decode), (pipe.vae, "encode", self._encode)]

    def __enter__(self) -> "Recorder":
        for owner, name, wrapper in self._wrapped:
            setattr(owner, name, wrapper(getattr(owner, name)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for owner, name, _ in self._wrapped:
            delattr(owner, name)  # uncovers the class's own method

    def _unet(self, forward: Any) -> Any:
        def call(sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor,
                 **kwargs: Any) -> Any:
            result = forward(sample, timestep, encoder_hidden_states, **kwargs)
            if not self.timesteps:
                added = kwargs["added_cond_kwargs"]
                self.tensors.update({
                    "unet0.sample": sample, "unet0.timestep": timestep.reshape(1).float(),
                    "unet0.encoder_hidden_states": encoder_hidden_states, "unet0.text_embeds": added["text_embeds"],
                    "unet0.time_ids": added["time_ids"], "unet0.output": result[0]})
            self.timesteps.append(float(timestep))
            return result
        return call

    def _step(self, step: Any) -> Any:
        def call(model_output: torch.Tensor, timestep: torch.Tensor, sample: torch.Tensor, **kwargs: Any) -> Any:
            if not self.latents:
                self.latents.append(sample.clone())
                self.tensors["guided0"] = model_output.clone()
            result = step(model_output, timestep, sample, **kwargs)
            self.latents.append(result[0].clone())
            return result
        return call

    def _decode(self, decode: Any) -> Any:
        def call(z: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            result = decode(z, *args, **kwargs)
            self.tensors["vae.input"], self.tensors["vae.output"] = z.clone(), result[0].clone()
            return result
        return call

    def _encode(self, encode: Any) -> Any:
        def call(x: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            result = encode(x, *args, **kwargs)
            found = result.latent_dist
            self.tensors.update({"enc.input": x.clone(), "enc.mean": found.mean.clone(),
                                 "enc.logvar": found.logvar.clone()})
            return result
        return call
