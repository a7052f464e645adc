"""Load a workspace: every file is read, every mistake is found, nothing stops at the first one.

Knows no pipeline. `check` is loading without using it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from earshot.config import checks
from earshot.config.environment import overlay
from earshot.config.files import BrandForm, SourcesForm
from earshot.config.positions import YamlFile, load_yaml
from earshot.config.settings import Settings, Workspace
from earshot.errors import ConfigError, Mistake, WorkspaceError
from earshot.model import Brand, Source

FormT = TypeVar("FormT", bound=BaseModel)


@dataclass(slots=True)
class _Read:
    """What was read so far, with the file that each brand and source came from."""

    mistakes: list[Mistake]
    brands: list[tuple[YamlFile, Brand, BrandForm]]
    sources: list[tuple[YamlFile, int, Source]]


def load_workspace(root: Path, environ: Mapping[str, str]) -> Workspace:
    """Read a workspace.

    Args:
        root: its folder.
        environ: environment variables; EARSHOT_* override earshot.yaml.

    Raises:
        WorkspaceError: with every mistake in it.
        ConfigError: the folder is no workspace.
    """
    workspace, mistakes, _ = read_workspace(root, environ)
    if workspace is None:
        raise WorkspaceError(mistakes)
    return workspace


def load_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Read what `earshot.yaml` and the environment say, whatever brands and sources say.

    Raises:
        WorkspaceError: with every mistake in it.
        ConfigError: the folder is no workspace.
    """
    root = _workspace_root(root)
    mistakes: list[Mistake] = []
    main, settings = _read_settings(root, environ, mistakes)
    mistakes += checks.whole(main, settings, (), environ)
    if mistakes:
        raise WorkspaceError(mistakes)
    return settings


def read_workspace(root: Path, environ: Mapping[str, str]) -> tuple[Workspace | None, list[Mistake], list[Mistake]]:
    """Return the workspace (None if it has mistakes), its mistakes, and warnings that do not stop it."""
    root = _workspace_root(root)
    read = _Read([], [], [])
    main, settings = _read_settings(root, environ, read.mistakes)
    for path in _yaml_files(root / "brands"):
        _read_brand(root, path, settings.time_zone, read)
    for path in _yaml_files(root / "sources"):
        _read_sources(root, path, settings, read)
    read.mistakes += checks.cross_file(read.brands, read.sources)
    read.mistakes += checks.whole(main, settings, [b for _, b, _ in read.brands], environ)
    warnings = checks.warnings(read.brands, read.sources, settings)
    warnings += _empty_folders(root)
    if read.mistakes:
        return None, sorted(read.mistakes, key=lambda m: (m.file, m.line, m.column)), warnings
    brands = tuple(sorted((b for _, b, _ in read.brands), key=lambda b: b.id))
    sources = tuple(sorted((s for _, _, s in read.sources), key=lambda s: s.id))
    return Workspace(root, settings, brands, sources), [], warnings


def _workspace_root(root: Path) -> Path:
    root = root.resolve()
    if not (root / "earshot.yaml").is_file():
        raise ConfigError(
            "no earshot.yaml here",
            where=str(root),
            advice=f"`earshot init {root}` writes one, or name it by --workspace",
        )
    return root


def _yaml_files(folder: Path) -> Iterator[Path]:
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (path for path in found if path.suffix in (".yaml", ".yml") and path.is_file())


def _empty_folders(root: Path) -> Iterator[Mistake]:
    """Yield the folders without a single file. One whose files have mistakes is not empty."""
    for name, one in (("brands", "brand"), ("sources", "source")):
        if not any(_yaml_files(root / name)):
            yield Mistake(f"{name}/", 0, 0, "", f"holds no {one}", "write one: docs/operations/workspace.md")


def _read_settings(root: Path, environ: Mapping[str, str], mistakes: list[Mistake]) -> tuple[YamlFile | None, Settings]:
    given, wrong = overlay(environ)
    mistakes += wrong
    try:
        file = load_yaml(root / "earshot.yaml", "earshot.yaml")
    except WorkspaceError as error:
        mistakes += error.mistakes
        return None, Settings()
    data = file.data if isinstance(file.data, dict) else {}
    if file.data is not None and not isinstance(file.data, dict):
        mistakes.append(Mistake(file.name, 1, 1, "", "must be a mapping of settings", "write `name: ...` and so on"))
    for path, (_, value) in given.items():
        _put(data, path, value)
    try:
        return file, Settings.model_validate(data)
    except ValidationError as error:
        names = {path: name for path, (name, _) in given.items()}
        for detail in error.errors():
            mistakes.append(_from_pydantic(file, Settings, detail, names))
        return file, Settings()


