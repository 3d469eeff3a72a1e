"""Exponential moving average of a model's weights: the weights that are kept."""

import torch


class WeightAverage:
    def __init__(self, model: torch.nn.Module, decay: float):
        self.decay = decay
        self.steps = 0
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: torch.nn.Module) -> None:
        """Moves towards the model; faster at first, so that the beginning is soon forgotten."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in model.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)

    def state(self) -> dict:
        return {"weights": self.weights, "steps": self.steps}

    def restore(self, state: dict) -> None:
        self.weights, self.steps = state["weights"], state["steps"]
