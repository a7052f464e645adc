"""Jobs of backups: make one beside everything else, name and check them, and bring one back."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from earshot import __version__, leases
from earshot.backup import Backup, Journal, Manifest, Vault, set_aside
from earshot.backup import journal as journals
from earshot.backup.manifest import witness
from earshot.backup.settings_files import KEYS, settings_files
from earshot.backup.vault import LAKE, RECORD, SETTINGS, Saving
from earshot.clock import SystemClock
from earshot.config.environment import environment
from earshot.config.settings import Workspace
from earshot.config.workspace import load_workspace
from earshot.errors import ConfigError, Damaged, EarshotError, StorageError
from earshot.jobs.indexing import indexed_since, run_publish
from earshot.jobs.opening import noted, opened
from earshot.pipeline.cutting import cut_condemned
from earshot.pipeline.maintain import restored as restored_alarm
from earshot.pipeline.maintain.kinds import in_words
from earshot.pipeline.publish import reindex as reindex_all
from earshot.pipeline.verify import verify as verify_index
from earshot.ports import Restored
from earshot.wiring import Parts, make_lake, make_record

log = structlog.get_logger(__name__)
_FOLDERS = "backup-folders"
_FREE = 1.1
"""A restore needs this many times the size of the backup."""


def backup(
    workspace: str,
    folder: str = "",
    keep: int | None = None,
    *,
    with_secrets: bool = False,
    with_lake: bool | None = None,
) -> dict[str, Any]:
    """Make a backup of record, lake and settings while everything goes on; then let the oldest go.

    Args:
        workspace: its folder.
        folder: of all backups; empty: `backup.folder`.
        keep: how many whole backups stay; None: `backup.keep`.
        with_secrets: also the keys and the secrets of `earshot.yaml`.
        with_lake: also the lake's files; None: those of a lake in a folder, not those of object storage.

    Returns:
        `name`, `folder`, `files`, `size_bytes`, `left_out` (in words) and `removed` (names of backups that went).

    Raises:
        ConfigError: no folder is named, or it lies where Earshot itself writes.
        StorageError: something cannot be read or written. Damaged: the record is.
    """
    with opened(workspace) as parts, noted(parts, "backup") as entry:
        made, removed = run_backup(parts, folder, keep, with_secrets=with_secrets, with_lake=with_lake)
        assert made.manifest is not None
        entry.count({"files": len(made.manifest.files), "removed": len(removed)})
    return {
        "name": made.name,
        "folder": str(made.folder.parent),
        "files": len(made.manifest.files),
        "size_bytes": made.manifest.size_bytes,
        "left_out": list(made.manifest.left_out),
        "removed": removed,
    }


def run_backup(
    parts: Parts,
    folder: str = "",
    keep: int | None = None,
    *,
    with_secrets: bool = False,
    with_lake: bool | None = None,
) -> tuple[Backup, list[str]]:
    """Make a backup; return it, and the names of those that went."""
    workspace, settings = parts.workspace, parts.workspace.settings.backup
    vault = Vault(_folder(workspace, folder))
    files, left_out = settings_files(workspace, with_secrets=with_secrets)
    is_in_folder = "://" not in workspace.settings.lake.url
    has_lake = is_in_folder if with_lake is None else with_lake
    if not has_lake:
        left_out.append(f"the lake ({workspace.settings.lake.url or 'var/lake'})")
    lake = make_lake(workspace, parts.clock)
    with closing(make_record(workspace, parts.clock)) as record:
        if workspace.record_url.startswith("postgresql"):
            record.migrate()
        manifest = Manifest(
            made_at=parts.clock.now(),
            workspace=workspace.settings.name,
            version=__version__,
            database=workspace.record_url.partition(":")[0].partition("+")[0],
            lake=workspace.settings.lake.url,
            has_lake=has_lake,
            key=_witness(workspace.root / KEYS),
            left_out=tuple(left_out),
        )
        saving = Saving(record.save, record.files_known, lake if has_lake else None, files)
        made = vault.make(saving, manifest, parts.clock.now)
    _remember(workspace, vault.folder)
    keep_what_must_not_come_back(parts)
    return made, vault.keep(settings.keep if keep is None else keep)


def backups(workspace: str, folder: str = "", *, is_checked: bool = False) -> dict[str, Any]:
    """Return the backups of a folder, newest first: `name`, `made_at`, `size_bytes`, `has_lake`, `wrong` (in words).

    is_checked: read every file and compare it with what was saved.
    """
    environ = environment()
    root = Path(workspace)
    place = Path(folder).absolute() if folder else _folder(load_workspace(root, environ), "")
    vault = Vault(place)
    rows = []
    erased = vault.journal.erased()
    for each in vault.backups():
        wrong = each.problems() if is_checked or each.manifest is None else []
        made = each.manifest
        rows.append(
            {
                "name": each.name,
                "made_at": made.made_at if made else None,
                "files": len(made.files) if made else 0,
                "size_bytes": made.size_bytes if made else 0,
                "has_lake": bool(made and made.has_lake),
                "erased_since": bool(made and any(at > made.made_at for _, _, at in erased)),
                "left_out": list(made.left_out) if made else [],
                "wrong": wrong,
            }
        )
    return {"folder": str(place), "backups": rows}


def keep_what_must_not_come_back(parts: Parts) -> None:
    """Write what was erased, and who wants no more mails, into the journals of the workspace and of its backups.

    Of all folders that backups of this workspace were made in.

    Where one cannot be written, that is logged: the next call, and the next backup, write it.
    """
    with closing(make_record(parts.workspace, parts.clock)) as record:
        erased, unsubscribed = record.tombstones()
    vaults = [Vault(folder).journal for folder in _folders(parts.workspace)]
    for journal in (Journal(parts.workspace.var / journals.NAME), *vaults):
        try:
            journal.add(erased, unsubscribed)
        except StorageError as error:
            log.error("what was erased is not noted for a restore yet; the next call does it", reason=str(error))


def restore(
    folder: str,
    into: str,
    name: str = "",
    *,
    secrets_from: str = "",
    is_new_key: bool = False,
    is_replacing: bool = False,
    erased_in: str = "",
    on_step: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Bring a backup back into a workspace that has no record: settings, lake, record and index.

    What was erased since is erased again; what may have been told since is not told again (`earshot.pipeline.doubt`).
    Called again after it was broken off, it goes on.

    Args:
        folder: of all backups.
        into: the workspace's folder, empty or absent; files of settings and of the lake that lie there stay.
        name: of the backup; empty: the newest whole one.
        secrets_from: a folder with `pseudonyms.key`, where neither backup nor workspace has it.
        is_new_key: go on without that key.
        is_replacing: there is a record, or what is left of one: it is set aside first.
        erased_in: a further journal of what must not come back, as `var/not-to-come-back.jsonl` of a lost workspace.
        on_step: told what is done now, in words.

    Returns:
        `name`, `made_at`, `gap` (the time that is not covered, in words), `documents` and `mentions` that were erased
        again, `index` (mentions in it), `set_aside` (where what was there lies now, or empty) and `kept` (files of
        settings that were there and stayed).

    Raises:
        ConfigError: the workspace has a record, the key is missing or another one, or there is no such backup.
        Damaged: the backup is not what was saved. StorageError: something cannot be read or written.
    """
    vault, root = Vault(Path(folder).absolute()), Path(into).absolute()
    chosen = vault.choose(name)
    on_step("Checking the backup")
    if wrong := chosen.problems():
        raise Damaged(f"the backup {chosen.name} is damaged: {'; '.join(wrong[:3])}", "Choose another one by --name")
    assert chosen.manifest is not None
    root.mkdir(parents=True, exist_ok=True)
    _bring_key(chosen, root, secrets_from, is_new_key=is_new_key)
    kept = _bring_settings(chosen, root)
    workspace = load_workspace(root, environment())
    aside = _make_room(workspace, is_replacing=is_replacing)
    _refuse_full_disk(workspace, chosen.manifest)
    on_step("Bringing the lake back")
    _bring_lake(chosen, workspace)
    on_step("Bringing the record back")
    found = _bring_record(chosen, [vault.journal, *([Journal(Path(erased_in))] if erased_in else [])], workspace)
    on_step("Building the index")
    return {
        "name": chosen.name,
        "made_at": chosen.manifest.made_at,
        "gap": in_words(found["at"] - chosen.manifest.made_at),
        "documents": found["documents"],
        "mentions": found["mentions"],
        "index": _make_whole(root),
        "set_aside": aside,
        "kept": kept,
    }


