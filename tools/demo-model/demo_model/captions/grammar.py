"""Turns a scene into an English caption; the same scene has many."""

import numpy as np

from ..scenes.scene import Background, Scene
from ..words import colours, places, styles
from ..words.plurals import plural, with_article
from .nouns import OwnColours, noun_phrase

BIG = ("big", "large", "huge", "giant")
SMALL = ("small", "little", "tiny")
PRAISE = ("cute", "nice", "beautiful", "lovely", "cool", "simple", "funny")
TWO = ("two {}", "two {}", "2 {}", "a pair of {}")
THREE = ("three {}", "three {}", "3 {}", "a group of three {}")
BESIDE = (
    "{a} and {b}", "{a} and {b}", "{a} next to {b}", "{a} beside {b}", "{a} to the left of {b}", "{a} left of {b}",
    "{b} to the right of {a}", "{a} on the left and {b} on the right",
)
ABOVE = ("{a} above {b}", "{b} below {a}", "{a} on top of {b}", "{b} under {a}", "{a} over {b}")
PLAIN = (
    " on {c} background", " on {c} background", " on {c} background", ", {bare} background", " with {c} background",
    " in front of {c} background", " on {bare}", " against {c} background",
)
PLAIN_ALONE = ("{c} background", "plain {bare} background", "{bare}")
LIGHT = (", light background", ", simple background")


class Grammar:
    """Captions drawn with one random generator."""

    def __init__(self, rng: np.random.Generator, own: OwnColours):
        self._rng = rng
        self._own = own

    def caption(self, scene: Scene) -> str:
        text = self._styled(self._subject(scene) + self._setting(scene), scene.style)
        if self._rng.random() < 0.3:
            text = text[0].upper() + text[1:]
        return text + "." if self._rng.random() < 0.1 else text

    def _pick(self, options: tuple[str, ...]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def _subject(self, scene: Scene) -> str:
        nouns = [noun_phrase(item, scene.style, self._rng, self._own) for item in scene.items]
        match scene.kind:
            case "empty":
                return ""
            case "two":
                return self._pick(TWO).format(plural(nouns[0]))
            case "three":
                return self._pick(THREE).format(plural(nouns[0]))
            case "pair":
                first, second = (with_article(noun) for noun in nouns)
                return self._pick(BESIDE if scene.relation == "beside" else ABOVE).format(a=first, b=second)
        return self._single(nouns[0], scene.size)

    def _single(self, noun: str, size: str) -> str:
        if size:
            noun = f"{self._pick(BIG if size == 'big' else SMALL)} {noun}"
        elif self._rng.random() < 0.12:
            noun = f"{self._pick(PRAISE)} {noun}"
        chance = self._rng.random()
        return with_article(noun) if chance < 0.7 else noun if chance < 0.9 else f"the {noun}"

    def _setting(self, scene: Scene) -> str:
        background, alone = scene.background, not scene.items
        if background.kind == "plain":
            return self._plain(background, alone)
        if background.kind == "place":
            return self._pick(places.ALONE[background.name]) if alone else " " + self._pick(places.AFTER_OBJECT[background.name])
        return self._pick(LIGHT) if self._rng.random() < 0.06 else ""

    def _plain(self, background: Background, alone: bool) -> str:
        word = self._pick(colours.WORDS.get(background.name, (background.name,)))
        return self._pick(PLAIN_ALONE if alone else PLAIN).format(c=with_article(word), bare=word)

    def _styled(self, text: str, style: str) -> str:
        if style != "3d" or self._rng.random() < 0.35:
            return self._pick(styles.PHRASES[style]).format(text)
        return self._pick(styles.NEUTRAL).format(text) if self._rng.random() < 0.25 else text
