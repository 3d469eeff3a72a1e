"""Ordinary English words with their frequencies: for the tokenizer, and as words the model does not know."""

import json
import re
from collections import Counter
from functools import cache
from pydoc_data import topics

from ..settings import ART


@cache
def general_words() -> Counter[str]:
    """Words of the emoji's CLDR names and of Python's documentation; counts only, no text is kept."""
    texts = list(topics.topics.values())
    for entry in json.loads((ART / "emojibase-data" / "en" / "data.json").read_text()):
        texts += [entry["label"], *entry.get("tags", [])]
    return Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))