def _put(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        inner = data.get(step)
        if not isinstance(inner, dict):
            inner = data[step] = {}
        data = inner
    data[path[-1]] = value


def _read_form(root: Path, path: Path, form: type[FormT], mistakes: list[Mistake]) -> tuple[YamlFile, FormT] | None:
    name = path.relative_to(root).as_posix()
    try:
        file = load_yaml(path, name)
        if not isinstance(file.data, dict):
            raise WorkspaceError(
                [Mistake(name, 1, 1, "", "is empty", "see docs/operations/workspace.md for an example")]
            )
        return file, form.model_validate(file.data)
    except ValidationError as error:
        mistakes += [_from_pydantic(file, form, detail, {}) for detail in error.errors()]
    except WorkspaceError as error:
        mistakes += error.mistakes
    return None


def _read_brand(root: Path, path: Path, time_zone: str, read: _Read) -> None:
    if found := _read_form(root, path, BrandForm, read.mistakes):
        file, form = found
        read.brands.append((file, form.brand(time_zone), form))


def _read_sources(root: Path, path: Path, settings: Settings, read: _Read) -> None:
    if found := _read_form(root, path, SourcesForm, read.mistakes):
        file, form = found
        made = form.all_sources(path.stem, settings.collect.pages_per_round, settings.time_zone)
        read.sources += [(file, number, source) for number, source in enumerate(made)]


def _from_pydantic(file: YamlFile, form: type[BaseModel], detail: Any, names: Mapping[tuple[str, ...], str]) -> Mistake:
    """Say in words what pydantic found, and where."""
    path = [step for step in detail["loc"] if step not in ("function-before", "tuple")]
    variable = names.get(tuple(str(step) for step in path[:2])) or names.get(tuple(str(step) for step in path[:1]))
    field = ".".join(str(step + 1) if isinstance(step, int) else step for step in path)
    what, advice = _in_words(form, path, detail)
    if variable:
        return Mistake(variable, 0, 0, field, what, advice)
    is_extra = detail["type"] == "extra_forbidden"
    line, column = file.where(path[:-1] if detail["type"] == "missing" else path, is_key=is_extra)
    return Mistake(file.name, line, column, field, what, advice)


def _in_words(form: type[BaseModel], path: list[Any], detail: Any) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    given = detail.get("input") if not _is_secret(form, path) else _Hidden()
    if kind == "extra_forbidden":
        there = _form_at(form, path[:-1])
        if advice := getattr(there, "NOT_BUILT", {}).get(path[-1]):
            return "is not built yet", advice
        fields = list(there.model_fields)
        near = get_close_matches(str(path[-1]), fields, n=1)
        return "unknown field", f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(fields)}"
    if kind == "missing":
        return "is missing", f"add `{path[-1]}:`"
    if kind == "value_error":
        what, _, advice = str(context.get("error", detail["msg"])).partition("; ")
        return (f"{given!r} is {what}" if what.startswith("not ") else f"{given!r}: {what}"), advice
    if kind in ("literal_error", "enum"):
        return f"{given!r} is not one of the choices", f"write {context.get('expected')}"
    if kind == "string_type" and (said := _text_wanted(given)):
        return said
    wanted = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"{given!r} will not do", wanted.replace("input ", "it ")


def _text_wanted(given: Any) -> tuple[str, str] | None:
    """Say why YAML made something else than a text of what stands there; None where that is not the reason."""
    match given:
        case None:
            advice = "write it in quotes if it begins with #: outside quotes a # begins a comment in YAML"
            return "nothing stands here", advice
        case bool():
            written = str(given).lower()
            return f"{written} is a switch to YAML, not a text", f'put quotes around it: "{written}"'
        case int() | float():
            advice = f'put quotes around what you wrote, for example "{given}"'
            return f"{given} is a number to YAML, not a text", advice
        case date():
            return f"{given} is a date to YAML, not a text", f'put quotes around it: "{given}"'
    return None


class _Hidden:
    """What is said in place of a secret that will not do: these words are shown on pages and stand in logs."""

    def __repr__(self) -> str:
        return "this secret"


def _is_secret(form: type[BaseModel], path: list[Any]) -> bool:
    """Tell whether the field at a path, or one in what stands there, is a secret."""
    for step in (step for step in path if isinstance(step, str)):
        field = form.model_fields.get(step)
        if field is None:
            return False
        if field.annotation is SecretStr:
            return True
        inner = next(_kinds(field.annotation), None)
        if inner is None:
            return False
        form = inner
    return any(field.annotation is SecretStr for field in form.model_fields.values())


def _form_at(form: type[BaseModel], path: list[Any]) -> type[BaseModel]:
    """Return the form that stands at a path; list positions are passed over."""
    for step in (s for s in path if isinstance(s, str)):
        field = form.model_fields.get(step)
        inner = next((kind for kind in _kinds(field.annotation if field else None)), None)
        if inner is None:
            break
        form = inner
    return form


def _kinds(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _kinds(argument)
