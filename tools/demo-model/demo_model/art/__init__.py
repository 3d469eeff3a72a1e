"""The art: emoji of the Fluent set, turned into sprites."""