def restored(workspace: Workspace) -> str:
    """Return from which backup the record was brought back, and what it does not know, while that matters; else "".

    Asks a record that is there and of this version only, and changes nothing.
    """
    url = workspace.record_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return ""
    with suppress(EarshotError), closing(make_record(workspace, SystemClock())) as record, record.read() as reader:
        found = restored_alarm.alarm(reader, SystemClock().now())
        return found.what if found else ""
    return ""


# --- making


def _folders(workspace: Workspace) -> list[Path]:
    """Return the folders that backups were made in, and the one of the settings."""
    try:
        known = (workspace.var / _FOLDERS).read_text(encoding="utf-8").splitlines()
    except OSError:
        known = []
    named = [str(_folder(workspace, ""))] if workspace.settings.backup.folder else []
    return [Path(each) for each in dict.fromkeys([*known, *named]) if each]


def _remember(workspace: Workspace, folder: Path) -> None:
    if folder not in _folders(workspace):
        with (workspace.var / _FOLDERS).open("a", encoding="utf-8") as known:
            known.write(f"{folder}\n")


def _folder(workspace: Workspace, folder: str) -> Path:
    named = folder or workspace.settings.backup.folder
    if not named:
        advice = "name a folder on another disk, here or as backup.folder in earshot.yaml"
        raise ConfigError("no folder of backups is named", where="backup.folder", advice=advice)
    place = (Path(named) if folder else workspace.root / named).absolute()
    if place.is_relative_to(workspace.var):
        advice = "name a folder on another disk"
        raise ConfigError(f"{place} lies in var/, which a restore replaces", where="backup.folder", advice=advice)
    return place


