"""Who a request is from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from tipgraph.errors import UsageError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_MOST_HOPS: Final = 20
_REMEMBERED: Final = 1024
_LONGEST_REMEMBERED: Final = 256
"""Characters of headers that are remembered, so that nobody fills the memory with them."""
_FORWARDED_FOR: Final = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s"]*)\s*(?=;|$)', re.IGNORECASE)


def read_network(text: str) -> Network:
    """The network that ``text`` names, an address or CIDR; raises ``UsageError``."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no network: {error}", "write it as 10.0.0.0/8 or fd00::/8") from error


@dataclass(frozen=True)
class Client:
    """Who a request is from."""

    address: Address | None
    """Of the client; ``None`` where the server listens at no network."""
    is_proxied: bool
    """Whether a trusted proxy says so."""

    @property
    def key(self) -> str:
        """What its requests are counted under: an IPv4 address, or an IPv6 network of 64 bits."""
        if isinstance(self.address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((self.address, 64), strict=False))
        return str(self.address)

    @property
    def is_local(self) -> bool:
        """Whether it is a process of this machine that speaks for itself."""
        return not self.is_proxied and (self.address is None or self.address.is_loopback)


class Clients:
    """Finds out who requests are from, behind the proxies in ``trusted``, and remembers it for a while."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted
        self._find = lru_cache(maxsize=_REMEMBERED)(self._work_out)

    def find(self, environ: Mapping[str, Any]) -> Client:
        """Who the request of a WSGI ``environ`` is from.

        ``Forwarded`` (RFC 7239), else ``X-Forwarded-For``, is believed from the right as far as trusted
        proxies have written it; what stands further left anyone may have made up.
        """
        forwarded, listed = environ.get("HTTP_FORWARDED"), environ.get("HTTP_X_FORWARDED_FOR")
        is_short = len(forwarded or "") + len(listed or "") <= _LONGEST_REMEMBERED
        return (self._find if is_short else self._work_out)(environ.get("REMOTE_ADDR", ""), forwarded, listed)

    def _work_out(self, peer: str, forwarded: str | None, listed: str | None) -> Client:
        address = _read_address(peer)
        hops = _read_hops(forwarded, listed)
        is_proxied = False
        while address is not None and hops and _is_in(address, self._trusted):
            before = _read_address(hops.pop())
            if before is None:
                break
            address, is_proxied = before, True
        return Client(address, is_proxied)


def is_trusted(environ: Mapping[str, Any], trusted: Sequence[Network]) -> bool:
    """Whether the peer of the connection itself is a trusted proxy."""
    address = _read_address(environ.get("REMOTE_ADDR", ""))
    return address is not None and _is_in(address, trusted)


def _read_hops(forwarded: str | None, listed: str | None) -> list[str]:
    if forwarded:
        elements = forwarded.split(",")[-_MOST_HOPS:]
        found = [_FORWARDED_FOR.search(element) for element in elements]
        return [match[1].strip('"') if match else "" for match in found]
    return [part.strip() for part in listed.split(",")[-_MOST_HOPS:]] if listed else []


def _read_address(text: str) -> Address | None:
    """The address in ``text``, which may have a port: ``192.0.2.1:80``, ``[2001:db8::1]:80``."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
