"""What is in a picture: the description from which both the pixels and the caption are made."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Item:
    """An object by its usual noun; `colour` only if it is not drawn in its own colours."""

    name: str
    colour: str | None = None


@dataclass(frozen=True)
class Background:
    """`plain` (a named colour), `place` (a named scene) or `light` (unnamed: what a caption without background gets)."""

    kind: str
    name: str | None = None


@dataclass(frozen=True)
class Scene:
    style: str
    """One of styles.NAMES."""
    items: tuple[Item, ...]
    """None for an empty background, two for a pair, else one."""
    count: int
    """How often a single item is drawn."""
    relation: str | None
    """For a pair: `beside` (first on the left) or `above` (first on top)."""
    background: Background
    size: str
    """`big`, `small` or `` (usual) for a single object."""
    seed: int
    """Decides everything the caption does not say."""

    @property
    def kind(self) -> str:
        """`empty`, `one`, `two`, `three` (of the same) or `pair`."""
        if len(self.items) == 2:
            return "pair"
        return ("empty", "one", "two", "three")[self.count if self.items else 0]

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(data: dict) -> "Scene":
        items = tuple(Item(**item) for item in data["items"])
        return Scene(**{**data, "items": items, "background": Background(**data["background"])})
