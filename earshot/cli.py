"""The command line: the jobs, for a person at a prompt.

Exit codes: 0 done · 1 something unforeseen · 2 the command was called wrongly · 3 what you wrote is wrong (workspace,
query) · 4 storage did not answer, try again · 5 mail was not taken · 6 alarms are open · 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.table import Table
from rich.text import Text

from earshot import __version__, jobs
from earshot.config.environment import environment
from earshot.config.settings import Workspace
from earshot.errors import (
    ConfigError,
    EarshotError,
    MailError,
    MailUncertain,
    Mistake,
    QueryError,
    StorageError,
    Untrusted,
    WorkspaceError,
)
from earshot.present import plain
from earshot.screen import RoundProgress, alarm_lines, err, failed_table, out, round_table, status_tables
from earshot.screen_again import WorkProgress, example_lines, reclassified_line, reclassified_table

EXIT_UNFORESEEN, EXIT_USAGE, EXIT_CONFIG, EXIT_STORAGE, EXIT_MAIL = 1, 2, 3, 4, 5
EXIT_ALARMS, EXIT_INTERRUPTED = 6, 130

app = typer.Typer(
    help="Hear what is said about your brands, and get it to the right person while it still matters.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
alerts = typer.Typer(help="What was told, and samples of the mails.", no_args_is_help=True)
app.add_typer(alerts, name="alerts")
record = typer.Typer(help="The record as a whole.", no_args_is_help=True)
app.add_typer(record, name="record")
lake = typer.Typer(help="The lake as a whole.", no_args_is_help=True)
app.add_typer(lake, name="lake")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class _State:
    """What the options before the command say."""

    workspace: Path = Path()


def main() -> None:
    """Run the command line; every foreseen error becomes a line and an exit code."""
    try:
        app()
    except WorkspaceError as error:
        err.print(Text(str(error)))
        err.print(f"[red]{_many(len(error.mistakes), 'mistake')}.[/] Nothing was changed.")
        sys.exit(EXIT_CONFIG)
    except QueryError as error:
        err.print(Text(f"{error}\n{error.pointer()}"))
        sys.exit(EXIT_CONFIG)
    except ConfigError as error:
        err.print(Text(str(error)))
        sys.exit(EXIT_CONFIG)
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
    _State.workspace = workspace
    _configure_logging(logging.INFO if verbose else logging.WARNING)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path()) -> None:
    """Write a small commented workspace to begin with."""
    from earshot.config.example import write_example

    for path in write_example(folder):
        out.print(f"wrote {path}", soft_wrap=True)
    out.print(f"Next: edit the brand and the sources, then `earshot --workspace {folder} check`.", soft_wrap=True)


@app.command()
def check(as_json: Json = False) -> None:
    """Read the workspace and report every mistake with file, line and column."""
    from earshot.config.workspace import read_workspace

    workspace, mistakes, warnings = read_workspace(_State.workspace, environment())
    if workspace:
        warnings += _write_schedule(workspace)
    index = _index_server(workspace, mistakes, warnings) if workspace else ""
    record_on = _record_server(workspace, mistakes, warnings) if workspace else ""
    lake_at = _lake_place(workspace, mistakes, warnings) if workspace else ""
    if as_json:
        said = {"mistakes": _rows(mistakes), "warnings": _rows(warnings)}
        _print_json({"ok": not mistakes, "index": index, "record": record_on, "lake": lake_at, **said})
    else:
        for warning in warnings:
            err.print(Text(f"note: {warning}"), soft_wrap=True)
        for mistake in mistakes:
            err.print(Text(str(mistake)), soft_wrap=True)
        if index:
            out.print(f"The index is on {index}.")
        if record_on:
            out.print(f"The record is on {record_on}.")
        if lake_at:
            out.print(Text(f"The lake is {lake_at}: it can be listed, written, read and cleared."), soft_wrap=True)
        if workspace and not mistakes:
            rules = sum(len(brand.rules) for brand in workspace.brands)
            counts = (len(workspace.brands), "brand"), (rules, "rule"), (len(workspace.sources), "source")
            out.print("Good: {} with {}, {}.".format(*(_many(*each) for each in counts)))
    if mistakes:
        err.print(f"{_many(len(mistakes), 'mistake')}.")
        raise typer.Exit(EXIT_CONFIG)


def _index_server(workspace: Workspace, mistakes: list[Mistake], warnings: list[Mistake]) -> str:
    """Return what answers as the search cluster; what is wrong with it is a mistake, silence only a note."""
    try:
        return jobs.index_server(workspace)
    except ConfigError as error:
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, error.what, error.advice))
    except Untrusted as error:
        advice = "put the certificate of its authority there; a wrong name or date is mended at the cluster"
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, str(error), advice))
    except StorageError as error:
        warnings.append(Mistake("earshot.yaml", 0, 0, "index.urls", str(error), "start it, or try again later"))
    return ""


def _record_server(workspace: Workspace, mistakes: list[Mistake], warnings: list[Mistake]) -> str:
    """Return what answers as the record's server; a refusal is a mistake, silence only a note."""
    try:
        return jobs.record_server(workspace)
    except ConfigError as error:
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, error.what, error.advice))
    except StorageError as error:
        warnings.append(Mistake("earshot.yaml", 0, 0, "record.url", str(error), "start it, or try again later"))
    return ""


