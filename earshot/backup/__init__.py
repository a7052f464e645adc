"""Backups: made beside everything else, whole or not at all, checked by their digests, and brought back.

A backup is a folder of files, and a folder of backups is a `Vault`. Beside them lies the journal of what must not come
back.
"""

from earshot.backup.journal import Journal
from earshot.backup.manifest import Manifest
from earshot.backup.vault import Backup, Vault

__all__ = ["Backup", "Journal", "Manifest", "Vault"]
