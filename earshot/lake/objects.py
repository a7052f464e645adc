"""Where WARC files lie in object storage: S3 and what speaks like it, or whatever else universal-pathlib knows.

A file is collected in a local temporary file and put at once, so it appears whole or not at all. S3 checks the MD5 of
what arrives and refuses anything else; what it says it holds is compared once more. Two that publish one name at the
same time do not overwrite each other. Nothing is remembered between two calls: other processes write too.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO, NoReturn, cast
from urllib.parse import parse_qs, urlsplit

from upath import UPath

from earshot.errors import ConfigError, EarshotError, Gone, StorageError
from earshot.lake.store import SUFFIX, Login, Place, checked

ATTEMPTS = 4
"""How often botocore sends a request that the server did not get or did not want just then, with growing pauses."""
CONNECT_S = 10
_ONE_PUT = 5 * 2**30
"""S3's limit of one put. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-24."""

_NO_BUCKET = ("NoSuchBucket",)
_NO_OBJECT = ("NoSuchKey", "404", "FileNotFoundError")
_NO_LOGIN = (
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthFailure",
    "InvalidClientTokenId", "NoCredentialsError", "PartialCredentialsError",
)  # fmt: skip
_NO_RIGHT = ("AccessDenied", "AllAccessDisabled", "403", "PermissionError")
_NO_TRUST = ("SSLError", "SSLCertVerificationError", "ClientConnectorCertificateError")
_THERE_ALREADY, _NOT_KNOWN = ("PreconditionFailed", "412"), ("NotImplemented", "501")
_MADE_ALREADY = ("BucketAlreadyOwnedByYou",)
_STANDARD_REGION = (None, "aws-global", "us-east-1")
"""Where a bucket is made unless the request names another region; to name this one is refused (moto's server)."""
_ELSEWHERE = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301")


