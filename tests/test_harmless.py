"""What comes from outside cannot command a terminal, in whatever way it is printed."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from earshot.harmless import harmless, harmless_json
from earshot.screen import HarmlessConsole

ATTACK = "a\x1b]0;taken\x07b\x1b[2J\x9b31mc\u202egpj.exe\u2066d\x00\x7f\r\b"
LOGS = f"""
import logging, structlog
from earshot.cli import root
root._configure_logging(logging.WARNING)
attack = {ATTACK!r}
log = structlog.get_logger("x")
log.warning("odd " + attack, url=attack, names=[attack, 3])
try:
    raise ValueError(attack)
except ValueError:
    log.exception("failed")
    logging.getLogger("y").exception("failed %s", attack)
"""


def is_harmless(said: str) -> bool:
    return all(sign in "\n\t" or (sign >= " " and not "\x7f" <= sign <= "\x9f") for sign in said) and not (
        set(said) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u200e")
    )


@settings(max_examples=25, deadline=None)
@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left_and_the_rest_is_as_it_was(text: str) -> None:
    assert is_harmless(harmless(text))
    assert harmless(harmless(text)) == harmless(text)
    assert json.loads(harmless_json({"title": text})) == {"title": text}
    assert is_harmless(harmless_json([text]))


def test_words_of_all_scripts_stay() -> None:
    text = "Größe 価格 שלום مرحبا क्षि 👩‍👩‍👧 a\tb\nc"
    assert harmless(text) == text


@pytest.mark.fault(
    case="Escape sequences in a title or a server's answer", promise="They are shown as code; the terminal obeys none"
)
def test_a_console_prints_colours_of_its_own_and_no_command_of_others() -> None:
    said = io.StringIO()
    console = HarmlessConsole(file=said, force_terminal=True, width=300, color_system="standard")
    table = Table("Title", title=ATTACK)
    table.add_row(Text(ATTACK, style="red"))
    for each in (table, Text(ATTACK), ATTACK.replace("[", "("), Panel(ATTACK.replace("[", "("))):
        console.print(each)
    shown = said.getvalue()
    assert "\x1b[31m" in shown
    assert not any(sign in shown for sign in ("\x1b]", "\x1b[2J", "\x9b", "\u202e", "\x07", "\x00", "\b"))
    assert shown.count("taken") == 5


@pytest.mark.fault(case="Escape sequences in what a log tells", promise="They are written as code")
def test_a_line_of_a_log_is_harmless_and_so_is_what_went_wrong() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, timeout=60, check=True)
    assert is_harmless(done.stderr)
    assert done.stderr.count("gpj.exe") >= 6
