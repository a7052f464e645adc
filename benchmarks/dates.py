"""How many dates that people write are read, and how many are read wrong, over the forms of CLDR in 45 languages.

Run as `python -m benchmarks.dates`; Babel, which writes the dates, comes with Airflow (`make test` installs it).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.dates import format_date, format_time

from benchmarks.report import report
from earshot.extract.dates import read

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LOCALES = (
    "en_US", "en_GB", "de_DE", "de_AT", "fr_FR", "fr_CA", "es_ES", "es_MX", "it_IT", "pt_BR", "pt_PT", "nl_NL", "pl_PL",
    "ru_RU", "uk_UA", "cs_CZ", "sk_SK", "hr_HR", "sr_RS", "sl_SI", "bg_BG", "ro_RO", "hu_HU", "tr_TR", "el_GR", "sv_SE",
    "da_DK", "nb_NO", "fi_FI", "et_EE", "lv_LV", "lt_LT", "ja_JP", "zh_CN", "zh_TW", "ko_KR", "he_IL", "hi_IN", "vi_VN",
    "id_ID", "ms_MY", "ca_ES", "eu_ES", "gl_ES", "ar_EG",
)  # fmt: skip
FORMS = ("full", "long", "medium", "short")


def main() -> None:
    rows = [row for form in FORMS for row in rows_of(form)]
    report(
        "dates", rows, ["as written by CLDR, 25 days a locale; wrong: another day or another minute than was written"]
    )


def rows_of(form: str) -> Iterator[dict[str, Any]]:
    for named in (True, False):
        counts: Counter[str] = Counter()
        started = time.perf_counter()
        for locale, moment in days():
            counts[outcome(locale, moment, form, named)] += 1
        total = sum(counts.values())
        yield {
            "form": form,
            "language named": named,
            "dates": total,
            "read": counts["read"] / total,
            "day alone": counts["day alone"] / total,
            "absent": counts["absent"] / total,
            "wrong": counts["wrong"] / total,
            "ms a date": (time.perf_counter() - started) * 1000 / total,
        }


def days() -> Iterator[tuple[str, datetime]]:
    for locale in LOCALES:
        chance = random.Random(locale)
        for _ in range(25):
            ago = timedelta(days=chance.randrange(365), minutes=chance.randrange(1440))
            yield locale, NOW.replace(tzinfo=None) - ago


def outcome(locale: str, moment: datetime, form: str, named: bool) -> str:
    text = f"{format_date(moment, form, locale=locale)} {format_time(moment, 'short', locale=locale)}"
    found = read(text, NOW, locale[:2] if named else "")
    if found is None:
        return "absent"
    if found.as_stated == moment.date().isoformat():
        return "day alone"
    return "read" if found.as_stated == moment.isoformat(timespec="seconds") else "wrong"


if __name__ == "__main__":
    main()
