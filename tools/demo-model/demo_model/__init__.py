"""Builds, trains and measures Easel's embedded demo model."""
