"""Builds the tokenizer: CLIP's byte-level BPE with a vocabulary of its own."""

import json
from collections.abc import Iterator

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from ..captions.distraction import MODIFIERS
from ..captions.general_words import general_words
from ..captions.grammar import Grammar
from ..captions.own_colours import own_colours
from ..scenes.sampling import training_scene
from ..settings import MODEL
from .encoders import END, START, VOCABULARY
from .tokenizer_files import write_tokenizer

SEED = 5
CAPTIONS = 25_000
WORD_END = "</w>"
START_TOKEN, END_TOKEN = "<|startoftext|>", "<|endoftext|>"
PIECES = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
"""How CLIP splits a text before merging."""


def byte_alphabet() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in its order: printable ones first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + k) for k in range(len(others))]


def corpus() -> Iterator[str]:
    """Captions, modifiers, and general words by their frequency."""
    rng = np.random.default_rng(SEED)
    grammar = Grammar(rng, own_colours())
    yield from (grammar.caption(training_scene(rng)) for _ in range(CAPTIONS))
    yield from MODIFIERS * 300
    yield from (" ".join([word] * min(count, 40)) for word, count in general_words().items())


def learn_merges() -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix=WORD_END, fuse_unk=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    # Some of the merges learnt are dropped below, so a few more are asked for.
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY + 300, min_frequency=2, end_of_word_suffix=WORD_END, continuing_subword_prefix="",
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(corpus(), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(merge if isinstance(merge, list) else merge.split(" ")) for merge in merges]


def vocabulary_of(merges: list[tuple[str, str]]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's order: bytes, bytes that end a word, merges, start and end.  Merges of unknown parts are dropped."""
    alphabet = byte_alphabet()
    entries = alphabet + [byte + WORD_END for byte in alphabet]
    known, kept = set(entries), []
    for left, right in merges:
        if len(entries) >= START:
            break
        if left in known and right in known:
            kept.append((left, right))
            if left + right not in known:
                entries.append(left + right)
                known.add(left + right)
    if len(entries) != START:
        raise ValueError(f"the corpus gives {len(entries)} entries, {START} are needed")
    entries += [START_TOKEN, END_TOKEN]
    assert entries[END] == END_TOKEN
    return {entry: index for index, entry in enumerate(entries)}, kept


def main(_arguments: list[str]) -> None:
    vocabulary, merges = vocabulary_of(learn_merges())
    write_tokenizer(MODEL / "tokenizer", vocabulary, merges, padding=END_TOKEN)
    # SDXL's second tokenizer pads with "!", whose id is 0.
    write_tokenizer(MODEL / "tokenizer_2", vocabulary, merges, padding="!")
    print(f"{len(vocabulary)} entries, {len(merges)} merges")
