"""Content codings of responses: zstd and gzip (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from typing import Final

import flask
import zstandard

SMALLEST: Final = 1024
"""Bytes below which a body is sent as it is: it would fit into a packet either way."""
_GZIP_LEVEL: Final = 5
_ZSTD_LEVEL: Final = 3

CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda content: zstandard.ZstdCompressor(_ZSTD_LEVEL).compress(content),
    # Without the time, so that the same content has the same bytes.
    "gzip": lambda content: gzip.compress(content, _GZIP_LEVEL, mtime=0),
}
"""Content coding → what applies it, the one to prefer first."""


def choose_coding(request: flask.Request) -> str | None:
    """The content coding that the client wants most; ``None`` where it wants none of those offered."""
    wanted = request.accept_encodings
    weights = {coding: wanted.quality(coding) for coding in CODINGS}
    best = max(CODINGS, key=lambda coding: weights[coding])
    # What the header does not name is acceptable, and wanted less than what it does.
    plain = wanted.quality("identity") if "identity" in wanted.values() else 0
    return best if weights[best] > 0 and weights[best] >= plain else None


def tag_coding(response: flask.Response, coding: str) -> None:
    """Give the response the entity tag of its coded form, which has other bytes than the plain one."""
    etag, is_weak = response.get_etag()
    if etag is not None:
        response.set_etag(f"{etag}-{coding}", bool(is_weak))


def is_compressible(response: flask.Response) -> bool:
    """Whether the body is worth a coding and has none yet."""
    return (
        not response.is_streamed
        and not response.direct_passthrough
        and "Content-Encoding" not in response.headers
        and response.status_code not in (204, 304)
        and len(response.get_data()) >= SMALLEST
    )


def compress(response: flask.Response, coding: str) -> None:
    """Apply ``coding`` to the body of the response."""
    response.set_data(CODINGS[coding](response.get_data()))
    response.headers["Content-Encoding"] = coding