def _lake_place(workspace: Workspace, mistakes: list[Mistake], warnings: list[Mistake]) -> str:
    """Return where object storage answers; what it refuses is a mistake, silence only a note."""
    try:
        name, warning = jobs.lake_place(workspace)
    except ConfigError as error:
        mistakes.append(Mistake("earshot.yaml", 0, 0, error.where, error.what, error.advice))
        return ""
    except StorageError as error:
        warnings.append(Mistake("earshot.yaml", 0, 0, "lake.url", str(error), "start it, or try again later"))
        return ""
    if warning:
        warnings.append(Mistake("earshot.yaml", 0, 0, "lake.url", warning, "docs/operations/object-storage.md"))
    return name


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="One round, then say what happened.")] = False,
    as_json: Json = False,
) -> None:
    """Listen: collect, ingest, publish, alert and brief, each source at its pace. Ctrl-C ends it cleanly."""
    with _opened() as parts, RoundProgress(is_quiet=as_json) as progress:
        runner = jobs.make_runner(parts, progress.update)
        with _stopping(runner.stop):
            report = runner.once() if once else runner.forever()
    if as_json:
        _print_json(report)
    elif once:
        out.print(round_table(report))
        if table := failed_table(report):
            out.print(table)


@app.command()
def status(as_json: Json = False) -> None:
    """Say what there is, and which sources need somebody."""
    counts = jobs.status(str(_State.workspace))
    if as_json:
        _print_json(counts)
        return
    with _opened() as parts, parts.record.read() as reader:
        for table in status_tables(counts, reader.sources()):
            out.print(table)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="In Earshot's query language; empty for everything.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Most mentions to print.")] = None,
    as_json: Json = False,
) -> None:
    """Search mentions, newest first."""
    found = 0
    for mention in jobs.search(str(_State.workspace), query, limit if as_json else limit or 20):
        found += 1
        if as_json:
            sys.stdout.write(json.dumps(mention, ensure_ascii=False) + "\n")
        else:
            _print_mention(mention)
    if not as_json and not found:
        err.print("No mention matches.")


@app.command()
def collect() -> None:
    """Fetch what is due into the lake, and no more: `ingest` reads it."""
    done: dict[str, int] = {}
    with err.status("Fetching what is due"):
        while batches := jobs.plan(str(_State.workspace))["batches"]:
            for batch in batches:
                for name, count in jobs.collect(str(_State.workspace), batch["batch_file"], batch["label"])[
                    "events"
                ].items():
                    done[name] = done.get(name, 0) + count
    _print_counts("Collected", done)


@app.command()
def ingest() -> None:
    """Read captures of the lake that were not read yet."""
    with err.status("Reading captures") as shown:
        total = 0

        def on_capture(_: object) -> None:
            nonlocal total
            total += 1
            shown.update(f"Read {total} captures")

        _print_counts("Ingested", jobs.ingest(str(_State.workspace), on_capture=on_capture))


@app.command()
def publish() -> None:
    """Bring what changed to the index."""
    with err.status("Publishing"):
        _print_counts("Published", jobs.publish(str(_State.workspace)))


@app.command()
def alert(brand: Annotated[str, typer.Option(help="Only this brand's; its id.")] = "") -> None:
    """Send the mails that are due."""
    with err.status("Telling people"):
        _print_told("Alerts", jobs.alert(str(_State.workspace), brand))


