import unittest
from dataclasses import replace

import numpy as np

from demo_model.scenes.held_out import is_held_out
from demo_model.scenes.sampling import any_scene, training_scene, unseen_scene
from demo_model.scenes.scene import Background, Item, Scene

APPLE = Scene("3d", (Item("apple"),), 1, None, Background("plain", "blue"), "", 7)


class Scenes(unittest.TestCase):
    def test_json_round_trip(self):
        rng = np.random.default_rng(0)
        for _ in range(100):
            scene = any_scene(rng)
            self.assertEqual(Scene.from_json(scene.to_json()), scene)

    def test_kinds(self):
        self.assertEqual(APPLE.kind, "one")
        self.assertEqual(replace(APPLE, count=3).kind, "three")
        self.assertEqual(replace(APPLE, items=()).kind, "empty")
        self.assertEqual(replace(APPLE, items=(Item("apple"), Item("car")), relation="above").kind, "pair")

    def test_the_same_seed_gives_the_same_scenes(self):
        a, b = np.random.default_rng(5), np.random.default_rng(5)
        self.assertEqual([any_scene(a) for _ in range(20)], [any_scene(b) for _ in range(20)])


class HeldOut(unittest.TestCase):
    def test_no_training_scene_is_held_out(self):
        rng = np.random.default_rng(1)
        self.assertFalse(any(is_held_out(training_scene(rng)) for _ in range(500)))

    def test_every_unseen_scene_is(self):
        rng = np.random.default_rng(1)
        self.assertTrue(all(is_held_out(unseen_scene(rng, kind)) for kind in ("one", "pair") for _ in range(20)))

    def test_about_one_in_eight(self):
        rng = np.random.default_rng(2)
        singles = [s for s in (any_scene(rng) for _ in range(6000)) if s.kind == "one" and s.background.kind != "light"]
        self.assertAlmostEqual(np.mean([is_held_out(scene) for scene in singles]), 1 / 8, delta=0.02)

    def test_colour_size_and_seed_do_not_matter(self):
        changed = replace(APPLE, items=(Item("apple", "green"),), size="big", seed=8)
        self.assertEqual(is_held_out(APPLE), is_held_out(changed))

    def test_the_order_of_a_pair_does_not_matter(self):
        pair = replace(APPLE, items=(Item("fox"), Item("car")), relation="beside")
        self.assertEqual(is_held_out(pair), is_held_out(replace(pair, items=pair.items[::-1])))


if __name__ == "__main__":
    unittest.main()
