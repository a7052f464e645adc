"""Finds Java under the name that tests use; it lies in `scripts.engines`."""

from scripts.engines.java import find_jdk

__all__ = ["find_jdk"]