@app.command()
def brief(
    brand: Annotated[str, typer.Option(help="Only this brand's; its id.")] = "",
    day: Annotated[str, typer.Option(help="A day that is over, like 2026-11-23; the last whole one if absent.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Print it; nothing is written or sent.")] = False,
) -> None:
    """Mail the account of a day, to each recipient once."""
    from earshot.config.workspace import load_workspace

    workspace = str(_State.workspace)
    brands = [brand] if brand else [each.id for each in load_workspace(_State.workspace, environment()).brands]
    for each in brands:
        if preview:
            out.print(Text(jobs.preview_brief(workspace, each, day)), soft_wrap=True)
            continue
        with err.status(f"Making the brief of {each}"):
            told = jobs.brief(workspace, each, day)
        _print_told(f"Brief of {each}, {told['day']}", {n: told[n] for n in told if n not in ("brand", "brief", "day")})


@app.command()
def pause(brand: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Pause a brand: it is heard and shown as ever, and nobody is told."""
    jobs.pause(str(_State.workspace), brand)
    out.print(f"{brand} is paused: nobody is told of it until `earshot resume {brand}`.")


@app.command()
def resume(brand: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """End a brand's pause: what is still news is told."""
    if jobs.resume(str(_State.workspace), brand)["paused"]:
        err.print(f"{brand} stays paused: its file says `paused: true`.")
    else:
        out.print(f"{brand} is told of again; what became old meanwhile is not.")


@app.command()
def reindex(
    back: Annotated[bool, typer.Option("--back", help="Take the index before the last reindex again.")] = False,
) -> None:
    """Build the index anew from the record; pages go on with the old one meanwhile, and it is kept for a way back."""
    if back:
        with err.status("Going back to the index before"):
            found = jobs.go_back(str(_State.workspace))
        out.print(f"The index before the last reindex is in force again. {found['verified']['says']}")
        return
    with err.status("Building the index anew"):
        _print_counts("Reindexed", jobs.reindex(str(_State.workspace)))


@app.command()
def verify(
    look: Annotated[bool, typer.Option("--look", help="Only say what differs; put nothing right.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare the index with the record, mention by mention, and put right what differs."""
    with err.status("Comparing index and record"):
        found = jobs.verify(str(_State.workspace), repair=not look)
    if as_json:
        _print_json(found)
    else:
        out.print(found["says"])
        if found["left"] and not look:
            out.print("What is left, no write can put right: run `earshot reindex`.")
    if found["left"]:
        raise typer.Exit(1)


Share = Annotated[float, typer.Option(help="Of the time that it works; the rest is left to the live run.")]


@app.command()
def replay(
    day: Annotated[str, typer.Option(help="What was fetched on this day, 2026-11-23; else what is quarantined.")] = "",
    collection: Annotated[str, typer.Option(help="Only sources of this collection.")] = "",
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    quarantined: Annotated[bool, typer.Option("--quarantined", help="With --day: only what is quarantined.")] = False,
    capture: Annotated[str, typer.Option(help="Only the quarantined capture of this id.")] = "",
    share: Share = 0.5,
) -> None:
    """Read captures again: quarantined ones, or those of a day. How their sources are doing is not touched."""
    if capture:
        _print_counts("Replayed", jobs.replay_one(str(_State.workspace), capture))
        _print_counts("Published", jobs.publish(str(_State.workspace)))
        return
    with WorkProgress("Reading captures again") as shown:
        done = jobs.replay(
            str(_State.workspace),
            day,
            collection,
            source,
            share,
            lambda report: shown.update(report.tried, report.total),
            quarantined=quarantined,
        )
    _print_counts("Replayed", done)
    with err.status("Publishing"):
        _print_counts("Published", jobs.publish(str(_State.workspace)))


@app.command()
def reclassify(
    brand: Annotated[str, typer.Option(help="Only this brand's mentions.")] = "",
    since: Annotated[str, typer.Option(help="Only what was published from this day on, 2026-11-23.")] = "",
    until: Annotated[str, typer.Option(help="Only what was published before this day.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Do it; without, only say what would be.")] = False,
    share: Share = 0.5,
    as_json: Json = False,
) -> None:
    """Judge anew what is in the record, after a brand, a rule or the model has changed."""
    with WorkProgress("Judging documents anew", is_quiet=as_json) as shown:
        done = jobs.reclassify(
            str(_State.workspace),
            brand,
            since,
            until,
            write,
            share,
            lambda report: shown.update(report.documents, report.total),
        )
    if as_json:
        _print_json(done)
    else:
        out.print(reclassified_table(done))
        for line in example_lines(done):
            out.print(line, soft_wrap=True)
        out.print(reclassified_line(done), soft_wrap=True)
    if write:
        with err.status("Publishing"):
            published = jobs.publish(str(_State.workspace))
        if not as_json:
            _print_counts("Published", published)


@app.command()
def erase(
    author: Annotated[str, typer.Option(help="All documents of this author.")] = "",
    url: Annotated[str, typer.Option(help="The document at this address.")] = "",
    document: Annotated[str, typer.Option(help="The document of this id.")] = "",
) -> None:
    """Erase an author, an address or a document everywhere, for good."""
    with err.status("Erasing"):
        _print_counts("Erased", jobs.erase(str(_State.workspace), author, url, document))


WELL = {
    "retention": "nothing is too old",
    "index": "nothing is full or too old",
    "integrity": "all fits together",
    "freshness": "everything is heard",
}
"""What a part of the upkeep says when it has nothing to say."""


@app.command()
def maintain(
    part: Annotated[str, typer.Argument(help="retention, index, integrity or freshness; all if absent.")] = "",
    as_json: Json = False,
) -> None:
    """Do the upkeep: drop what is old, see whether all fits together, and whether everything is heard."""
    with err.status("Looking after everything") as shown:

        def on_step(done: Any) -> None:
            shown.update(f"Dropped {done.captures} captures, {done.source_runs + done.job_runs} runs")

        answer = jobs.maintain(str(_State.workspace), part, on_step)
    if as_json:
        _print_json(answer)
        return
    for name, said in ({part: answer} if part else answer).items():
        for finding in said.pop("findings", ()):
            out.print(Text(f"{finding['what']}\n    {finding['advice']}"), soft_wrap=True)
        if unjudged := said.pop("unjudged", ()):
            out.print(f"Not to be told now, because it is moving: {', '.join(unjudged)}.")
        new, refused = said.pop("new", ()), said.pop("refused", "")
        _print_counts(name.capitalize(), said | {"new": len(new)}, WELL[name])
        if refused:
            out.print(Text(f"    {refused}"), soft_wrap=True)
        for each in new:
            out.print(Text(f"    {each['what']}\n        {each['advice']}"), soft_wrap=True)


@app.command()
def alarms(
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False, as_json: Json = False
) -> None:
    """List what operations has to look at. Exits with 6 while an alarm is open, so that a monitor can ask."""
    answer = jobs.alarms(str(_State.workspace), everything)
    if as_json:
        _print_json(answer)
    else:
        for line in alarm_lines(answer["alarms"]):
            out.print(line, soft_wrap=True)
        if not answer["open"]:
            out.print("No alarm is open.")
    if answer["open"]:
        raise typer.Exit(EXIT_ALARMS)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Instead of dashboards.host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of dashboards.port.")] = None,
) -> None:
    """Serve the dashboards."""
    import uvicorn

    from earshot.config.checks import is_loopback

    with _opened() as parts:
        settings = parts.workspace.settings.dashboards
        address = host or settings.host
        if not is_loopback(address) and not settings.token.get_secret_value():
            raise ConfigError("pages would be open to everybody", advice="set EARSHOT_DASHBOARDS_TOKEN(_FILE) first")
        number = settings.port if port is None else port
        err.print(f"Dashboards on http://{address}:{number}/ (Ctrl-C ends)")
        uvicorn.run(parts.make_app(), host=address, port=number, log_level="warning", server_header=False)


@app.command()
def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where its workspace is kept.")] = Path("demo"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the dashboards.")] = 8080,
) -> None:
    """Show everything on an invented web: crawl it, judge it, send mails, serve the pages."""
    from earshot.demo.show import show

    raise typer.Exit(show(directory, port, err))


