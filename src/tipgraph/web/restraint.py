"""How a client asks for more or less time, is told that its answer is cut, and may read that anywhere."""

from __future__ import annotations

import math
from typing import Final

import flask

from tipgraph.sparql.results import CUT
from tipgraph.web.problems import RequestError

CROSS_ORIGIN: Final = (
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        "Content-Location, ETag, Link, RateLimit, RateLimit-Policy, Retry-After, Tipgraph-Cut, X-Request-Id",
    ),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)
"""The headers that let a page of another site read every answer, and what it must know of it."""


def wanted_timeout() -> float | None:
    """The seconds that the parameter ``timeout`` of the request asks for; the server may allow less.

    Raises ``RequestError`` when that is no positive number.
    """
    written = flask.request.args.get("timeout") or flask.request.form.get("timeout")
    if not written:
        return None
    try:
        seconds = float(written)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise RequestError(f"timeout={written!r} is no number of seconds", "write it as timeout=5")
    return seconds


def mark_cut(response: flask.Response) -> flask.Response:
    """``response`` with the headers that say that rows or triples are missing."""
    response.headers["Tipgraph-Cut"] = "?1"
    response.headers.add("Link", f'<{CUT}>; rel="help"; title="The answer is cut"')
    return response
