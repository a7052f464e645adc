"""The root of the command line: the options that every command has, and what ends it with which code."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from rich.text import Text

from earshot import __version__, jobs
from earshot.cli.saying import many
from earshot.errors import (
    ConfigError,
    Damaged,
    EarshotError,
    MailError,
    MailUncertain,
    QueryError,
    StorageError,
    WorkspaceError,
)
from earshot.harmless import HarmlessStream, harmless, harmless_fields
from earshot.screen import err, out

Command = TypeVar("Command", bound=Callable[..., None])

EXIT_UNFORESEEN, EXIT_USAGE, EXIT_CONFIG, EXIT_STORAGE, EXIT_MAIL = 1, 2, 3, 4, 5
EXIT_ALARMS, EXIT_INTERRUPTED = 6, 130

app = typer.Typer(
    help="Hear what is said about your brands, and get it to the right person while it still matters.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def commands(title: str) -> Callable[[], Callable[[Command], Command]]:
    """Return the decorator of commands that stand under this title in the help."""
    return partial(app.command, rich_help_panel=title)


def subcommands(name: str, title: str, says: str) -> typer.Typer:
    """Return a command that has commands of its own, under this title in the help."""
    made = typer.Typer(help=says, no_args_is_help=True)
    app.add_typer(made, name=name, rich_help_panel=title)
    return made


class State:
    """What the options before the command say."""

    workspace: Path = Path()


def main() -> None:
    """Run the command line; every foreseen error becomes a line and an exit code."""
    try:
        app()
    except WorkspaceError as error:
        err.print(Text(str(error)))
        err.print(f"[red]{many(len(error.mistakes), 'mistake')}.[/] Nothing was changed.")
        sys.exit(EXIT_CONFIG)
    except QueryError as error:
        err.print(Text(f"{error}\n{error.pointer()}"))
        sys.exit(EXIT_CONFIG)
    except ConfigError as error:
        err.print(Text(str(error)))
        sys.exit(EXIT_CONFIG)
    except Damaged as error:
        err.print(Text(f"{error}."))
        sys.exit(EXIT_STORAGE)
    except StorageError as error:
        err.print(Text(f"{error}. Try again."))
        sys.exit(EXIT_STORAGE)
    except (MailError, MailUncertain) as error:
        err.print(Text(f"Mail was not taken: {error}"))
        sys.exit(EXIT_MAIL)
    except EarshotError as error:
        err.print(Text(str(error)))
        sys.exit(EXIT_UNFORESEEN)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception:  # noqa: BLE001 (it is shown as Python would, and ends as it would)
        sys.stderr.write(harmless(traceback.format_exc()))
        sys.exit(EXIT_UNFORESEEN)


def _version(value: bool) -> None:
    if value:
        out.print(f"earshot {__version__}")
        raise typer.Exit


@app.callback()
def options(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", envvar="EARSHOT_WORKSPACE", help="The workspace's folder.")
    ] = Path(),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, to the error stream.")] = False,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Take the options that every command has."""
    State.workspace = workspace
    _configure_logging(logging.INFO if verbose else logging.WARNING)


def opened() -> Any:
    """Open the parts of the workspace that was named."""
    return jobs.opened(State.workspace)


def _configure_logging(level: int) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.set_exc_info,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            harmless_fields,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logs = logging.StreamHandler(HarmlessStream(sys.stderr))
    logging.basicConfig(level=level, handlers=[logs], format="%(levelname)s %(name)s: %(message)s")
