import unittest

from demo_model.words import colours, places
from demo_model.words.objects import BY_NAME, THINGS
from demo_model.words.plurals import plural, with_article


class Vocabulary(unittest.TestCase):
    def test_every_object_has_a_name_of_its_own(self):
        self.assertEqual(len(BY_NAME), len(THINGS))
        self.assertEqual(len({thing.emoji for thing in THINGS}), len(THINGS))

    def test_every_place_can_stand_alone(self):
        self.assertEqual(set(places.AFTER_OBJECT), set(places.ALONE))

    def test_background_words_begin_with_a_known_colour(self):
        self.assertLessEqual(set(colours.WORDS), set(colours.BACKGROUNDS))


class Plurals(unittest.TestCase):
    def test_regular(self):
        self.assertEqual(plural("apple"), "apples")
        self.assertEqual(plural("fox"), "foxes")
        self.assertEqual(plural("cherry"), "cherries")
        self.assertEqual(plural("donkey"), "donkeys")

    def test_irregular_also_behind_an_adjective(self):
        self.assertEqual(plural("wolf"), "wolves")
        self.assertEqual(plural("purple fish"), "purple fish")

    def test_the_head_of_a_phrase(self):
        self.assertEqual(plural("cup of coffee"), "cups of coffee")
        self.assertEqual(plural("cat with heart eyes"), "cats with heart eyes")

    def test_articles(self):
        self.assertEqual(with_article("owl"), "an owl")
        self.assertEqual(with_article("unicorn"), "a unicorn")
        self.assertEqual(with_article("red scissors"), "red scissors")


if __name__ == "__main__":
    unittest.main()
