"""The palette holds its contrast, in light and dark, and is told apart by colour-blind eyes."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from dashboards.charts import Column, shares, timeline
from tests.builders import NOW as THEN

NOW = THEN.replace(tzinfo=None)

SHEET = (resources.files("dashboards") / "static" / "style.css").read_text(encoding="utf-8")


def variables(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


LIGHT = variables(SHEET[: SHEET.index("@media (prefers-color-scheme: dark)")])
DARK = LIGHT | variables(re.search(r':root\[data-theme="dark"\] \{(.*?)\n\}', SHEET, re.DOTALL)[1])  # type: ignore[index]
SYSTEM_DARK = LIGHT | variables(re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\n  \}', SHEET, re.DOTALL)[1])  # type: ignore[index]
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio. Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio (read 2026-11)."""
    light = sorted(sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def as_seen(colour: str, kind: str) -> list[float]:
    """Linear RGB as dichromats see it. Source: Viénot, Brettel, Mollon 1999, as matrices on linear RGB."""
    rows = {
        "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
        "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    }[kind]
    rgb = linear(colour)
    return [sum(w * p for w, p in zip(row, rgb, strict=True)) for row in rows]


def test_both_ways_to_dark_are_the_same() -> None:
    assert DARK == SYSTEM_DARK
    assert len(DARK) > 20


@THEMES
def test_text_can_be_read(theme: dict[str, str]) -> None:
    pairs = [(ink, ground) for ink in ("ink", "ink-soft", "accent-ink") for ground in ("paper", "card")]
    pairs += [(f"{s}-ink", f"{s}-wash") for s in ("negative", "neutral", "positive", "warn")]
    pairs += [("ink", f"{s}-wash") for s in ("negative", "positive", "warn", "accent")]
    pairs += [(f"{s}-ink", "card") for s in ("negative", "positive", "warn")]
    pairs += [("accent-ink", "accent-wash"), ("on-accent", "accent"), ("card", "negative-ink"), ("ink", "mark")]
    for ink, ground in pairs:
        assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


@THEMES
def test_bars_stand_out_from_the_card(theme: dict[str, str]) -> None:
    for bar in ("negative", "neutral", "positive", "accent", "accent-soft"):
        assert contrast(theme[bar], theme["card"]) >= 3, bar


@THEMES
def test_the_edge_of_a_field_and_of_a_choice_can_be_seen(theme: dict[str, str]) -> None:
    for ground in ("card", "paper"):
        assert contrast(theme["line-strong"], theme[ground]) >= 3, ground


def test_neighbouring_segments_have_a_gap_of_the_cards_colour() -> None:
    columns = [Column(NOW, NOW, "", {"negative": 1, "positive": 2}, {"": "/"})]
    segments = timeline(columns, ())["layer"][1]["mark"]
    brands = shares([{"brand": "Halden", "part": "negative", "rank": 0, "count": 1}])["mark"]
    assert segments["y2Offset"] >= 1
    assert (brands["stroke"], brands["strokeWidth"]) == ("var(--card)", segments["y2Offset"])


@THEMES
@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_sentiments_differ_for_colour_blind_eyes(theme: dict[str, str], kind: str) -> None:
    seen = [as_seen(theme[name], kind) for name in ("negative", "neutral", "positive")]
    for i, one in enumerate(seen):
        for other in seen[i + 1 :]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.12
