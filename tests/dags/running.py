"""Airflow in processes of its own, with a home of its own: it sets global state and warns at import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
DAGS = ROOT / "dags"
FILES = sorted(DAGS.glob("*.py"))
"""What Airflow reads as DAGs; what they share lies in a folder that .airflowignore names."""
SHARED = sorted(DAGS.glob("*/*.py"))


@dataclass(frozen=True)
class Airflow:
    """A home folder, and programs that run with it. They see nothing of this process's environment but the PATH."""

    home: Path

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AIRFLOW_HOME": str(self.home / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        }

    def __call__(self, program: str, *args: str, **settings: str) -> Any:
        """Run a program of this folder, with `settings` in its environment; return the JSON of its last line."""
        command = [sys.executable, "-P", str(Path(__file__).with_name(program)), *args]
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.environment() | settings,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])
