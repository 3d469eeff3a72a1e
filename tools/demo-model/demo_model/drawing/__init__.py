"""Pixels for a scene."""
