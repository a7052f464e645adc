"""Makes what the compose files need before their first start: secrets, folders and .env. What is there stays.

    python3 deploy/first_time.py                    for docker-compose.yml
    python3 deploy/first_time.py --one-machine      for compose.one-machine.yml; the cluster may follow later

Needs nothing but Python 3. Every secret is random, in a file of mode 0600; none is shown. Services run as whoever
calls it; called by root, as the user 1000, to whom everything is given: as root nothing of it runs.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

FOLDERS = ("postgres", "redis", "lake", "logs")
ROOT = Path(__file__).resolve().parent.parent
NOT_ROOT = (1000, 1000)


def main() -> None:
    """Make what is missing, and say what that was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=ROOT, help="the folder of the compose files")
    parser.add_argument("--one-machine", action="store_true", help="only what compose.one-machine.yml needs")
    options = parser.parse_args()
    folder = options.dir
    _make_environment(folder / ".env")
    chosen = _variables(ROOT / ".env.example") | _variables(folder / ".env")
    if chosen["RUN_UID"] == "0":
        sys.exit(f"{folder / '.env'}: RUN_UID=0: services do not run as root; write 1000, and RUN_GID=1000")
    kept, workspace = folder / chosen["SECRETS_DIR"], folder / chosen["WORKSPACE_DIR"]
    data = [] if options.one_machine else [folder / chosen["DATA_DIR"] / name for name in FOLDERS]
    for each in (workspace, *data):
        each.mkdir(parents=True, exist_ok=True)
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = make_secrets(kept, is_one_machine=options.one_machine)
    if os.getuid() == 0:
        _give((workspace, kept, *data), int(chosen["RUN_UID"]), int(chosen["RUN_GID"]))
    print(f"made {_many(len(made))} in {kept}" if made else "every secret was there")


def make_secrets(folder: Path, *, is_one_machine: bool = False) -> list[str]:
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

    secret("dashboards_token", random)
    if is_one_machine:
        return made
    for name in ("postgres_password", "airflow_jwt_secret", "airflow_secret_key"):
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


def _make_environment(file: Path) -> None:
    if file.exists():
        return
    uid, gid = (os.getuid(), os.getgid()) if os.getuid() else NOT_ROOT
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    file.write_text(text.replace("RUN_UID=1000", f"RUN_UID={uid}").replace("RUN_GID=1000", f"RUN_GID={gid}"), "utf-8")
    print(f"made {file}")


def _variables(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE))


def _give(folders: tuple[Path, ...], uid: int, gid: int) -> None:
    """Give root's files in these folders to another user; what belongs to others already stays."""
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid == 0:
                os.chown(path, uid, gid, follow_symlinks=False)


def _many(count: int) -> str:
    return f"{count} secret" if count == 1 else f"{count} secrets"


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
