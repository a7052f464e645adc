"""The reactor's resolver, which shows only addresses that the guard lets through. Knows no HTTP.

Every connection of the process resolves here, IP literals in all their spellings too, and connects to what is
answered: a name cannot resolve once for the check and once for the connection.

The system's resolver takes a thread for as long as a name server does not answer. Names have threads of their own, and
names that were not answered lately share a few of them, so that dead names keep no other name waiting; a name
that was answered is not asked for again within a minute, and an address needs no thread at all.
"""

from __future__ import annotations

import threading
from functools import partial
from time import monotonic
from typing import Any, Self

from twisted.internet._resolver import GAIResolver
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer  # type: ignore[import-untyped]

from spiders.addresses import literal_address
from spiders.guard import Guard

TIMEOUT_S = 5.0
"""For all of it, waiting for a thread included."""
SLOW_S = 1.0
KEPT_S = 60.0
DOUBTED_S = 3600.0
THREADS, THREADS_FOR_DOUBTED = 160, 16
_MOST_KEPT = 20_000


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves in threads of its own; answers nothing after 5 seconds."""

    def __init__(self, reactor: Any, guard: Guard) -> None:
        self._reactor, self._guard = reactor, guard
        self._kept: dict[str, tuple[float, list[Any]]] = {}
        self._doubted: dict[str, float] = {}
        self._systems = {
            is_doubted: GAIResolver(reactor, self._pool(size))
            for is_doubted, size in ((False, THREADS), (True, THREADS_FOR_DOUBTED))
        }

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Build for a crawler process, whose settings hold the guard of the batch."""
        return cls(reactor, crawler.settings["EARSHOT_GUARD"])

    def install_on_reactor(self) -> None:
        """Make every connection of the reactor resolve here."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Resolve (Twisted's IHostnameResolver)."""
        receiver = _Filtered(resolutionReceiver, self, hostName, portNumber)
        if (known := self._known(hostName)) is not None:
            return receiver.answer(known)
        receiver.late = self._reactor.callLater(TIMEOUT_S, receiver.give_up)
        system: Any = self._systems[self._doubted.get(hostName, 0.0) > monotonic()]
        return system.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)

    def may_connect(self, host: str, port: int, address: str) -> bool:
        """Tell whether the guard lets a connection through."""
        return self._guard.may_connect(host, port, address)

    def learn(self, host: str, addresses: list[Any], seconds: float) -> None:
        """Keep what a name was answered with, for a while; one that nobody answers for long is doubted."""
        for known in (self._kept, self._doubted):
            if len(known) > _MOST_KEPT:
                known.clear()
        if addresses:
            self._kept[host] = (monotonic() + KEPT_S, addresses)
            self._doubted.pop(host, None)
        elif seconds > SLOW_S:
            self.doubt(host)

    def doubt(self, host: str) -> None:
        """Note that a name was not answered in time."""
        self._doubted[host] = monotonic() + DOUBTED_S

    def _known(self, host: str) -> list[Any] | None:
        literal = literal_address(host)
        if literal is not None:
            kind = IPv4Address if literal.version == 4 else IPv6Address
            return [kind("TCP", str(literal), 0)]
        until, addresses = self._kept.get(host, (0.0, []))
        return addresses if until > monotonic() else None

    def _pool(self, size: int) -> Any:
        pool = _Names(0, size, "names")
        self._reactor.callWhenRunning(pool.start)
        return lambda: pool


class _Names(ThreadPool):
    """Threads that nobody waits for when the process ends, for a name server may keep them."""

    threadFactory = partial(threading.Thread, daemon=True)  # type: ignore[assignment]  # noqa: N815 (Twisted's name)


@implementer(IHostResolution)
class _Resolution:
    """A resolution that needs no waiting."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Do nothing: it is over."""


@implementer(IResolutionReceiver)
class _Filtered:
    """Passes on what may be connected to, and ends once."""

    late: Any = None

    def __init__(self, receiver: Any, resolver: GuardedResolver, host: str, port: int) -> None:
        self._receiver, self._resolver, self._host, self._port = receiver, resolver, host, port
        self._found: list[Any] = []
        self._is_over = False
        self._began = monotonic()

    def answer(self, addresses: list[Any]) -> Any:
        """Answer at once."""
        resolution: Any = _Resolution(self._host)
        self.resolutionBegan(resolution)
        for address in addresses:
            self.addressResolved(type(address)(address.type, address.host, self._port))
        self._end()
        return resolution

    def give_up(self) -> None:
        """Answer nothing: it took too long."""
        if not self._is_over:
            self._resolver.doubt(self._host)
            self._end()

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self._found.append(address)
        if not self._is_over and self._resolver.may_connect(self._host, self._port, address.host):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self._resolver.learn(self._host, self._found, monotonic() - self._began)
        if not self._is_over:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        if self.late is not None and self.late.active():
            self.late.cancel()
        self._receiver.resolutionComplete()
