"""The files of a CLIP tokenizer."""

import json
from pathlib import Path

START_TOKEN, END_TOKEN = "<|startoftext|>", "<|endoftext|>"


def _token(content: str, **changes: bool) -> dict:
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, **changes}


def write_tokenizer(folder: Path, vocabulary: dict[str, int], merges: list[tuple[str, str]], padding: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, data: dict) -> None:
        (folder / name).write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n")

    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(merge) for merge in merges), ""]))
    write("special_tokens_map.json", {
        "bos_token": _token(START_TOKEN),
        "eos_token": _token(END_TOKEN),
        "pad_token": padding if padding != END_TOKEN else _token(padding),
        "unk_token": _token(END_TOKEN),
    })
    added = {str(vocabulary[token]): _token(token, special=True) for token in (START_TOKEN, END_TOKEN)}
    if padding != END_TOKEN:
        added = {str(vocabulary[padding]): _token(padding, normalized=False, special=True), **added}
    write("tokenizer_config.json", {
        "add_prefix_space": False,
        "added_tokens_decoder": added,
        "bos_token": START_TOKEN,
        "clean_up_tokenization_spaces": True,
        "do_lower_case": True,
        "eos_token": END_TOKEN,
        "errors": "replace",
        "model_max_length": 77,
        "pad_token": padding,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": END_TOKEN,
    })
