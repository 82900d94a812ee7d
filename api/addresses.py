"""From whom a request comes, where proxies stand between: believed are those alone that are named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from starlette.types import Scope

FORWARDED_FOR = b"x-forwarded-for"
IPV6_NETWORK = 64  # bits; somebody who has one address of IPv6 has all of its network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxies:
    """The proxies whose word is taken.

    Parameters
    ----------
    written : str
        Addresses and networks, with commas between them; empty: no proxy is believed.

    Raises
    ------
    ValueError
        If one is neither; the message names it.
    """

    def __init__(self, written: str) -> None:
        names = [name for part in written.split(",") if (name := part.strip())]
        self._networks = [ipaddress.ip_network(name, strict=False) for name in names]

    def find_client(self, scope: Scope) -> str:
        """Return the address of the client: the last one on the way that is no trusted proxy's.

        What stands before it in the header may be made up, and so may what is no address.
        """
        peer = scope["client"][0] if scope.get("client") else ""
        client = parse_address(peer)
        if client is None:
            return peer or "unknown"
        for address in _forwarded(scope["headers"]):
            if not self._trusts(client) or address is None:
                break
            client = address
        return str(client)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def parse_address(written: str) -> Address | None:
    """Return an address as a socket or a proxy writes it, with or without a port; None where it is none."""
    text = written.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def to_network(address: str) -> str:
    """Return what an address shares its limits with: nobody, or the rest of its network of IPv6."""
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
    return address


def is_loopback(host: str) -> bool:
    """Whether a name or address is of this machine itself."""
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[Address | None]:
    """Yield the addresses of the header, the nearest first."""
    values = [value for name, value in headers if name == FORWARDED_FOR]
    for part in reversed(b",".join(values).decode("latin-1").split(",") if values else []):
        yield parse_address(part)
