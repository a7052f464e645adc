"""The keeper under the name that tests use; it lies in `scripts.engines`, and is run from there."""

from scripts.engines import keeper

__file__ = keeper.__file__