def _witness(keys: Path) -> str:
    try:
        return witness((keys / "pseudonyms.key").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ""


# --- bringing back


def _bring_settings(chosen: Backup, root: Path) -> list[str]:
    """Write the files of settings that are not there; return those that are, where earshot.yaml is: it may be newer."""
    assert chosen.manifest is not None
    names = [name.removeprefix(f"{SETTINGS}/") for name in chosen.manifest.files if name.startswith(f"{SETTINGS}/")]
    has_own = (root / "earshot.yaml").exists()
    for name in names:
        path = root / name
        is_key = name.startswith(f"{KEYS}/")
        if path.exists() or (has_own and not is_key):
            continue
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if is_key else 0o777)
        shutil.copyfile(chosen.folder / SETTINGS / name, path)
        if is_key:
            path.chmod(0o600)
    return sorted(name for name in names if has_own and not name.startswith(KEYS))


def _bring_key(chosen: Backup, root: Path, secrets_from: str, *, is_new_key: bool) -> None:
    assert chosen.manifest is not None
    keys, name = root / KEYS, "pseudonyms.key"
    in_backup = chosen.folder / SETTINGS / KEYS
    if not secrets_from and (in_backup / name).exists():
        secrets_from = str(in_backup)
    if secrets_from and not (keys / name).exists():
        keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            shutil.copyfile(Path(secrets_from) / name, keys / name)
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", where=f"{secrets_from}/{name}") from error
        (keys / name).chmod(0o600)
    ours = _witness(keys)
    if not chosen.manifest.key or ours == chosen.manifest.key or is_new_key:
        return
    what = "is another key than the backup's" if ours else "is missing, and not in the backup"
    advice = (
        "bring it from where you keep it by --secrets FOLDER; with --new-key people inside get other pseudonyms, "
        "authors who were erased may come back, and links in old mails that unsubscribe stop working"
    )
    raise ConfigError(what, where=f"{KEYS}/{name}", advice=advice)


def _make_room(workspace: Workspace, *, is_replacing: bool) -> str:
    """Set aside the record that is there, with the index that was made of it; return where they lie, or nothing."""
    url = workspace.record_url
    if not url.startswith("sqlite"):
        return ""
    path = Path(url.removeprefix("sqlite:///"))
    there = [each for each in path.parent.glob(f"{path.name}*") if not each.name.endswith(".restoring")]
    if there and not is_replacing:
        advice = "name another folder by --into, or set what is there aside by --replace"
        raise ConfigError("there is a record, or what is left of one", where=str(path), advice=advice)
    if not there:
        return ""
    if user := set_aside.in_use(path):
        raise ConfigError(f"the record is in use by process {user}", where=str(path), advice="end Earshot first")
    return str(set_aside.away(path, workspace.var / "index"))


