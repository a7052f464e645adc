"""Makes what docker-compose.yml needs before its first start: secrets, folders and .env. What is there stays.

    python3 deploy/first_time.py

Needs nothing but Python 3. Every secret is random, in a file of mode 0600; none is shown.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

FOLDERS = ("postgres", "redis", "lake", "logs")
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Make what is missing, and say what that was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=ROOT, help="the folder of docker-compose.yml")
    folder = parser.parse_args().dir
    environment = folder / ".env"
    if not environment.exists():
        text = (ROOT / ".env.example").read_text(encoding="utf-8")
        text = text.replace("RUN_UID=1000", f"RUN_UID={os.getuid()}").replace("RUN_GID=1000", f"RUN_GID={os.getgid()}")
        environment.write_text(text, encoding="utf-8")
        print(f"made {environment}")
    chosen = dict(re.findall(r"^([A-Z_]+)=(.*)$", environment.read_text(encoding="utf-8"), re.MULTILINE))
    (folder / chosen["WORKSPACE_DIR"]).mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / chosen["DATA_DIR"] / name).mkdir(parents=True, exist_ok=True)
    kept = folder / chosen["SECRETS_DIR"]
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = make_secrets(kept)
    print(f"made {len(made)} secrets in {kept}" if made else "every secret was there")


def make_secrets(folder: Path) -> list[str]:
    """Write every secret that is missing; return the names of what was written."""
    made: list[str] = []

    def secret(name: str, make: Callable[[], str]) -> str:
        file = folder / name
        if not file.exists():
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(make())
            made.append(name)
        return file.read_text(encoding="utf-8")

    def random() -> str:
        return secrets.token_urlsafe(32)

    for name in ("postgres_password", "dashboards_token", "airflow_jwt_secret", "airflow_secret_key"):
        secret(name, random)
    secret("airflow_admin_password", lambda: secrets.token_urlsafe(12))
    secret("airflow_fernet_key", lambda: base64.urlsafe_b64encode(os.urandom(32)).decode())
    password = secret("record_password", random)
    secret("record_url", lambda: f"postgresql://earshot:{password}@postgres:5432/earshot")
    other = secret("airflow_database_password", random)
    secret("airflow_database_url", lambda: f"postgresql://airflow:{other}@postgres:5432/airflow")
    conf = secret("redis_conf", lambda: f"requirepass {random()}\nbind 0.0.0.0\n")
    broker = conf.split()[1]
    secret("airflow_broker_url", lambda: f"redis://:{broker}@redis:6379/0")
    ini = secret("s3_credentials", _s3_credentials)
    secret("s3_identities", lambda: _s3_identities(ini))
    return made


def _s3_credentials() -> str:
    key, password = secrets.token_hex(10), secrets.token_hex(20)
    return f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {password}\n"


def _s3_identities(credentials: str) -> str:
    """Return the same pair as SeaweedFS reads it: it may do everything in its buckets, and nobody else anything."""
    found = dict(re.findall(r"^(\w+) = (\S+)$", credentials, re.MULTILINE))
    pair = {"accessKey": found["aws_access_key_id"], "secretKey": found["aws_secret_access_key"]}
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    return json.dumps({"identities": [{"name": "earshot", "credentials": [pair], "actions": actions}]}, indent=2)


if __name__ == "__main__":
    main()
