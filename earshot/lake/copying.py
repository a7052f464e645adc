"""A lake's files brought to another place, byte for byte, under the names that the record knows them by.

Knows no WARC. What is published never changes, so a copy that was broken off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from earshot.errors import ConfigError, Gone, StorageError
from earshot.lake.store import Store


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did. files, size_bytes: of all that lies there now; were_there: files of these that did before.

    removed: files that lay there, and are no more in the lake that was copied.
    """

    files: int
    size_bytes: int
    were_there: int
    removed: int


def copy_files(
    source: Store,
    target: Store,
    *,
    mirror: bool = False,
    on_file: Callable[[int, int], None] = lambda _done, _total: None,
) -> Copied:
    """Copy every file, and read each back. Twice is once. Files that appear meanwhile are copied too.

    Args:
        source: may be written to meanwhile. What is taken out of it meanwhile does not stay in `target`.
        target: holds the same files afterwards.
        mirror: also remove from `target` what `source` does not hold; else that is refused.
        on_file: called after each file, with files done and files known.

    Raises:
        ConfigError: `target` holds another lake's files, or does not exist.
        StorageError: one of the two did not answer, or what was read back is not what was written.
    """
    before = set(target.names())
    strangers = before - set(source.names())
    if strangers and not mirror:
        raise ConfigError(
            f"{len(strangers)} files lie there that this lake does not hold, such as {min(strangers)}",
            advice="name an empty place, or give --mirror, which removes them",
        )
    sizes: dict[str, int] = {}
    gone: set[str] = set()
    while to_do := [name for name in source.names() if name not in sizes and name not in gone]:
        for left, name in zip(range(len(to_do) - 1, -1, -1), to_do, strict=True):
            size = _copy(source, target, name, is_there=name in before)
            if size is None:
                gone.add(name)
            else:
                sizes[name] = size
            done = len(sizes) + len(gone)
            on_file(done, done + left)
    over = (before | sizes.keys()) - set(source.names())
    for name in over:
        target.remove(name)
        sizes.pop(name, None)
    return Copied(len(sizes), sum(sizes.values()), len(before & sizes.keys()), len(over))


def _copy(source: Store, target: Store, name: str, *, is_there: bool) -> int | None:
    """Copy one file and return its size; None if it is not in `source` any more."""
    try:
        with source.open(name) as stream:
            body: bytes = stream.read()
    except Gone:
        return None
    if not (is_there and target.has(name)):
        _write(target, name, body)
    with target.open(name) as stream:
        if stream.read() != body:
            raise StorageError(f"{name} is another one there than here; remove it there, or name another place")
    return len(body)


def _write(target: Store, name: str, body: bytes) -> None:
    file = target.open_new()
    try:
        file.write(body)
    except OSError as error:
        target.discard(file)
        raise StorageError(f"{name} cannot be copied: {error}") from error
    target.publish(file, name)
