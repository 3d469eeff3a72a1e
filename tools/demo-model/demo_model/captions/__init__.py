"""English for a scene."""
