"""What the cluster's processes need of this machine beside Python packages."""

from __future__ import annotations

import shutil

from scripts.engines import distributions
from tests.postgresql.programs import find_programs


def missing() -> str:
    """Return what is needed and not here, or nothing."""
    lacking = [name for name in ("redis-server", "psql", "curl") if shutil.which(name) is None]
    if find_programs() is None:
        lacking.append("PostgreSQL")
    if engines := distributions.missing():
        lacking.append(engines)
    return " and ".join(lacking)