@alerts.command("test")
def alerts_test(address: Annotated[str, typer.Argument(help="Where the samples go.")]) -> None:
    """Send a sample of each kind of mail."""
    from earshot.alerts.samples import samples

    with _opened() as parts:
        if parts.mailer is None:
            raise ConfigError("no mail server is set", where="earshot.yaml: mail.host", advice="name your SMTP server")
        for message in samples(address, parts.workspace.settings, parts.clock):
            parts.mailer.send(message, lambda: None)
            out.print(Text(f"sent: {message.subject}"))


@alerts.command("list")
def alerts_list(as_json: Json = False) -> None:
    """List deliveries, the latest first."""
    with _opened() as parts, parts.record.read() as reader:
        deliveries = reader.deliveries()
    if as_json:
        _print_json(deliveries)
        return
    table = Table("When", "State", "To", "Subject", "Reason")
    for d in deliveries:
        when = f"{d.changed_at:%Y-%m-%d %H:%M}Z" if d.changed_at else ""
        table.add_row(when, str(d.state), Text(d.recipient), Text(d.subject), Text(d.reason))
    out.print(table)


@record.command("move")
def record_move(
    to: Annotated[
        str, typer.Option(help="URL of an empty database, like postgresql://earshot@db.example.org/earshot.")
    ],
) -> None:
    """Move the record into another database, all or nothing. End everything that writes first."""
    with WorkProgress("Moving the record") as shown:
        moved = jobs.move_record(str(_State.workspace), to, shown.update)
    rows = sum(moved["rows"].values())
    found = "were there already, and" if moved["was_there"] else "were moved, and"
    out.print(f"{rows} rows {found} are the same in both. The old record refuses everything from now on.")
    out.print(Text(f"Now write into earshot.yaml:\n    record:\n      url: {moved['url']}"), soft_wrap=True)
    if moved["url"].startswith("postgresql"):
        out.print("and let EARSHOT_RECORD_PASSWORD_FILE name the file of its password, if it has one.", soft_wrap=True)


