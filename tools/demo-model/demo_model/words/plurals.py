"""English plurals and articles, as far as the vocabulary needs them."""

IRREGULAR = {
    "cherries": "cherries", "grapes": "grapes", "french fries": "french fries", "fries": "fries",
    "glasses": "glasses", "scissors": "scissors", "mouse face": "mouse faces", "fish": "fish",
    "tropical fish": "tropical fish", "popcorn": "popcorn", "broccoli": "broccoli", "sushi": "sushi",
    "corn": "ears of corn", "lightning": "lightning bolts", "books": "books", "bread": "loaves of bread",
    "fire": "fires", "die": "dice", "dice": "dice", "leaf": "leaves", "loaf": "loaves",
    "stack of books": "stacks of books", "wolf": "wolves", "mouse": "mice", "cheese": "pieces of cheese",
    "chocolate": "chocolates",
}

NO_ARTICLE = {
    "cherries", "grapes", "fries", "glasses", "scissors", "broccoli", "sushi", "popcorn", "lightning", "fire",
    "chocolate", "bread", "corn", "cheese", "beer", "coffee", "books", "dice",
}
"""Last words of phrases that take no `a`."""

SOUNDS_CONSONANT = ("unicorn", "ufo")


def plural(noun: str) -> str:
    """`bunch of grapes` -> `bunches of grapes`, `red rose` -> `red roses`."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    for joint in (" of ", " with ", " in "):
        if joint in noun:
            head, rest = noun.split(joint, 1)
            return plural(head) + joint + rest
    for singular, many in IRREGULAR.items():
        if noun.endswith(" " + singular):
            return noun[: -len(singular)] + many
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def with_article(phrase: str) -> str:
    """`apple` -> `an apple`, `grapes` -> `grapes`."""
    if phrase.split()[-1] in NO_ARTICLE:
        return phrase
    vowel = phrase[0] in "aeiou" and not phrase.startswith(SOUNDS_CONSONANT)
    return ("an " if vowel else "a ") + phrase