class ObjectStore:
    """Objects below an address: s3://BUCKET/PREFIX, where endpoint, region, ca_file and timeout may follow a `?`."""

    def __init__(self, url: str, login: Login) -> None:
        parts = urlsplit(url)
        self._is_s3 = parts.scheme == "s3"
        self._url = url.partition("?")[0].rstrip("/") if self._is_s3 else url
        options = {name: values[0] for name, values in parse_qs(parts.query).items()} if self._is_s3 else {}
        self._endpoint = options.get("endpoint", "")
        with _translated("be opened", self._bucket):
            root = UPath(self._url, **(_s3_options(options, login) if self._is_s3 else {}))
            self._fs: Any = root.fs
            self._fs.retries = 1  # s3fs would ask again as often around every try of botocore
        self._root = str(root.path).rstrip("/")

    def open_new(self) -> BinaryIO:
        """Begin a file of this machine that has no name."""
        with _translated("begin a file"):
            return cast("BinaryIO", tempfile.TemporaryFile("w+b"))

    def publish(self, file: BinaryIO, name: str) -> None:
        """Make the file appear: whole, and as it was."""
        path = self._path(name)
        with _translated(f"publish {name}", self._bucket, "s3:PutObject"):
            file.seek(0)
            body = file.read()
            file.close()
            self._put(path, body)

    def discard(self, file: BinaryIO) -> None:
        """Forget the file."""
        file.close()

    def open(self, name: str) -> BinaryIO:
        """Fetch a published file in one piece; it has 64 MB and one body at most."""
        path = self._path(name)
        with _translated(f"read {name}", self._bucket, "s3:GetObject"):
            return BytesIO(self._fs.cat_file(path))

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Fetch a part of it, and no more."""
        path = self._path(name)
        with _translated(f"read {name}", self._bucket, "s3:GetObject"):
            return bytes(self._fs.cat_file(path, start=offset, end=offset + length))

    def names(self) -> list[str]:
        """Name what is published."""
        with _translated("list its files", self._bucket, "s3:ListBucket"):
            try:
                found = self._fs.ls(self._root, detail=False)
            except FileNotFoundError as error:
                if _codes(error) & set(_NO_BUCKET):
                    raise
                return []
            names = (str(path).rpartition("/")[2] for path in found)
            return sorted(name for name in names if name.endswith(SUFFIX))

    def has(self, name: str) -> bool:
        """Tell whether it is published."""
        path = self._path(name)
        with _translated(f"look for {name}", self._bucket, "s3:ListBucket"):
            try:
                return bool(self._fs.info(path)["type"] == "file")
            except FileNotFoundError:
                return False

    def remove(self, name: str) -> None:
        """Remove it."""
        path = self._path(name)
        with _translated(f"remove {name}", self._bucket, "s3:DeleteObject"):
            try:
                self._fs.rm_file(path)
            except FileNotFoundError:
                return

    def sweep(self) -> None:
        """Do nothing: an object appears whole or not at all."""

    def make(self) -> None:
        """Make the bucket, unless it can be listed already; elsewhere than on S3 nothing has to be made."""
        if not self._is_s3:
            return
        with _translated("make its bucket", self._bucket, "s3:CreateBucket"):
            try:
                self._fs.ls(self._root, detail=False)
            except FileNotFoundError as error:
                if _codes(error) & set(_NO_BUCKET):
                    self._make_bucket()

    def look(self) -> Place:
        """List, write, read and remove a file that nobody takes for one of the lake."""
        path = f"{self._root}/.check-{secrets.token_hex(8)}"
        self.names()
        with _translated("write a trial file", self._bucket, "s3:PutObject"):
            self._put(path, b"earshot check")
        with _translated("read a trial file", self._bucket, "s3:GetObject"):
            self._fs.cat_file(path)
        with _translated("remove a trial file", self._bucket, "s3:DeleteObject"):
            self._fs.rm_file(path)
        return Place(self._url + (f" at {self._endpoint}" if self._endpoint else ""), self._keeps_versions())

    @property
    def _bucket(self) -> str:
        return urlsplit(self._url).netloc if self._is_s3 else ""

    def _make_bucket(self) -> None:
        region = self._fs.s3.meta.region_name
        elsewhere = {} if region in _STANDARD_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            self._fs.call_s3("create_bucket", Bucket=self._bucket, **elsewhere)
        except Exception as error:
            if not _codes(error) & set(_MADE_ALREADY):
                raise

    def _path(self, name: str) -> str:
        return f"{self._root}/{checked(name)}"

    def _put(self, path: str, body: bytes) -> None:
        """Put an object, unless there is one of this name: of two that publish it at once, the first has done it.

        Raises:
            StorageError: the server holds something else than was sent; it was taken back.
        """
        if not self._is_s3:
            self._fs.pipe_file(path, body)
            return
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        options = {"chunksize": _ONE_PUT, "ContentMD5": base64.b64encode(digest).decode()}
        try:
            said = self._fs.pipe_file(path, body, mode="create", **options)
        except Exception as error:
            codes = _codes(error)
            if codes & set(_THERE_ALREADY):
                return
            if not codes & set(_NOT_KNOWN):
                raise
            said = self._fs.pipe_file(path, body, **options)
        tag = str(said.get("ETag", "")).strip('"')
        is_plain = said.get("ServerSideEncryption", "AES256") == "AES256"  # with a key of KMS it is no MD5
        if is_plain and len(tag) == len(digest.hex()) and tag != digest.hex():
            self._take_back(path, "something else than was sent")
        if (stored := self._fs.info(path)["size"]) != len(body):
            self._take_back(path, f"{stored} bytes where {len(body)} were sent")

    def _take_back(self, path: str, held: str) -> NoReturn:
        self._fs.rm_file(path)
        raise StorageError(f"the lake held {held}; it was taken back")

    def _keeps_versions(self) -> str:
        """Return a warning if what is removed stays there as an older version; nothing where that may not be asked."""
        if not self._is_s3:
            return ""
        try:
            status = self._fs.call_s3("get_bucket_versioning", Bucket=self._bucket).get("Status", "")
        except Exception:  # noqa: BLE001 (many servers do not know the question, and many logins may not ask it)
            return ""
        return "the bucket keeps older versions: what is erased stays in it" if status == "Enabled" else ""


def _s3_options(options: dict[str, str], login: Login) -> dict[str, Any]:
    client: dict[str, Any] = {}
    if options.get("region"):
        client["region_name"] = options["region"]
    if options.get("ca_file"):
        client["verify"] = options["ca_file"]
    timeout = float(options.get("timeout", 30))
    config: dict[str, Any] = {
        "connect_timeout": min(CONNECT_S, timeout),
        "read_timeout": timeout,
        "retries": {"total_max_attempts": ATTEMPTS, "mode": "standard"},
        # Newer checksums are not understood by every server; Content-MD5 is.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    if options.get("endpoint"):
        config["s3"] = {"addressing_style": "path"}  # a server of one's own has one name
    return {
        "key": login.access_key or None,
        "secret": login.secret_key or None,
        "endpoint_url": options.get("endpoint") or None,
        "client_kwargs": client,
        "config_kwargs": config,
        "use_listings_cache": False,
        "skip_instance_cache": True,
    }


@contextmanager
def _translated(what: str, bucket: str = "", right: str = "") -> Iterator[None]:
    """Raise whatever a storage client raises as what the caller can do about it. right: what `what` needs on S3."""
    try:
        yield
    except EarshotError:
        raise
    except ImportError as error:
        advice = 'pip install "earshot[s3]"'
        raise ConfigError(f"the client of the lake is missing: {error}", where="lake.url", advice=advice) from error
    except Exception as error:  # storage clients raise what they like
        codes = _codes(error)
        if known := _to_mend(codes, bucket, right) if bucket else None:
            raise known from error
        kind = Gone if codes & set(_NO_OBJECT) else StorageError
        raise kind(f"the lake cannot {what}: {error or type(error).__name__}") from error


def _to_mend(codes: set[str], bucket: str, right: str) -> ConfigError | None:
    """Return what a person has to change, if anything."""
    if codes & set(_NO_BUCKET):
        return ConfigError(f"there is no bucket {bucket!r}", where="lake.url", advice="make it, or name another")
    if codes & set(_NO_TRUST):
        advice = "name the authority's certificate as lake.ca_file"
        return ConfigError("the server's certificate is not trusted", where="lake.endpoint", advice=advice)
    if codes & set(_NO_LOGIN):
        advice = "look at EARSHOT_LAKE_ACCESS_KEY and EARSHOT_LAKE_SECRET_KEY_FILE"
        return ConfigError("the lake does not take the login", where="lake.access_key", advice=advice)
    if codes & set(_ELSEWHERE):
        advice = "write the region that the bucket is in"
        return ConfigError(f"the bucket {bucket!r} is in another region", where="lake.region", advice=advice)
    if codes & set(_NO_RIGHT):
        advice = f"allow it {right}: docs/operations/object-storage.md has the whole policy"
        return ConfigError(f"this login may not do it in the bucket {bucket!r}", where="lake.url", advice=advice)
    return None


def _codes(error: BaseException | None) -> set[str]:
    """Return the codes of S3, and the names of the kinds, of an error and of all that led to it."""
    found: set[str] = set()
    while error is not None:
        found.add(type(error).__name__)
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            found.add(str(response.get("Error", {}).get("Code", "")))
        error = error.__cause__ or error.__context__
    return found
