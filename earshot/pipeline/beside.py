"""A stage that goes on beside the others, in a thread of its own: a slow mail server keeps nobody else waiting.

Knows no stage. What a call returns or raises is handed to whoever asks for it, in their own thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """Makes one call at a time. It is for one thread, that begins them and takes what they return."""

    def __init__(self, name: str, call: Callable[[], T]) -> None:
        """Keep the call; nothing is begun. name: of the thread."""
        self._name, self._call = name, call
        self._thread: threading.Thread | None = None
        self._results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    @property
    def is_at_work(self) -> bool:
        """Whether a call has begun and its result was not taken yet."""
        return self._thread is not None

    def begin(self) -> bool:
        """Begin a call, unless one is at work; True if it was begun. Quick."""
        if self.is_at_work:
            return False
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()
        return True

    def has_ended(self, seconds: float = 0.0) -> bool:
        """Tell whether there is a result to take, after waiting so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is not None and not self._thread.is_alive()

    def result(self) -> T:
        """Return, once, what the call that has ended returned.

        Raises:
            BaseException: what the call raised.
        """
        value, error = self._results.get()
        self._thread = None
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def _work(self) -> None:
        try:
            self._results.put((self._call(), None))
        except BaseException as error:  # noqa: BLE001 (raised by whoever takes the result)
            self._results.put((None, error))
