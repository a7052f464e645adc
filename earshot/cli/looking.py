"""Looking: numbers, mentions, pages, and the demonstration."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from earshot import jobs
from earshot.cli.root import Json, State, commands, opened
from earshot.cli.saying import print_json
from earshot.errors import ConfigError
from earshot.query.language import remarks
from earshot.screen import brand_tables, err, out, status_tables

command = commands("Looking")


@command()
def status(as_json: Json = False) -> None:
    """Say what there is, and which sources need somebody."""
    counts = jobs.status(str(State.workspace))
    if as_json:
        print_json(counts)
        return
    with opened() as parts, parts.record.read() as reader:
        for table in status_tables(counts, reader.sources()):
            out.print(table)


@command()
def search(
    query: Annotated[str, typer.Argument(help="In Earshot's query language; empty for everything.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Most mentions to print.")] = None,
    as_json: Json = False,
) -> None:
    """Search mentions, newest first."""
    for remark in remarks(query):
        err.print(Text(f"note: {remark.what}"))
    found = 0
    for mention in jobs.search(str(State.workspace), query, limit if as_json else limit or 20):
        found += 1
        if as_json:
            print_json(mention)
        else:
            _print_mention(mention)
    if not as_json and not found:
        err.print("No mention matches.")


@command()
def brand(name: Annotated[str, typer.Argument(help="Its id.")], as_json: Json = False) -> None:
    """Show which names of a brand are looked for, in which forms, and how often each was found."""
    told = jobs.brand_forms(str(State.workspace), name)
    if as_json:
        print_json(told)
        return
    for table in brand_tables(told):
        out.print(table)
    if told["query"]:
        out.print(Text(f"Only what this query finds: {told['query']}"), soft_wrap=True)
    if told["small_letters"]:
        out.print(
            f"In {told['small_letters']:,} places it is in small letters. If the name is an ordinary word too, "
            "write `case: exact` or context words in its file."
        )


@command()
def serve(
    host: Annotated[str | None, typer.Option(help="Instead of dashboards.host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of dashboards.port.")] = None,
) -> None:
    """Serve the dashboards."""
    from dashboards.server import make_server
    from earshot.config.checks import is_loopback
    from earshot.config.environment import environment
    from earshot.config.rereading import Rereading
    from earshot.reloading import ReloadingApp

    environ = environment()
    files = Rereading(State.workspace, environ)
    with jobs.opened(State.workspace, environ) as parts:
        settings = parts.workspace.settings.dashboards
        address = host or settings.host
        if not is_loopback(address) and not settings.token.get_secret_value():
            raise ConfigError("pages would be open to everybody", advice="set EARSHOT_DASHBOARDS_TOKEN(_FILE) first")
        number = settings.port if port is None else port
        err.print(f"Dashboards on http://{address}:{number}/ (Ctrl-C ends)")
        app = ReloadingApp(State.workspace, environ, parts, files)
        with suppress(KeyboardInterrupt):  # Ctrl-C, after the server has ended by it
            make_server(app, address, number).run()


@command()
def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where its workspace is kept.")] = Path("demo"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the dashboards.")] = 8080,
) -> None:
    """Show everything on an invented web: crawl it, judge it, send mails, serve the pages."""
    from earshot.demo.show import show

    raise typer.Exit(show(directory, port, err))


def _print_mention(mention: dict[str, Any]) -> None:
    style = {"negative": "red", "positive": "green"}.get(mention["sentiment"], "dim")
    line = Text(f"{mention['published_at'][:16]}Z  {mention['brand']:<12} ")
    line.append(f"{mention['sentiment']:<9}", style=style)
    line.append(f" {mention['site']}  {mention['title'][:90]}")
    out.print(line, soft_wrap=True)
    out.print(Text(f"    {mention['url']}", style="dim"), soft_wrap=True)
