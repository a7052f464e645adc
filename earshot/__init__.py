"""Earshot: hear what is said about your brands, and get it to the right person while it still matters."""

__version__ = "0.1.0"
