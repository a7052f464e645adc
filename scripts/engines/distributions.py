"""The engines' official distributions: Maven packages, fetched by name and unpacked once into a cache folder.

OpenSearch's package is whole. Elasticsearch's is a reduced one that lacks a few pieces; those are compiled into it as a
plugin (`EnginePieces.java`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from earshot.index.cluster.servers import NAMES
from scripts.engines.java import find_jdk

PIECES = Path(__file__).with_name("EnginePieces.java")


@dataclass(frozen=True)
class Distribution:
    """A product in a version. java: oldest and newest JDK that it runs on. security: package of a plugin, or empty."""

    product: str
    version: str
    java: tuple[int, int] = (21, 99)
    security: str = ""

    @property
    def name(self) -> str:
        """As `earshot check` says it."""
        return f"{NAMES[self.product]} {self.version}"

    @property
    def package(self) -> str:
        """Name of the Maven package."""
        return f"org.{self.product}.distribution.integ-test-zip:{self.product}:{self.version}:zip"


OPENSEARCH = Distribution("opensearch", "3.8.0")
ELASTICSEARCH = Distribution("elasticsearch", "9.5.0")
ALL = (OPENSEARCH, ELASTICSEARCH)

# The newest security plugin that fits a published distribution; it needs the Security Manager of older JDKs.
OPENSEARCH_2 = Distribution(
    "opensearch", "2.19.4", java=(11, 21), security="org.opensearch.plugin:opensearch-security:2.19.4.0:zip"
)
SECURED = (OPENSEARCH_2, ELASTICSEARCH)


def missing(*wanted: Distribution) -> str:
    """Return what engines (all of them, where none is named) need and this machine lacks, or nothing."""
    lacking = [
        f"a JDK of {oldest} or later" + (f", {newest} at most" if newest < 99 else "")
        for oldest, newest in sorted({d.java for d in wanted or (*ALL, *SECURED)})
        if find_jdk(oldest, newest) is None
    ]
    if shutil.which("mvn") is None:
        lacking.append("Maven")
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        lacking.append("setpriv")
    return " and ".join(lacking)


def cache() -> Path:
    """Return where distributions are kept: as root, where the user that they run as can read them."""
    if os.getuid() == 0:
        return Path("/var/cache/earshot-engines")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "earshot-engines"


def unpacked(distribution: Distribution) -> Path:
    """Return the folder of a distribution, fetched and unpacked where it is not there yet."""
    folder = cache() / f"{distribution.product}-{distribution.version}"
    ready, made_of = folder / ".ready", hashlib.sha256(PIECES.read_bytes()).hexdigest()
    cache().mkdir(parents=True, exist_ok=True)
    with _locked(cache() / ".lock"):
        if not ready.exists() or ready.read_text() != made_of:
            shutil.rmtree(folder, ignore_errors=True)
            file = _fetch(distribution.package)
            _unzip(file, cache())
            file.unlink()
            if distribution.product == "elasticsearch":
                _add_pieces(folder, distribution)
            if distribution.security:
                _add_plugin(folder, distribution.security)
            ready.write_text(made_of)
    return folder


def _fetch(package: str) -> Path:
    _, artifact, version, kind = package.split(":")
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={package}", f"-DoutputDirectory={cache()}"]
    done = subprocess.run(command, cwd=cache(), capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"Maven did not fetch {package}:\n{(done.stdout + done.stderr)[-2000:]}")
    return cache() / f"{artifact}-{version}.{kind}"


def _unzip(file: Path, folder: Path) -> None:
    """Unpack with the files' modes, which `zipfile` leaves aside; everybody may read."""
    with zipfile.ZipFile(file) as archive:
        for item in archive.infolist():
            path = Path(archive.extract(item, folder))
            mode = item.external_attr >> 16
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)


def _add_plugin(folder: Path, package: str) -> None:
    file = _fetch(package)
    plugin = folder / "plugins" / package.split(":")[1]
    plugin.mkdir()
    _unzip(file, plugin)
    file.unlink()


def _add_pieces(folder: Path, distribution: Distribution) -> None:
    jdk = find_jdk(*distribution.java)
    assert jdk
    plugin, classes = folder / "plugins" / "engine-pieces", folder / ".classes"
    plugin.mkdir(parents=True)
    jars = ":".join(map(str, (folder / "lib").glob("*.jar")))
    compiled = [jdk / "bin" / "javac", "--release", "21", "-cp", jars, "-d", classes, PIECES]
    subprocess.run(compiled, check=True, capture_output=True, timeout=120)
    packed = [jdk / "bin" / "jar", "cf", plugin / "engine-pieces.jar", "-C", classes, "."]
    subprocess.run(packed, check=True, capture_output=True, timeout=120)
    shutil.rmtree(classes)
    (plugin / "plugin-descriptor.properties").write_text(
        "name=engine-pieces\ndescription=what the reduced distribution lacks\nclassname=EnginePieces\n"
        f"version={distribution.version}\nelasticsearch.version={distribution.version}\njava.version=21\n"
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
