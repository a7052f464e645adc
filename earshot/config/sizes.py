"""Sizes as people write them: `25gb`, `512 MB`, `1.5tb`; `none` where there is no limit. In powers of 1024."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_UNITS = {"kb": 1, "mb": 2, "gb": 3, "tb": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(kb|mb|gb|tb)")


def parse_size(value: object) -> object:
    """Return bytes for a written size and None for `none`; anything else is left to pydantic.

    Raises:
        ValueError: text that is no size, or a number without its unit; says what would be right.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1024):
        return value  # as bytes, from code
    text = str(value).strip().lower()
    if text in ("none", "off", "never"):
        return None
    written = _SIZE.fullmatch(text)
    if not written:
        raise ValueError("not a size; write for example 25gb, 512mb or none")
    return int(float(written[1]) * 1024 ** _UNITS[written[2]])


OptionalSize = Annotated[int | None, BeforeValidator(parse_size), Field(ge=1)]
