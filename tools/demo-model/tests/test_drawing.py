import unittest
from dataclasses import replace

import numpy as np

from demo_model.art.sprites import SPRITE_SIDE, Sprites
from demo_model.drawing import hsv
from demo_model.drawing.backgrounds import PLACES
from demo_model.drawing.recolour import own_colour, recolour
from demo_model.drawing.render import Renderer
from demo_model.scenes.format import OTHERS, Format
from demo_model.scenes.scene import Background, Item, Scene
from demo_model.settings import SIDE
from demo_model.words import colours, places
from demo_model.words.objects import THINGS

APPLE = Scene("3d", (Item("apple"),), 1, None, Background("plain", "blue"), "", 7)


def discs() -> Sprites:
    """A red disc for every object."""
    y, x = np.mgrid[:SPRITE_SIDE, :SPRITE_SIDE] - SPRITE_SIDE / 2
    disc = (x**2 + y**2 < (SPRITE_SIDE / 2 - 2) ** 2)[..., None] * np.array([220, 30, 30, 255])
    array = np.broadcast_to(disc.astype(np.uint8), (len(THINGS), 3, *disc.shape))
    return Sprites(array)


class Drawing(unittest.TestCase):
    def setUp(self):
        self.renderer = Renderer(discs())

    def test_a_picture_per_scene_and_seed(self):
        a, b = self.renderer.render(APPLE), self.renderer.render(APPLE)
        self.assertEqual(a.shape, (SIDE, SIDE, 3))
        np.testing.assert_array_equal(a, b)
        self.assertTrue((self.renderer.render(replace(APPLE, seed=8)) != a).any())

    def test_object_in_the_middle_background_around_it(self):
        picture = self.renderer.render(APPLE).astype(int)
        np.testing.assert_allclose(picture[SIDE // 2, SIDE // 2], [220, 30, 30], atol=3)
        np.testing.assert_allclose(picture[2, 2], colours.BACKGROUNDS["blue"], atol=25)

    def test_line_art_is_light_on_dark_and_dark_on_light(self):
        middle = SIDE // 2
        for background, ink in (("black", 245), ("white", 20)):
            scene = replace(APPLE, style="line", background=Background("plain", background))
            self.assertAlmostEqual(int(self.renderer.render(scene)[middle, middle, 0]), ink, delta=5)

    def test_pixel_art_has_blocks(self):
        picture = self.renderer.render(replace(APPLE, style="pixel"))
        np.testing.assert_array_equal(picture[0:8, 0:8], np.broadcast_to(picture[0, 0], (8, 8, 3)))

    def test_two_and_three_objects_apart(self):
        for count in (2, 3):
            picture = self.renderer.render(replace(APPLE, count=count)).astype(int)
            red = (picture[..., 0] > 180) & (picture[..., 1] < 80)
            row = red[int(SIDE * (0.53 if count == 2 else 0.72))]
            self.assertEqual(int(np.diff(row.astype(int)).clip(0).sum()), 2)

    def test_other_formats_show_the_whole_object_in_their_middle(self):
        for format in OTHERS:
            for scene in (APPLE, replace(APPLE, style="pixel")):
                picture = self.renderer.render(scene, format).astype(int)
                self.assertEqual(picture.shape, (format.height, format.width, 3))
                red = (picture[..., 0] > 180) & (picture[..., 1] < 80)
                for axis, length in ((1, format.height), (0, format.width)):
                    inside = np.flatnonzero(red.any(axis))
                    self.assertGreater(inside[0], 0)
                    self.assertLess(inside[-1], length - 1)
                    self.assertAlmostEqual((inside[0] + inside[-1]) / 2 / length, 0.5, delta=0.1)

    def test_a_row_along_the_long_side_keeps_its_size(self):
        two, widths = replace(APPLE, count=2), []
        for format in (Format(256, 256), Format(256, 176), Format(176, 256)):
            picture = self.renderer.render(two, format).astype(int)
            red = (picture[..., 0] > 180) & (picture[..., 1] < 80)
            widths.append(np.sqrt(red.sum()))
        self.assertAlmostEqual(widths[1] / widths[0], 1, delta=0.06)
        self.assertAlmostEqual(widths[2] / widths[0], 176 / 256, delta=0.06)

    def test_every_place_can_be_drawn(self):
        self.assertEqual(set(PLACES), set(places.NAMES))
        for name in PLACES:
            picture = self.renderer.render(replace(APPLE, items=(), background=Background("place", name)))
            self.assertGreater(picture.std(), 5)


class Recolouring(unittest.TestCase):
    def test_hsv_round_trip(self):
        rgb = np.random.default_rng(0).random((50, 3))
        np.testing.assert_allclose(hsv.to_rgb(*hsv.from_rgb(rgb)), rgb, atol=1e-4)

    def test_a_recoloured_object_has_its_new_colour(self):
        sprite = discs().of("apple", "3d").astype(np.float32)
        self.assertEqual(own_colour(sprite), "red")
        for colour in colours.OBJECTS:
            self.assertEqual(own_colour(recolour(sprite, colour)), colour)


if __name__ == "__main__":
    unittest.main()
