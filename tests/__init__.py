"""Tests mirror the rooms; `tests/ports` holds one contract suite per port, run on every adapter."""
