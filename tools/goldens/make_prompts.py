"""prompts.safetensors and .json: weighted and long prompts of the tiny model, as compel encodes them, and the pictures made of that.

    .venv/bin/pip install -r requirements-prompts.txt
    .venv/bin/python make_prompts.py ../../tests/fixtures/goldens

compel has a syntax of its own, so the pieces of each prompt are written out here, beside the prompt that must be read as these pieces. A
section is what BREAK separates. Weights of 1 and above take compel's whole way. Below 1 compel also blends in the prompt without the
piece; that part is not taken: the expected states are those of its `build_weighted_embedding_tensor`.
"""
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from compel.embeddings_provider import EmbeddingsProvider, ReturnedEmbeddingsType, SplitLongTextMode

from make_goldens import quiet_and_exact
from tensors import Tensors, write_tensors
from tiny_model import load_pipeline

Section = list[tuple[str, float]]

LONG = " ".join(f"{colour} {thing}" for colour in ("red", "blue", "green", "grey", "black", "white", "pink", "brown")
                for thing in ("fox", "lake", "barn", "tree", "road", "hill"))

CASES: dict[str, dict[str, Any]] = {
    "up": {
        "prompt": r"a (red:1.4) fox in ((deep snow)), \(winter\)", "negative": "(blurry:1.3) photo",
        "sections": [[("a ", 1), ("red", 1.4), (" fox in ", 1), ("deep snow", 1.1 * 1.1), (", (winter)", 1)]],
        "negative_sections": [[("blurry", 1.3), (" photo", 1)]],
    },
    "down": {
        "prompt": "a [grey] fox, (trees:0.5), (sun:0), (rain:-0.5)", "negative": None,
        "sections": [[("a ", 1), ("grey", 1 / 1.1), (" fox, ", 1), ("trees", 0.5), (", ", 1), ("sun", 0), (", ", 1), ("rain", -0.5)]],
    },
    "long": {"prompt": LONG, "negative": "blurry", "sections": [[(LONG, 1)]], "negative_sections": [[("blurry", 1)]]},
    "break": {
        "prompt": "a red fox BREAK a blue (lake:1.2)", "negative": LONG + " (ugly:1.5) " + LONG,
        "sections": [[("a red fox", 1)], [("a blue ", 1), ("lake", 1.2)]],
        "negative_sections": [[(LONG + " ", 1), ("ugly", 1.5), (" " + LONG, 1)]],
    },
}
RUN = {"width": 64, "height": 80, "num_inference_steps": 6, "guidance_scale": 3.0}


class Encoder:
    def __init__(self, tokenizer: Any, text_encoder: Any) -> None:
        self.provider = EmbeddingsProvider(
            tokenizer, text_encoder, truncate=False, split_long_text_mode=SplitLongTextMode.BRUTAL,
            returned_embeddings_type=ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED)

    def section(self, section: Section) -> torch.Tensor:
        texts, weights = [text for text, _ in section], [float(weight) for _, weight in section]
        ids, per_token, mask = self.provider.get_token_ids_and_expand_weights(texts, weights, device="cpu")
        states = self.provider.build_weighted_embedding_tensor(ids, per_token, mask)
        if min(weights) >= 1:
            whole = self.provider.get_embeddings_for_weighted_prompt_fragments([texts], [weights])
            assert torch.equal(states, whole)
        return states

    def states(self, sections: list[Section]) -> torch.Tensor:
        return torch.cat([self.section(section) for section in sections], dim=1)

    def pooled(self, sections: list[Section]) -> torch.Tensor:
        return self.provider.get_pooled_embeddings(["".join(text for text, _ in sections[0])])


def padded(states: torch.Tensor, empty: torch.Tensor, length: int) -> torch.Tensor:
    return torch.cat([states, *[empty] * ((length - states.shape[1]) // empty.shape[1])], dim=1)


@torch.no_grad()
def encode(encoders: list[Encoder], sections: list[Section]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.cat([each.states(sections) for each in encoders], dim=-1), encoders[-1].pooled(sections)


@torch.no_grad()
def run_case(pipe: Any, encoders: list[Encoder], case: dict[str, Any]) -> Tensors:
    states, pooled = encode(encoders, case["sections"])
    empty, _ = encode(encoders, [[("", 1)]])
    if case["negative"] is None:
        negative, negative_pooled = torch.zeros_like(states), torch.zeros_like(pooled)
    else:
        negative, negative_pooled = encode(encoders, case["negative_sections"])
    length = max(states.shape[1], negative.shape[1])
    states, negative = padded(states, empty, length), padded(negative, empty, length)
    picture = pipe(prompt_embeds=states, pooled_prompt_embeds=pooled, negative_prompt_embeds=negative,
                   negative_pooled_prompt_embeds=negative_pooled, generator=torch.Generator().manual_seed(5),
                   output_type="pt", **RUN).images
    return {"states": states, "pooled": pooled, "negative": negative, "negative_pooled": negative_pooled, "picture": picture}


def main(folder: Path) -> None:
    quiet_and_exact()
    pipe = load_pipeline(folder / "model")
    encoders = [Encoder(pipe.tokenizer, pipe.text_encoder), Encoder(pipe.tokenizer_2, pipe.text_encoder_2)]
    tensors = {f"{name}.{key}": value for name, case in CASES.items() for key, value in run_case(pipe, encoders, case).items()}
    write_tensors(folder / "prompts.safetensors", tensors)
    facts = {"versions": {name: version(name) for name in ("torch", "diffusers", "transformers", "compel")},
             "run": {**RUN, "seed": 5}, "cases": CASES}
    (folder / "prompts.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
