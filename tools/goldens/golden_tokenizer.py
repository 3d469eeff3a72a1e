"""tokenizer.json: the ids of difficult strings for both tokenizers."""
import json
import unicodedata
from pathlib import Path
from typing import Any

import regex

from build_vocab import byte_alphabet
from tokenizer_strings import COMMON

START, END, LENGTH = 49406, 49407, 77
NOTE = (
    "ids_1 = tokenizer, ids_2 = tokenizer_2, both with <|startoftext|> and <|endoftext|>, untruncated. "
    "77-token input: if longer than 77 keep the first 76 ids and append 49407; else pad on the right "
    "with 49407 (tokenizer) or 0 (tokenizer_2). old_library_ids_* present only where transformers 4.x's "
    "pure-Python tokenizer (no ftfy) gives something else."
)
WORDS = regex.compile(
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", regex.I)
IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
              (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


def _old_clean(text: str) -> str:
    """Drops control characters, spaces out ideographs, NFC, lower case, single spaces."""
    kept = [" " if c in " \t\n\r" or unicodedata.category(c) == "Zs" else c for c in text
            if c in "\t\n\r" or not (c in "\x00\ufffd" or unicodedata.category(c).startswith("C"))]
    spaced = (f" {c} " if any(first <= ord(c) <= last for first, last in IDEOGRAPHS) else c for c in kept)
    return " ".join(word.lower() for word in unicodedata.normalize("NFC", "".join(spaced)).split())


def old_library_ids(tokenizer: Any, text: str, bang_is_special: bool) -> list[int]:
    """What the pure-Python CLIPTokenizer of transformers 4.x (without ftfy) returns, from its documented behaviour.

    Only marks the strings on which library versions disagree.
    """
    specials = ["<|startoftext|>", "<|endoftext|>"] + (["!"] if bang_is_special else [])
    vocabulary, model, alphabet = tokenizer.get_vocab(), tokenizer.backend_tokenizer.model, byte_alphabet()
    ids = [START]
    for piece in regex.split("(" + "|".join(map(regex.escape, specials)) + ")", text):
        if piece in specials:
            ids.append(vocabulary[piece])
            continue
        for word in WORDS.findall(_old_clean(piece)):
            ids += [token.id for token in model.tokenize("".join(alphabet[byte] for byte in word.encode("utf-8")))]
    return [*ids, END]


def _row(tokenizers: tuple[Any, Any], text: str) -> dict[str, object]:
    row: dict[str, object] = {"text": text}
    for index, tokenizer in enumerate(tokenizers, 1):
        full = tokenizer(text).input_ids  # with start and end, not truncated
        padded = tokenizer(text, padding="max_length", max_length=LENGTH, truncation=True).input_ids
        expected = full if len(full) <= LENGTH else full[:LENGTH - 1] + [END]
        assert padded == expected + [tokenizer.pad_token_id] * (LENGTH - len(expected)), text
        row[f"ids_{index}"] = full
        old = old_library_ids(tokenizer, text, index == 2)
        if old != full:
            row[f"old_library_ids_{index}"] = old
    return row


def tokenizer_goldens(pipe: Any, folder: Path, strings: list[str]) -> tuple[int, int]:
    """Writes tokenizer.json; returns the number of rows and of those where the older library differs."""
    tokenizers = (pipe.tokenizer, pipe.tokenizer_2)
    rows = [_row(tokenizers, text) for text in dict.fromkeys([*COMMON, *strings])]
    index = {"note": NOTE, "pad_1": tokenizers[0].pad_token_id, "pad_2": tokenizers[1].pad_token_id, "rows": rows}
    (folder / "tokenizer.json").write_text(json.dumps(index, separators=(",", ":")), encoding="ascii")
    return len(rows), sum("old_library_ids_1" in row for row in rows)
