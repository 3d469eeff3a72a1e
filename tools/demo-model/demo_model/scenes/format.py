"""Sizes of pictures: the square, and what the product offers as portrait and landscape at a longest side of 256."""

from dataclasses import dataclass

from ..settings import SIDE


@dataclass(frozen=True)
class Format:
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def is_square(self) -> bool:
        return self.width == self.height


SQUARE = Format(SIDE, SIDE)
SHORT_SIDES = (200, 176, 144, 104)
"""4:3, 3:2, 16:9 and 21:9, in multiples of 8."""
OTHERS = tuple(f for short in SHORT_SIDES for f in (Format(SIDE, short), Format(short, SIDE)))
ALL = (SQUARE, *OTHERS)
