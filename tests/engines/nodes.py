"""A running engine under the name that tests use; it lies in `scripts.engines`, which the demonstration uses too."""

from scripts.engines.nodes import HEAP, Node

__all__ = ["HEAP", "Node"]
