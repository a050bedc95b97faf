"""SERVICE, to endpoints that the operator named: called by the server, since workers have no network.

The worker takes a query apart and puts it together (``tipgraph.sparql.federation``); between the two its
calls are made here. A name is resolved once and that address is connected to, so that it cannot become
another one in between; addresses that are not of the public internet are refused, redirects not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias
from urllib.parse import urlencode, urlsplit

from tipgraph.errors import BusyError, ServiceFailedError, ServiceRefusedError, UsageError
from tipgraph.sparql.federation import ServiceCall
from tipgraph.web.answers import EndpointRequest, ServiceCalls, SiteAnswer, SiteRequest
from tipgraph.web.limits import Limits
from tipgraph.web.workers import Executor

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]

_MOST_CALLS: Final = 4
"""Of one query, and at the same time."""
_LARGEST: Final = 4 << 20
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def check_endpoint(url: str) -> str:
    """``url`` where it can be an endpoint to call; raises ``UsageError``."""
    try:
        parts = urlsplit(url)
        port = parts.port or 1
    except ValueError:
        parts, port = urlsplit(""), 0
    if (
        not port
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or parts.fragment
    ):
        raise UsageError(f"{url!r} is no address of an endpoint", "write it as https://example.org/sparql")
    return url


def is_public(ip: str) -> bool:
    """Whether ``ip`` is of the public internet, also where it holds an IPv4 address."""
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo or address.is_site_local or (inner and not is_public(str(inner))):
            return False
        if address.ipv4_mapped or address in _NAT64:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of ``host``."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class FederatingExecutor:
    """An executor whose queries may call other endpoints."""

    def __init__(
        self, executor: Executor[SiteRequest, SiteAnswer], limits: Limits, resolve: Resolve = resolve
    ) -> None:
        self._executor = executor
        self._limits = limits
        self._resolve = resolve
        self._places = threading.BoundedSemaphore(_MOST_CALLS)

    def run(self, request: SiteRequest, *, timeout: float | None = None) -> SiteAnswer:
        """The answer to ``request``; its time includes that of the endpoints that it calls."""
        end = time.monotonic() + self._limits.choose_deadline(timeout)
        answer = self._executor.run(request, timeout=timeout)
        if not isinstance(answer, ServiceCalls) or not isinstance(request, EndpointRequest):
            return answer
        if len(answer.calls) > _MOST_CALLS:
            raise ServiceRefusedError(f"the query has more than {_MOST_CALLS} SERVICE patterns", "use fewer")
        if not self._places.acquire(blocking=False):
            raise BusyError("the server is busy: it calls other endpoints already", "ask again in a moment")
        try:
            found = tuple(self._call(call, end) for call in answer.calls)
        finally:
            self._places.release()
        left = max(0.1, end - time.monotonic())
        return self._executor.run(replace(request, service_answers=found), timeout=left)

    def close(self) -> None:
        """Close the executor."""
        self._executor.close()

    def _call(self, call: ServiceCall, end: float) -> bytes | None:
        try:
            return self._fetch(call, end)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if call.is_silent:
                return None
            raise ServiceFailedError(
                f"<{call.endpoint}> cannot be asked: {error}", "try again later"
            ) from error

    def _fetch(self, call: ServiceCall, end: float) -> bytes:
        parts = urlsplit(call.endpoint)
        host, is_tls = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        addresses = self._resolve(host, port)
        if not addresses or not all(is_public(address) for address in addresses):
            raise ServiceRefusedError(
                f"<{call.endpoint}> is not of the public internet", "name a public endpoint"
            )
        plain = socket.create_connection((addresses[0], port), timeout=_left(end))
        connection = http.client.HTTPConnection(host, port)
        try:
            connection.sock = (
                ssl.create_default_context().wrap_socket(plain, server_hostname=host) if is_tls else plain
            )
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {
                "Accept": "application/sparql-results+json",
                "Content-Type": "application/x-www-form-urlencoded",
                "Connection": "close",
            }
            # Each wait is bounded, and a watch ends the connection when all of them are too long.
            watch = threading.Timer(_left(end), _shut, (plain,))
            watch.start()
            try:
                connection.request("POST", target, urlencode({"query": call.query}), headers)
                response = connection.getresponse()
                content = response.read(_LARGEST + 1)
            finally:
                watch.cancel()
        finally:
            connection.close()
            plain.close()
        if response.status != 200:
            raise ValueError(f"it answered with status {response.status}")
        if len(content) > _LARGEST:
            raise ValueError(f"its answer is larger than {_LARGEST >> 20} MiB")
        return content


def _left(end: float) -> float:
    return max(0.05, end - time.monotonic())


def _shut(plain: socket.socket) -> None:
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It is over already.
        return
