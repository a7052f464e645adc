"""Telling people: what is due, what was told, and who is not to be told of what."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from earshot import jobs
from earshot.cli.root import Json, State, commands, opened, subcommands
from earshot.cli.saying import print_counts, print_json
from earshot.config.environment import environment
from earshot.errors import ConfigError
from earshot.screen import err, out

command = commands("Telling people")
alerts = subcommands("alerts", "Telling people", "What was told, and samples of the mails.")


@command()
def alert(brand: Annotated[str, typer.Option(help="Only this brand's; its id.")] = "") -> None:
    """Send the mails that are due."""
    with err.status("Telling people"):
        _print_told("Alerts", jobs.alert(str(State.workspace), brand))


@command()
def brief(
    brand: Annotated[str, typer.Option(help="Only this brand's; its id.")] = "",
    day: Annotated[str, typer.Option(help="A day that is over, like 2026-11-23; the last whole one if absent.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Print it; nothing is written or sent.")] = False,
) -> None:
    """Mail the account of a day, to each recipient once."""
    from earshot.config.workspace import load_workspace

    workspace = str(State.workspace)
    brands = [brand] if brand else [each.id for each in load_workspace(State.workspace, environment()).brands]
    for each in brands:
        if preview:
            out.print(Text(jobs.preview_brief(workspace, each, day)), soft_wrap=True)
            continue
        with err.status(f"Making the brief of {each}"):
            told = jobs.brief(workspace, each, day)
        _print_told(f"Brief of {each}, {told['day']}", {n: told[n] for n in told if n not in ("brand", "brief", "day")})


@command()
def pause(brand: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Pause a brand: it is heard and shown as ever, and nobody is told."""
    jobs.pause(str(State.workspace), brand)
    out.print(f"{brand} is paused: nobody is told of it until `earshot resume {brand}`.")


@command()
def resume(brand: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """End a brand's pause: what is still news is told."""
    if jobs.resume(str(State.workspace), brand)["paused"]:
        err.print(f"{brand} stays paused: its file says `paused: true`.")
    else:
        out.print(f"{brand} is told of again; what became old meanwhile is not.")


@alerts.command("test")
def alerts_test(address: Annotated[str, typer.Argument(help="Where the samples go.")]) -> None:
    """Send a sample of each kind of mail."""
    from earshot.alerts.samples import samples

    with opened() as parts:
        if parts.mailer is None:
            raise ConfigError("no mail server is set", where="earshot.yaml: mail.host", advice="name your SMTP server")
        for message in samples(address, parts.workspace.settings, parts.clock):
            parts.mailer.send(message, lambda: None)
            out.print(Text(f"sent: {message.subject}"))


@alerts.command("list")
def alerts_list(as_json: Json = False) -> None:
    """List deliveries, the latest first."""
    with opened() as parts, parts.record.read() as reader:
        deliveries = reader.deliveries()
    if as_json:
        print_json(deliveries)
        return
    table = Table("When", "State", "To", "Subject", "Reason")
    for d in deliveries:
        when = f"{d.changed_at:%Y-%m-%d %H:%M}Z" if d.changed_at else ""
        table.add_row(when, str(d.state), Text(d.recipient), Text(d.subject), Text(d.reason))
    out.print(table)


@alerts.command("held")
def alerts_held(as_json: Json = False) -> None:
    """List mails that may have been sent, and are not sent again by themselves."""
    found = jobs.held(str(State.workspace))
    if as_json:
        print_json(found)
        return
    table = Table("Key", "When", "To", "Subject", "Why")
    for each in found:
        when = f"{each['changed_at'][:16]}Z"
        table.add_row(each["key"][:12], when, Text(each["recipient"]), Text(each["subject"]), Text(each["reason"]))
    out.print(table)
    if found:
        out.print("`earshot alerts settle KEY --sent` if it arrived, `--send` if it did not; --all for all of them.")


@alerts.command("settle")
def alerts_settle(
    keys: Annotated[list[str] | None, typer.Argument(help="Of the mails, as `held` shows them.")] = None,
    sent: Annotated[bool | None, typer.Option("--sent/--send", help="It arrived; or: send it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are held.")] = False,
) -> None:
    """Say of mails that are held whether they arrived, or have them sent."""
    if sent is None or not (keys or everything):
        raise ConfigError(
            "say which mails, and what became of them", advice="settle KEY --sent, or settle --all --send"
        )
    count = jobs.settle(str(State.workspace), keys or (), was_sent=sent, everything=everything)
    fate = "count as sent" if sent else "are sent by the next run"
    out.print(f"{count} {'mail' if count == 1 else 'mails'}: they {fate}.")


@alerts.command("unsubscribed")
def alerts_unsubscribed(as_json: Json = False) -> None:
    """List who stopped the mails of a brand by the link in one."""
    with opened() as parts, parts.record.read() as reader:
        found = reader.unsubscriptions()
    if as_json:
        print_json(found)
        return
    table = Table("Address", "Brand", "Mails", "Since")
    for each in found:
        table.add_row(Text(each.recipient), each.brand_id, each.mails, f"{each.at:%Y-%m-%d %H:%M}Z")
    out.print(table)


@alerts.command("resubscribe")
def alerts_resubscribe(
    address: Annotated[str, typer.Argument(help="Who wants the mails again.")],
    brand: Annotated[str, typer.Option(help="Only this brand's; its id.")] = "",
) -> None:
    """Let somebody who unsubscribed get mails again, from now on."""
    with opened() as parts, parts.record.write() as writer:
        count = writer.resubscribe(address, brand)
    if not count:
        raise ConfigError(f"{address} has not unsubscribed", advice="`earshot alerts unsubscribed` lists who has")
    out.print(Text(f"{address} gets mails again."))


def _print_told(title: str, told: dict[str, Any]) -> None:
    if reason := told.get("skipped"):
        out.print(Text(f"{title}: nobody was told, {reason}."), soft_wrap=True)
    else:
        print_counts(title, told)
