#!/usr/bin/env python3
"""Runs cases through the reference pipeline with an existing model folder, for comparison with an engine.

    python run_cases.py MODEL_DIR CASES.json OUT_DIR

CASES.json as described in spec.py; only its name and cases count. Writes ID.json, ID.safetensors and ID.k.png.
"""
import argparse
from pathlib import Path

from cases import run_case
from make_goldens import quiet_and_exact
from spec import read_spec
from tiny_model import load_pipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    spec = read_spec(args.cases)
    quiet_and_exact()
    pipe = load_pipeline(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    for case in spec.cases:
        info = run_case(pipe, case, args.out, png=True)
        print(case["id"], {name: round(value, 3) for name, value in info["stats"].items()}, flush=True)


if __name__ == "__main__":
    main()
