"""The scenes behind an object, and how a caption names them."""

AFTER_OBJECT: dict[str, tuple[str, ...]] = {
    "night": ("at night", "in the night sky", "under the stars", "in a starry night", "at night with stars"),
    "day": ("in the sky", "in a blue sky", "with clouds", "in a cloudy sky", "under a blue sky"),
    "grass": ("on grass", "on the grass", "in a meadow", "in a green field", "on a lawn"),
    "beach": ("on the beach", "at the beach", "on a sandy beach", "by the sea"),
    "snow": ("in the snow", "in winter", "on a snowy day", "in a snowy landscape"),
    "space": ("in space", "in outer space", "in the galaxy", "among the planets"),
    "sea": ("under water", "underwater", "in the ocean", "in the sea", "under the sea"),
    "sunset": ("at sunset", "at dusk", "during sunset", "in the evening"),
    "desert": ("in the desert", "in a desert", "on sand dunes"),
    "forest": ("in the forest", "in the woods", "in a forest", "among trees"),
    "city": ("in the city", "in a city", "in the street", "downtown"),
    "mountains": ("in the mountains", "with mountains", "in front of mountains"),
    "rain": ("in the rain", "on a rainy day", "in the storm"),
    "room": ("on a table", "on a wooden table", "on a desk", "in a room"),
}

ALONE: dict[str, tuple[str, ...]] = {
    "night": ("a starry night", "a night sky", "the night sky with a moon and stars"),
    "day": ("a blue sky with clouds", "the sky", "white clouds in the sky"),
    "grass": ("a green meadow", "a grass field", "a meadow under a blue sky"),
    "beach": ("a beach", "a sandy beach", "the sea and a beach"),
    "snow": ("a snowy landscape", "a snow field", "a winter landscape"),
    "space": ("outer space", "space with planets and stars", "the galaxy"),
    "sea": ("an underwater scene", "the ocean under water", "the deep sea"),
    "sunset": ("a sunset", "a beautiful sunset", "a sunset over the sea"),
    "desert": ("a desert", "sand dunes", "a desert landscape"),
    "forest": ("a forest", "a dark forest", "woods with trees"),
    "city": ("a city", "a city skyline", "buildings in a city"),
    "mountains": ("a mountain landscape", "mountains", "snowy mountains"),
    "rain": ("a rainy day", "rain", "dark rain clouds"),
    "room": ("a wooden table", "an empty table", "a room"),
}

NAMES: tuple[str, ...] = tuple(AFTER_OBJECT)
