#!/usr/bin/env python3
"""Builds vocab.json and merges.txt of the CLIP tokenizer from open_clip's bpe_simple_vocab_16e6.txt.gz (MIT licence).

    python build_vocab.py bpe_simple_vocab_16e6.txt.gz OUT_DIR
"""
import argparse
import gzip
import json
from pathlib import Path

VOCABULARY_SIZE = 49408


def byte_alphabet() -> dict[int, str]:
    """Byte -> the printable character that stands for it, in the vocabulary's order.

    Printable bytes come first and stand for themselves; the other 68 follow as U+0100, U+0101, …
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in alphabet]
    alphabet.update({byte: chr(256 + index) for index, byte in enumerate(others)})
    return alphabet


def read_merges(gz_path: Path) -> list[str]:
    """The 48894 merges; the file's first line is a version comment, and it holds more merges than CLIP uses."""
    lines = gzip.decompress(gz_path.read_bytes()).decode("utf-8").split("\n")
    return lines[1:VOCABULARY_SIZE - 2 * 256 - 2 + 1]


def build_tokens(merges: list[str]) -> list[str]:
    """Every token in id order: bytes, bytes that end a word, merges, the two markers."""
    characters = list(byte_alphabet().values())
    tokens = characters + [c + "</w>" for c in characters] + [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(tokens) == len(set(tokens)) == VOCABULARY_SIZE
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    merges = read_merges(args.source)
    ids = {token: index for index, token in enumerate(build_tokens(merges))}
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (args.out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
