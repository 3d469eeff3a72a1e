"""The judge: a classifier of rendered scenes, used to measure generated ones."""
