"""The reactor's resolver, which shows only addresses that the guard lets through. Knows no HTTP.

Every connection of the process resolves here, IP literals in all their spellings too, and connects to what is
answered: a name cannot resolve once for the check and once for the connection.
"""

from __future__ import annotations

from typing import Any, Self

from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from spiders.guard import Guard

TIMEOUT_S = 10.0


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves in the reactor's threads; answers nothing after 10 seconds."""

    def __init__(self, reactor: Any, guard: Guard) -> None:
        self._reactor, self._guard = reactor, guard
        self._system = reactor.nameResolver

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
        receiver = _Filtered(resolutionReceiver, self._guard, hostName, portNumber)
        receiver.late = self._reactor.callLater(TIMEOUT_S, receiver.resolutionComplete)
        return self._system.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Filtered:
    """Passes on what may be connected to, and ends once."""

    late: Any = None

    def __init__(self, receiver: Any, guard: Guard, host: str, port: int) -> None:
        self._receiver, self._guard, self._host, self._port = receiver, guard, host, port
        self._is_over = False

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if not self._is_over and self._guard.may_connect(self._host, self._port, address.host):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        if self._is_over:
            return
        self._is_over = True
        if self.late is not None and self.late.active():
            self.late.cancel()
        self._receiver.resolutionComplete()
