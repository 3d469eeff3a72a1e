"""The vocabulary: what can be drawn, and the words for it."""