@lake.command("copy")
def lake_copy(
    to: Annotated[str, typer.Option(help="Full path of a folder, or s3://BUCKET/PREFIX.")],
    make_bucket: Annotated[bool, typer.Option("--make-bucket", help="Make the bucket where it is missing.")] = False,
    mirror: Annotated[bool, typer.Option("--mirror", help="Also remove there what is here no more.")] = False,
) -> None:
    """Copy every file of the lake to another place, for a move or a backup. Twice is once."""
    with WorkProgress("Copying the lake") as shown:
        done = jobs.copy_lake(str(_State.workspace), to, make_bucket, mirror, shown.update)
    size = f"{done['size_bytes'] / 2**20:.1f} MB"
    out.print(Text(f"{_many(done['files'], 'file')} ({size}) of the lake are in {to}, byte for byte."), soft_wrap=True)
    _print_counts("Of these", {"were there already": done["were_there"]}, "all are new")
    if done["removed"]:
        out.print(f"{_many(done['removed'], 'file')} that the lake does not hold any more went from there.")


def _write_schedule(workspace: Workspace) -> list[Mistake]:
    """Write what DAG files read; where that cannot be, the workspace is still good."""
    from earshot.config.schedule import write_schedule

    try:
        write_schedule(workspace)
    except StorageError as error:
        return [Mistake("var/", 0, 0, "", str(error), "DAGs go on with the schedule they have")]
    return []


def _opened() -> Any:
    return jobs.opened(_State.workspace)


@contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C or TERM end the work cleanly, the second at once."""

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        err.print("Ending; once more ends at once.")
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _configure_logging(level: int) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _rows(mistakes: list[Any]) -> list[dict[str, Any]]:
    return [
        {name: getattr(m, name) for name in ("file", "line", "column", "field", "what", "advice")} for m in mistakes
    ]


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")


def _many(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _print_counts(title: str, counts: dict[str, Any], nothing: str = "nothing to do") -> None:
    said = ", ".join(
        f"{value} {name.replace('_', ' ')}" for name, value in counts.items() if value not in (0, "", False)
    )
    out.print(f"{title}: {said or nothing}.", soft_wrap=True)


def _print_told(title: str, told: dict[str, Any]) -> None:
    if reason := told.get("skipped"):
        out.print(Text(f"{title}: nobody was told, {reason}."), soft_wrap=True)
    else:
        _print_counts(title, told)


def _print_mention(mention: dict[str, Any]) -> None:
    style = {"negative": "red", "positive": "green"}.get(mention["sentiment"], "dim")
    line = Text(f"{mention['published_at'][:16]}Z  {mention['brand']:<12} ")
    line.append(f"{mention['sentiment']:<9}", style=style)
    line.append(f" {mention['site']}  {mention['title'][:90]}")
    out.print(line, soft_wrap=True)
    out.print(Text(f"    {mention['url']}", style="dim"), soft_wrap=True)
