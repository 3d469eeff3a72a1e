"""Ways of drawing, and the phrases that ask for them."""

PHRASES: dict[str, tuple[str, ...]] = {
    "3d": (
        "3d render of {}", "{}, 3d render", "{}, 3d style", "a 3d icon of {}", "{}, 3d", "3d {}",
        "{}, glossy 3d emoji", "a render of {}",
    ),
    "flat": (
        "flat illustration of {}", "{}, flat style", "{}, flat design", "a flat icon of {}", "{}, vector art",
        "flat vector of {}", "{}, flat illustration", "{}, minimal flat style",
    ),
    "line": (
        "line art of {}", "{}, line art", "a black and white icon of {}", "{}, line drawing", "a line drawing of {}",
        "a simple line icon of {}", "{}, black and white line art", "ink drawing of {}", "outline drawing of {}",
    ),
    "pixel": (
        "pixel art of {}", "{}, pixel art", "{}, pixel art", "pixel art {}", "8-bit pixel art of {}",
        "{} in pixel art style", "a pixel art picture of {}", "{}, 8-bit style",
    ),
}

NEUTRAL: tuple[str, ...] = (
    "a picture of {}", "an image of {}", "an illustration of {}", "a photo of {}", "{}, high quality",
    "{}, digital art", "an emoji of {}", "{} emoji", "a drawing of {}", "a painting of {}",
)
"""Phrases that ask for no style in particular; 3D is what one gets without any."""

NAMES: tuple[str, ...] = tuple(PHRASES)
