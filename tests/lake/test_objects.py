"""What only object storage can get wrong: a real server, and between it and the lake a network that fails."""

from __future__ import annotations

import gc
import ssl
import threading
from pathlib import Path

import pytest
import trustme

from earshot.errors import ConfigError, StorageError
from earshot.lake import Login, WarcLake
from tests.builders import FakeClock
from tests.ports.lake import filled
from tests.s3.proxy import Proxy
from tests.s3.server import REGION, S3Server

LOGIN = Login("a key", "a secret of nobody")


def opened(bucket: str, endpoint: str, login: Login = LOGIN, **options: object) -> WarcLake:
    chosen = "".join(f"&{name}={value}" for name, value in options.items())
    return WarcLake(f"s3://{bucket}/captures?endpoint={endpoint}&region={REGION}{chosen}", FakeClock(), login)


def refused(lake: WarcLake) -> ConfigError:
    with pytest.raises(ConfigError) as found:
        lake.look()
    assert "secret of nobody" not in str(found.value)
    return found.value


@pytest.mark.parametrize("fault", [503, 500, "reset"])
@pytest.mark.fault(case="The object storage fails once or twice", promise="The request is tried again and done")
def test_what_fails_a_time_or_two_is_done_all_the_same(s3_server: S3Server, fault: int | str) -> None:
    with Proxy(s3_server.port) as proxy:
        lake = opened(s3_server.bucket(), proxy.url)
        proxy.faults = [fault, fault]
        file, (capture,) = filled(lake, b"a body")
        assert proxy.faults == []
        for do in (lambda: lake.read(capture.ref)[1], lambda: next(iter(lake.iter_captures(file)))[1]):
            proxy.faults = [fault]
            assert do() == b"a body"
        proxy.faults = [fault]
        assert list(lake.iter_files()) == [file]
        proxy.faults = [fault]
        lake.remove(file)
        assert list(lake.iter_files()) == []


@pytest.mark.fault(case="The object storage keeps failing", promise="A stated error; no half file appears")
def test_what_goes_on_failing_is_a_storage_error_and_no_file_appears(s3_server: S3Server) -> None:
    with Proxy(s3_server.port) as proxy:
        lake = opened(s3_server.bucket(), proxy.url)
        proxy.faults = [503] * 4
        with pytest.raises(StorageError, match="cannot publish"):
            filled(lake, b"a body")
        assert proxy.asked["PUT"] == 4
        assert list(lake.iter_files()) == []


@pytest.mark.parametrize(
    ("fault", "held"), [("spoil", "something else than was sent"), ("cut", r"\d+ bytes where \d+ were sent")]
)
@pytest.mark.fault(
    case="What is written to the object storage is spoilt on the way",
    promise="It is noticed and taken back",
)
def test_what_is_spoilt_or_cut_on_the_way_is_noticed_and_taken_back(s3_server: S3Server, fault: str, held: str) -> None:
    with Proxy(s3_server.port) as proxy:
        lake = opened(s3_server.bucket(), proxy.url)
        proxy.faults = [fault]
        with pytest.raises(StorageError, match=f"the lake held {held}; it was taken back"):
            filled(lake, b"a body" * 1000)
        assert list(lake.iter_files()) == []
        assert proxy.asked["DELETE"] == 1
        file, _ = filled(lake, b"a body" * 1000)
        assert list(lake.iter_files()) == [file]


@pytest.mark.fault(case="The object storage says nothing", promise="The wait ends; a stated error")
def test_a_server_that_says_nothing_is_a_storage_error(s3_server: S3Server) -> None:
    with Proxy(s3_server.port) as proxy:
        lake = opened(s3_server.bucket(), proxy.url, timeout=0.3)
        proxy.faults = ["sleep"] * 4
        with pytest.raises(StorageError):
            list(lake.iter_files())
        assert list(lake.iter_files()) == []


def test_a_server_that_is_not_there_is_a_storage_error() -> None:
    with pytest.raises(StorageError):
        opened("bucket", "http://127.0.0.1:1", timeout=1).look()


def test_a_bucket_that_is_not_there_is_something_to_mend(s3_server: S3Server) -> None:
    lake = opened("no-such-bucket", s3_server.url)
    assert "no bucket 'no-such-bucket'" in refused(lake).what
    with pytest.raises(ConfigError):
        filled(lake, b"x")
    with pytest.raises(ConfigError):
        list(lake.iter_files())


