"""The command line: the jobs, for a person at a prompt.

Exit codes: 0 done · 1 something unforeseen · 2 the command was called wrongly · 3 what you wrote is wrong (workspace,
query) · 4 storage did not answer, try again · 5 mail was not taken · 6 alarms are open · 130 interrupted.
"""

from importlib import import_module

from earshot.cli.root import app, main

GROUPS = ("setting_up", "listening", "telling", "looking", "indexing", "again", "upkeep", "backing_up", "moving")
"""Modules of commands, in the order in which the help shows them."""

for _group in GROUPS:
    import_module(f"{__name__}.{_group}")

__all__ = ["app", "main"]
