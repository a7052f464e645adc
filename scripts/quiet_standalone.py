"""`airflow standalone` without its log servers, which listen on every address of the machine.

On one machine nobody needs them: the API server reads the logs of tasks from the disk. And it ends its parts on TERM as
it does on Ctrl-C; asked to end in any other way it would leave them running.

Source: Airflow 3.3, `airflow.cli.commands.standalone_command`; the log servers' host cannot be set.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

from airflow.cli.commands import standalone_command

_WITH_LOG_SERVER = ("scheduler", "triggerer")


class QuietSubCommand(standalone_command.SubCommand):
    """A part of it, started without a log server."""

    def __init__(self, parent: Any, name: str, command: list[str], env: dict[str, str]) -> None:
        quiet = ["--skip-serve-logs"] if name in _WITH_LOG_SERVER else []
        super().__init__(parent, name=name, command=[*command, *quiet], env=env)


def main() -> None:
    """Run it."""
    from airflow.__main__ import main as airflow

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    standalone_command.SubCommand = QuietSubCommand
    sys.argv = ["airflow", "standalone"]
    airflow()


if __name__ == "__main__":
    main()
