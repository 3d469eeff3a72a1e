import unittest
from dataclasses import replace

import numpy as np

from demo_model.captions.grammar import Grammar
from demo_model.captions.nouns import OwnColours, without_colour
from demo_model.scenes.sampling import any_scene
from demo_model.scenes.scene import Background, Item, Scene
from demo_model.words import colours, places
from demo_model.words.objects import BY_NAME
from demo_model.words.plurals import plural

APPLE = Scene("3d", (Item("apple", "green"),), 1, None, Background("plain", "blue"), "", 7)


def captions(scene: Scene, count: int = 60) -> list[str]:
    grammar = Grammar(np.random.default_rng(0), OwnColours({}))
    return [grammar.caption(scene).lower() for _ in range(count)]


class Captions(unittest.TestCase):
    def test_names_object_colour_and_background(self):
        for caption in captions(APPLE):
            self.assertIn("green apple", caption)
            self.assertNotIn("red", caption.replace("rendered", "").replace("render", ""))
            self.assertIn("blue", caption)

    def test_counts(self):
        for count, words in ((2, ("two", "2", "pair of")), (3, ("three", "3"))):
            for caption in captions(replace(APPLE, count=count)):
                self.assertIn("apples", caption)
                self.assertTrue(any(word in caption for word in words), caption)

    def test_left_comes_first_unless_the_caption_says_right_first(self):
        pair = replace(APPLE, items=(Item("fox"), Item("car")), relation="beside")
        nouns = {name: BY_NAME[name].nouns for name in ("fox", "car")}
        for caption in captions(pair):
            fox = min(caption.find(n) for n in nouns["fox"] if n in caption)
            car = min(caption.find(n) for n in nouns["car"] if n in caption)
            self.assertEqual(fox < car, "to the right of" not in caption, caption)

    def test_styles_other_than_3d_are_always_asked_for(self):
        marks = {"flat": ("flat", "vector"), "line": ("line", "icon", "drawing"), "pixel": ("pixel", "8-bit")}
        for style, words in marks.items():
            for caption in captions(replace(APPLE, style=style)):
                self.assertTrue(any(word in caption for word in words), caption)

    def test_every_scene_has_a_caption_that_names_its_background(self):
        rng = np.random.default_rng(3)
        grammar = Grammar(rng, OwnColours({}))
        for _ in range(300):
            scene = any_scene(rng)
            caption, name = grammar.caption(scene).lower(), scene.background.name
            if scene.background.kind == "plain":
                self.assertTrue(any(word in caption for word in colours.WORDS.get(name, (name,))), caption)
            if scene.background.kind == "place":
                phrases = (places.AFTER_OBJECT if scene.items else places.ALONE)[name]
                self.assertTrue(any(phrase in caption for phrase in phrases), caption)
            self.assertTrue(caption.strip("., "))

    def test_built_in_colours_give_way(self):
        self.assertEqual(without_colour("red rose"), "rose")
        self.assertEqual(without_colour("golden key"), "key")
        self.assertEqual(plural(without_colour("yellow star")), "stars")


if __name__ == "__main__":
    unittest.main()
