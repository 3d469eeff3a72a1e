"""Tokenizer and the two text encoders."""
