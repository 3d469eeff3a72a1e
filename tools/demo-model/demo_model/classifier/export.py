"""Writes the classifier as ONNX, with its class names beside it, and checks that ONNX Runtime agrees with PyTorch."""

import json

import numpy as np
import onnxruntime
import torch

from ..settings import CLASSIFIER
from ..training import checkpoint
from .judge import CHECKPOINT
from .labels import OUTPUTS
from .model import INPUT_SIDE, Classifier

OPSET = 17
LIMIT_BYTES = 4_500_000
TOLERANCE = 1e-3


def export() -> None:
    model = Classifier()
    model.load_state_dict(checkpoint.load(CHECKPOINT)["model"])
    model.eval()
    path = CLASSIFIER / "classifier.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    example = torch.rand(1, 3, INPUT_SIDE, INPUT_SIDE)
    torch.onnx.export(
        model, (example,), path, input_names=["pictures"], output_names=list(OUTPUTS), opset_version=OPSET,
        dynamic_axes={name: {0: "batch"} for name in ("pictures", *OUTPUTS)}, dynamo=False,
    )  # fmt: skip
    labels = {"input": {"name": "pictures", "side": INPUT_SIDE, "range": [0, 1], "layout": "NCHW"}, "outputs": OUTPUTS}
    (CLASSIFIER / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    pictures = torch.rand(3, 3, INPUT_SIDE, INPUT_SIDE)
    with torch.no_grad():
        wanted = model(pictures)
    for name, a, b in zip(OUTPUTS, session.run(None, {"pictures": pictures.numpy()}), wanted):
        difference = float(np.abs(a - b.numpy()).max())
        if difference > TOLERANCE:
            raise ValueError(f"{name} differs by {difference}")
    size = path.stat().st_size
    if size > LIMIT_BYTES:
        raise ValueError(f"{path} has {size} bytes")
    print(f"{path}: {size / 1e6:.2f} MB")


def main(_arguments: list[str]) -> None:
    export()
