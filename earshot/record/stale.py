"""Mentions that another version judged. Knows no brand and no model, only the names of their versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from earshot.record.revisions import ACTIVE
from earshot.record.session import Session
from earshot.record.tables import mention

_MINE = (mention.c.state == ACTIVE, mention.c.brand == bindparam("of"))
_BRAND: ColumnElement[str] = bindparam("brand_version")
_MODEL: ColumnElement[str] = bindparam("model_version")


def _count(*others: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(mention).where(*_MINE, *others)


_STALE = (
    _count(mention.c.brand_version < _BRAND),
    _count(mention.c.brand_version > _BRAND),
    _count(mention.c.brand_version == _BRAND, mention.c.model_version < _MODEL),
    _count(mention.c.brand_version == _BRAND, mention.c.model_version > _MODEL),
)
"""Stretches of the index on versions beside the current one: `!=` would walk through the current ones too."""

_ALL = _count()
_NEXT = select(func.min(mention.c.brand)).where(mention.c.state == ACTIVE, mention.c.brand > bindparam("last"))


class StaleReads(Session):
    """What is to be judged again."""

    def stale(self, versions: Mapping[str, str], model_version: str) -> dict[str, int]:
        """Return how many active mentions of each brand were judged by another brand version or model, by brand.

        versions: the current one of each brand; a brand that is not among them is stale as a whole. Brands without
        any are left out. Costs as much as there is to count, not as much as there is.
        """
        counts = {brand: self._stale(brand, versions.get(brand), model_version) for brand in self._heard()}
        return {brand: count for brand, count in counts.items() if count}

    def _heard(self) -> Iterator[str]:
        """Yield the brands that have active mentions, each found by one step through the index."""
        brand = self.db.execute(_NEXT, {"last": ""}).scalar()
        while brand is not None:
            yield brand
            brand = self.db.execute(_NEXT, {"last": brand}).scalar()

    def _stale(self, brand: str, brand_version: str | None, model_version: str) -> int:
        if brand_version is None:
            return int(self.db.execute(_ALL, {"of": brand}).scalar_one())
        asked = {"of": brand, "brand_version": brand_version}
        told = [asked, asked, *[asked | {"model_version": model_version}] * 2]
        return sum(int(self.db.execute(query, values).scalar_one()) for query, values in zip(_STALE, told, strict=True))
