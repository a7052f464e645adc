"""The demonstration on a real search engine that is started for it: `make demo ENGINE=opensearch`.

    python -m scripts.demo_on_engine opensearch|elasticsearch [--dir DIR] [--port 8080]

The engine listens on the loopback and is over with the demonstration; a folder that is shown again fills its index from
the record.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from earshot.children import earshot_command
from earshot.config.environment import environment
from earshot.demo.children import bare_environment
from earshot.demo.show import show
from earshot.errors import EarshotError
from scripts.engines.distributions import ALL, Distribution, cache, missing
from scripts.engines.nodes import Node

INTERRUPTED = 130
PRODUCTS = {distribution.product: distribution for distribution in ALL}


def main() -> int:
    """Run it until Ctrl-C."""
    options = _options()
    console = Console(stderr=True, highlight=False)
    distribution = PRODUCTS[options.engine]
    if lacking := missing(distribution):
        said = f"{distribution.name} needs what is not here: {lacking} (docs/operations/engines.md says how to get it)."
        console.print(Text(said, "red"), soft_wrap=True)
        return 1
    console.print(f"Starting {distribution.name} (the first time Maven fetches it into {cache()}) ...", soft_wrap=True)
    try:
        return _perform(distribution, options.dir, options.port, console)
    except (EarshotError, RuntimeError) as error:
        console.print(Text(str(error), "red"))
        return 1
    except KeyboardInterrupt:  # before the demonstration itself listens for it
        return INTERRUPTED


def _perform(distribution: Distribution, directory: Path, port: int, console: Console) -> int:
    with ExitStack() as ending:
        with _noting_ctrl_c() as interrupted:
            node = Node(distribution)
            ending.callback(node.stop)
            node.ready(interrupted=interrupted)
        settings = {"EARSHOT_INDEX_ENGINE": distribution.product, "EARSHOT_INDEX_URLS": node.url}
        console.print(f"{distribution.name} answers on {node.url}/. For commands of yours on this workspace:")
        console.print(f"  export {' '.join(f'{name}={value}' for name, value in settings.items())}", soft_wrap=True)
        _fill(directory, settings)
        return show(directory, port, console, settings)


@contextmanager
def _noting_ctrl_c() -> Iterator[threading.Event]:
    """Note Ctrl-C while the block runs: an exception out of nowhere is lost where it strikes in a destructor."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    except (EarshotError, RuntimeError, OSError, subprocess.SubprocessError):
        if not interrupted.is_set():  # else it is what Ctrl-C did to a child
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted.is_set():
        raise KeyboardInterrupt


def _fill(directory: Path, settings: Mapping[str, str]) -> None:
    """Index what an earlier call has heard: the engine is a new one each time."""
    if (directory / "var" / "record.db").exists():
        command = earshot_command(["--workspace", str(directory), "reindex"])
        subprocess.run(command, env=bare_environment(environment()) | dict(settings), check=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=sorted(PRODUCTS))
    parser.add_argument("--dir", type=Path, default=Path("demo"), help="its workspace")
    parser.add_argument("--port", type=int, default=8080, help="of the dashboards")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