def test_a_login_that_is_not_known_is_something_to_mend(s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    s3_server.ask_for_logins()
    try:
        assert "does not take the login" in refused(opened(bucket, s3_server.url)).what
    finally:
        s3_server.ask_for_logins(10**9)


def test_no_login_at_all_is_something_to_mend(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert "does not take the login" in refused(opened(s3_server.bucket(), s3_server.url, Login())).what


def test_a_server_of_an_own_authority_is_trusted_by_its_certificate_alone(s3_server: S3Server, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Proxy(s3_server.port, context) as proxy:
        bucket = s3_server.bucket()
        known = opened(bucket, proxy.url, ca_file=tmp_path / "ca.pem")
        file, (capture,) = filled(known, b"a body")
        assert known.read(capture.ref)[1] == b"a body"
        assert refused(opened(bucket, proxy.url)).where == "lake.endpoint"
        assert list(known.iter_files()) == [file]


def test_a_lake_that_does_all_that_is_needed_says_where_it_is(s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    place = opened(bucket, s3_server.url).look()
    assert place.name == f"s3://{bucket}/captures at {s3_server.url}"
    assert place.warning == ""
    assert b"<Key>" not in s3_server.ask("GET", f"/{bucket}?list-type=2")


def test_a_bucket_that_keeps_what_is_erased_is_warned_of(s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    s3_server.ask("PUT", f"/{bucket}?versioning", enabled)
    assert "what is erased stays in it" in opened(bucket, s3_server.url).look().warning


def test_more_files_than_one_answer_lists_are_all_there(s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    names = [f"20260101T000000.{number:06d}Z-x.warc.gz" for number in range(1005)]
    for name in names:
        s3_server.ask("PUT", f"/{bucket}/captures/{name}", b"")
    for name in ("captures/deeper/20260101T000000.000000Z-y.warc.gz", "captures/.check-1", "another/z.warc.gz"):
        s3_server.ask("PUT", f"/{bucket}/{name}", b"")
    assert list(opened(bucket, s3_server.url).iter_files()) == names


def test_two_lakes_see_at_once_what_the_other_does(s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    one, other = opened(bucket, s3_server.url), opened(bucket, s3_server.url)
    assert list(one.iter_files()) == list(other.iter_files()) == []
    file, (capture,) = filled(other, b"a body")
    assert list(one.iter_files()) == [file]
    assert one.read(capture.ref)[1] == b"a body"
    other.remove(file)
    assert list(one.iter_files()) == []
    with pytest.raises(StorageError):
        one.read(capture.ref)


@pytest.mark.fault(case="Two processes rewrite the same file of the lake", promise="It is done once")
def test_the_same_rewriting_at_the_same_time_is_done_once(s3_server: S3Server) -> None:
    bucket = s3_server.bucket()
    lakes = [opened(bucket, s3_server.url) for _ in range(3)]
    file, captures = filled(lakes[0], b"one", b"two", b"three")
    cut, moved, start = [captures[1].ref], [], threading.Barrier(3)

    def rewrite(lake: WarcLake) -> None:
        start.wait()
        try:
            moved.append(lake.rewrite_without(file, cut))
        except StorageError:  # another one removed the old file while this one read it: the next call finds the new one
            moved.append(lake.rewrite_without(file, cut))

    threads = [threading.Thread(target=rewrite, args=(lake,)) for lake in lakes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert moved[0] == moved[1] == moved[2]
    assert set(moved[0]) == {captures[0].ref, captures[2].ref}
    (new,) = lakes[0].iter_files()
    assert [body for _, body in lakes[0].iter_captures(new)] == [b"one", b"three"]


def test_a_rewriting_broken_off_is_finished_by_the_next_call(s3_server: S3Server) -> None:
    with Proxy(s3_server.port) as proxy:
        bucket = s3_server.bucket()
        broken, lake = opened(bucket, proxy.url), opened(bucket, s3_server.url)
        file, captures = filled(lake, b"secret", b"two")
        proxy.faults = [200, 503, 503, 503, 503]
        with pytest.raises(StorageError):
            broken.rewrite_without(file, [captures[0].ref])
        proxy.faults = []
        moved = lake.rewrite_without(file, [captures[0].ref])
        assert set(moved) == {captures[1].ref}
        (left,) = lake.iter_files()
        assert b"secret" not in b"".join(body for _, body in lake.iter_captures(left))


def test_one_capture_is_fetched_without_the_rest_of_its_file(s3_server: S3Server) -> None:
    with Proxy(s3_server.port) as proxy:
        lake = opened(s3_server.bucket(), proxy.url)
        _, captures = filled(lake, *(bytes([number]) * 50_000 for number in range(5)))
        before = proxy.asked.copy()
        assert lake.read(captures[3].ref)[1] == b"\x03" * 50_000
        assert proxy.asked - before == {"GET": 1}


def test_a_lake_that_is_let_go_leaves_nothing_open(s3_server: S3Server) -> None:
    lake = opened(s3_server.bucket(), s3_server.url)
    filled(lake, b"x")
    del lake
    gc.collect()


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_is_made_where_it_is_missing_and_twice_is_once(s3_server: S3Server, region: str) -> None:
    lake = WarcLake(f"s3://made-in-{region}/captures?endpoint={s3_server.url}&region={region}", FakeClock(), LOGIN)
    assert "no bucket" in refused(lake).what
    lake.make()
    file, (capture,) = filled(lake, b"a body")
    lake.make()
    assert lake.read(capture.ref)[1] == b"a body"
    assert list(lake.iter_files()) == [file]
