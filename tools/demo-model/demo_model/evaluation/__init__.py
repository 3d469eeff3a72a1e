"""Adherence figures and picture grids."""
