"""Content codings: what goes in comes out, never beyond the limit, and cut or damaged bodies are noticed."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

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


def test_a_body_without_coding_has_the_same_limit() -> None:
    with pytest.raises(BodyTooLargeError):
        decoded(b"x" * 11, "", 10)


def test_codings_are_read_as_written() -> None:
    assert codings(" GZip , identity,x-gzip ,, BR") == ["gzip", "gzip", "br"]
