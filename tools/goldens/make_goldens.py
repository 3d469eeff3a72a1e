#!/usr/bin/env python3
"""Makes a fixture set: a tiny random model of this architecture and what the reference implementation computes with it.

    python make_goldens.py OUT_DIR                      the set of the repository's tests
    python make_goldens.py OUT_DIR --spec my_set.json   another one: other weights, widths, prompts, sizes

Everything is float32 on the CPU with one thread. Weights are drawn in float32 and stored as float16; the reference
loads the same float16 values and computes in float32.
"""
import argparse
import json
import logging
import shutil
from pathlib import Path

import diffusers
import torch
import transformers

from cases import run_case
from golden_components import component_goldens
from golden_randn import randn_goldens
from golden_scheduler import scheduler_goldens
from golden_spec import SPEC
from golden_tokenizer import tokenizer_goldens
from model_folder import VOCABULARY
from single_file import check_single_file, write_single_file
from spec import Spec, read_spec
from tiny_model import check_loaded, load_pipeline, tiny_configs, write_model


def versions() -> dict[str, str]:
    return {"torch": torch.__version__, "diffusers": diffusers.__version__, "transformers": transformers.__version__}


def quiet_and_exact() -> None:
    """One thread and deterministic kernels, so that a rerun on the same CPU gives the same bytes."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    transformers.logging.set_verbosity_error()


def empty_folder(folder: Path) -> None:
    """Removes an earlier set; refuses anything else that has content."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "manifest.json").exists():
            raise SystemExit(f"{folder} is not empty and holds no fixture set (no manifest.json); give another folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def make_set(spec: Spec, out: Path, vocabulary: Path, single_file: Path, fp32: bool, png: bool) -> None:
    configs = tiny_configs(spec.architecture)
    model = out / "model"
    parts = write_model(model, configs, spec.weights_seed, vocabulary)
    pipe = load_pipeline(model)
    check_loaded(pipe, parts)
    for precision, dtype in (("fp16", torch.float16), ("fp32", torch.float32)):
        if precision == "fp16" or fp32:
            path = single_file.with_name(f"{single_file.name}.{precision}.safetensors")
            write_single_file(path, parts, configs, dtype)
            check_single_file(path, model, parts, configs)
    (out / "cases").mkdir()
    for case in spec.cases:
        info = run_case(pipe, case, out / "cases", png)
        print(case["id"], {name: round(value, 3) for name, value in info["stats"].items()}, flush=True)
    component_goldens(pipe, out, spec.weights_seed)
    scheduler_goldens(out, spec.weights_seed % 1000)
    randn_goldens(out, spec.randn_seeds)
    rows, differing = tokenizer_goldens(pipe, out, spec.strings)
    print(f"tokenizer: {rows} strings, {differing} of which an older transformers reads differently")
    manifest = {"set": spec.name, "weights_seed": spec.weights_seed, **versions(), "dtype": "float32",
                "cases": [case["id"] for case in spec.cases]}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="an earlier fixture set there is replaced")
    parser.add_argument("--spec", type=Path, help="JSON as described in spec.py; default: golden_spec.py")
    parser.add_argument("--vocabulary", type=Path, default=VOCABULARY, help="folder with vocab.json and merges.txt")
    parser.add_argument("--single-file", type=Path, metavar="STEM",
                        help="single-file checkpoint, written as STEM.fp16.safetensors; default: inside OUT_DIR")
    parser.add_argument("--fp32", action="store_true", help="also write STEM.fp32.safetensors")
    parser.add_argument("--png", action="store_true", help="also write every picture as cases/ID.k.png")
    args = parser.parse_args()
    spec = read_spec(args.spec) if args.spec else SPEC
    quiet_and_exact()
    empty_folder(args.out)
    stem = args.single_file or args.out / "single_file" / "playground-v2.5-tiny"
    make_set(spec, args.out, args.vocabulary, stem, args.fp32, args.png)


if __name__ == "__main__":
    main()