def _refuse_full_disk(workspace: Workspace, manifest: Manifest) -> None:
    workspace.var.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(workspace.var).free
    if free < manifest.size_bytes * _FREE:
        what = f"the disk of {workspace.var} has {free / 2**30:.1f} GB free"
        raise StorageError(f"{what}, and the backup has {manifest.size_bytes / 2**30:.1f} GB")


def _bring_lake(chosen: Backup, workspace: Workspace) -> None:
    assert chosen.manifest is not None
    lake = make_lake(workspace, SystemClock())
    for name in sorted(chosen.manifest.files):
        if name.startswith(f"{LAKE}/"):
            lake.add_file(name.removeprefix(f"{LAKE}/"), chosen.folder / name)


def _bring_record(chosen: Backup, journals_there: Sequence[Journal], workspace: Workspace) -> dict[str, Any]:
    """Mend the record beside where it belongs, and put it there in one step."""
    assert chosen.manifest is not None
    url, clock = workspace.record_url, SystemClock()
    is_file = url.startswith("sqlite")
    final = Path(url.removeprefix("sqlite:///")) if is_file else workspace.var / RECORD
    part = final.with_name(f".{final.name}.{secrets.token_hex(4)}.restoring")
    final.parent.mkdir(parents=True, exist_ok=True)
    for left in final.parent.glob(f".{final.name}.*.restoring*"):
        left.unlink(missing_ok=True)
    try:
        shutil.copyfile(chosen.folder / RECORD, part)
        found = _mended(part, chosen, journals_there, workspace, clock.now())
        if is_file:
            set_aside.into_place(part, final)
        else:
            with closing(make_record(workspace, clock)) as record:
                record.bring_back(part)
    except OSError as error:
        raise StorageError(f"the record cannot be brought back: {error}") from error
    finally:
        for left in final.parent.glob(f"{part.name}*"):
            left.unlink(missing_ok=True)
    return found


def _mended(
    part: Path, chosen: Backup, journals_there: Sequence[Journal], workspace: Workspace, now: datetime
) -> dict[str, Any]:
    assert chosen.manifest is not None
    all_journals = [*journals_there, Journal(workspace.var / journals.NAME)]
    erased = [line for each in all_journals for line in each.erased()]
    unsubscribed = [line for each in all_journals for line in each.unsubscribed()]

    def key() -> bytes:
        return (workspace.root / KEYS / "pseudonyms.key").read_text(encoding="ascii").strip().encode("ascii")

    with closing(make_record(workspace, SystemClock(), key, url=f"sqlite:///{part}")) as record:
        record.migrate()
        with record.write() as writer:
            found = writer.erase_again(erased, now)
            for one in unsubscribed:
                writer.unsubscribe(one.recipient, one.brand_id, one.mails, one.at)
            writer.note_restored(Restored(now, chosen.manifest.made_at, str(chosen.folder), found.documents))
            alarm = restored_alarm.alarm(writer, now)
            writer.set_alarms([alarm] if alarm else [], now, [restored_alarm.KIND])
        record.forget_deleted()
    return {"at": now, "documents": found.documents, "mentions": len(found.mention_ids)}


def _make_whole(root: Path) -> int:
    """Cut what was erased out of the lake, and let the index hold what the record holds; return its mentions."""
    with opened(root) as parts, noted(parts, "restore") as entry:
        cut_condemned(parts.record, parts.lake, parts.clock, patience_s=30)
        if parts.index.engine == "embedded":
            mentions = reindex_all(parts.record, parts.index, parts.clock, leases.me(), indexed_since(parts))
        else:
            run_publish(parts)
            found = verify_index(parts.record, parts.index, parts.clock, leases.me(), since=indexed_since(parts))
            mentions = found.mentions
        run_publish(parts)
        keep_what_must_not_come_back(parts)
        entry.count({"mentions": mentions})
        return mentions
