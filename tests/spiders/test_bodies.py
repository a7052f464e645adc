"""Content codings: what goes in comes out, never beyond the limit, and cut or damaged bodies are noticed."""

from __future__ import annotations

import contextlib
import gzip
import time
import tracemalloc
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from spiders import bodies
from spiders.bodies import BodyBrokenError, BodyTooLargeError, codings, decoded

CODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}
LIMIT = 1024 * 1024


@pytest.mark.parametrize("coding", CODERS)
@given(body=st.binary(max_size=300_000))
def test_a_coded_body_comes_back(coding: str, body: bytes) -> None:
    assert decoded(CODERS[coding](body), coding, LIMIT) == body


@given(body=st.binary(max_size=5000), chain=st.lists(st.sampled_from(sorted(CODERS)), min_size=1, max_size=2))
def test_a_chain_of_two_comes_back(body: bytes, chain: list[str]) -> None:
    coded = body
    for name in chain:
        coded = CODERS[name](coded)
    assert decoded(coded, ", ".join(chain), LIMIT) == body


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("excess", [0, 1])
def test_the_limit_is_exact(coding: str, excess: int) -> None:
    coded = CODERS[coding](b"x" * (100_000 + excess))
    if excess:
        with pytest.raises(BodyTooLargeError):
            decoded(coded, coding, 100_000)
    else:
        assert len(decoded(coded, coding, 100_000)) == 100_000


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.fault(case="A small body that unpacks to gigabytes", promise="Unpacking ends at its limit")
def test_a_bomb_costs_no_more_than_its_limit(coding: str) -> None:
    bomb = CODERS[coding](bytes(16 * LIMIT))
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError):
            decoded(bomb, coding, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 4 * LIMIT
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("coding", CODERS)
@given(keep=st.floats(0.1, 0.99))
@pytest.mark.fault(case="A packed body that is cut off", promise="It is noticed; nothing of it is stored")
def test_a_body_cut_off_is_noticed(coding: str, keep: float) -> None:
    body = bytes(range(256)) * 40
    coded = CODERS[coding](body)
    with pytest.raises(BodyBrokenError):
        decoded(coded[: max(3, int(len(coded) * keep))], coding, LIMIT)


@pytest.mark.parametrize("coding", CODERS)
@given(noise=st.binary(max_size=400))
def test_noise_is_broken_or_plain_but_never_an_accident(coding: str, noise: bytes) -> None:
    with contextlib.suppress(BodyBrokenError, BodyTooLargeError):
        decoded(noise, coding, LIMIT)


def test_several_members_are_one_body() -> None:
    assert decoded(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip", LIMIT) == b"one two"
    assert decoded(gzip.compress(b"one") + b"\x00" * 20, "gzip", LIMIT) == b"one"
    assert decoded(zstd.compress(b"one ") + zstd.compress(b"two"), "zstd", LIMIT) == b"one two"


EMPTY = {
    "gzip": gzip.compress(b""),
    "zstd": zstd.compress(b""),
    "zstd, skippable": b"\x50\x2a\x4d\x18" + bytes(4),
    "zstd, full": zstd.compress(b"x"),
}


@pytest.mark.fault(
    case="A body of half a million empty frames",
    promise="It is given up after 1,000 of them, in a fraction of a second, and costs no other source anything",
)
@pytest.mark.parametrize("kind", EMPTY)
@pytest.mark.parametrize("is_nested", [False, True])
def test_many_frames_cost_no_more_than_a_few(kind: str, is_nested: bool) -> None:
    coding, body = kind.partition(",")[0], EMPTY[kind] * (4 * LIMIT // len(EMPTY[kind]))
    began = time.thread_time()
    with pytest.raises(BodyBrokenError, match=r"more than 1,000 parts"):
        decoded(gzip.compress(body) if is_nested else body, f"{coding}, gzip" if is_nested else coding, 8 * LIMIT)
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_of_many_blocks_is_read(coding: str) -> None:
    assert len(decoded(CODERS[coding](bytes(1000)) * 900, coding, LIMIT)) == 900_000


def test_a_frame_with_a_window_beyond_what_http_allows_is_refused() -> None:
    wide = zstd.compress(bytes(2**25), options={zstd.CompressionParameter.window_log: 25})
    with pytest.raises(BodyBrokenError, match="too much memory"):
        decoded(wide, "zstd", 64 * LIMIT)


def test_decoding_has_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LONGEST_S", 0.001)
    with pytest.raises(BodyBrokenError, match="takes more than"):
        decoded(gzip.compress(bytes(15 * LIMIT)), "gzip", 15 * LIMIT)


def test_a_body_without_coding_has_the_same_limit() -> None:
    with pytest.raises(BodyTooLargeError):
        decoded(b"x" * 11, "", 10)


def test_codings_are_read_as_written() -> None:
    assert codings(" GZip , identity,x-gzip ,, BR") == ["gzip", "gzip", "br"]
