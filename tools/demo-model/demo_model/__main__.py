"""One command per stage: `python -m demo_model STAGE [OPTIONS]`."""

import importlib
import sys

STAGES = {
    "art": "art.packages",
    "sprites": "art.sprites",
    "dataset": "data.build",
    "vae": "vae.train",
    "tokenizer": "text.tokenizer",
    "text": "text.train",
    "latents": "latents",
    "unet": "unet.train",
    "round-trip": "classifier.round_trip",
    "classifier": "classifier.train",
    "export": "classifier.export",
    "prompts": "classifier.prompts",
    "assemble": "assemble",
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in STAGES:
        sys.exit(f"usage: python -m demo_model {{{','.join(STAGES)}}} [OPTIONS]")
    importlib.import_module(f"demo_model.{STAGES[sys.argv[1]]}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
