"""Descriptions of pictures, before they are drawn or put into words."""
