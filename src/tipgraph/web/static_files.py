"""``/static/``: the files that pages need, read and compressed once, and kept by browsers for good.

Pages name each file with the digest of what is in it, so a new version of a file has a new address.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import flask
from werkzeug.exceptions import NotFound

from tipgraph.web.compression import CODINGS, SMALLEST, choose_coding, tag_coding

ENDPOINT: Final = "static"
_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _File:
    content_type: str
    digest: str
    forms: dict[str | None, bytes]
    """Content coding → the file in it; ``None`` for the file as it is."""


def install_static_files(app: flask.Flask) -> None:
    """Serve the files of the pages under ``/static/``, and let ``url_for`` name their versions."""
    files = {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}

    def send(filename: str) -> flask.Response:
        found = files.get(filename)
        if found is None:
            raise NotFound
        coding = choose_coding(flask.request)
        # A file that is too small to be compressed has one form.
        coding = coding if coding in found.forms else None
        response = flask.Response(found.forms[coding], content_type=found.content_type)
        response.vary.add("Accept-Encoding")
        response.set_etag(found.digest)
        if coding is not None:
            response.headers["Content-Encoding"] = coding
            tag_coding(response, coding)
        # An old page may ask for another version than there is: that answer must not stay.
        is_this = flask.request.args.get("v") == found.digest
        response.headers["Cache-Control"] = _FOR_GOOD if is_this else "no-cache"
        response.make_conditional(flask.request)
        if response.status_code == 304:
            response.headers.pop("Content-Encoding", None)
        return response

    def name_version(endpoint: str, values: dict[str, object]) -> None:
        found = files.get(str(values.get("filename"))) if endpoint == ENDPOINT else None
        if found is not None:
            values.setdefault("v", found.digest)

    app.add_url_rule("/static/<path:filename>", endpoint=ENDPOINT, view_func=send)
    app.url_default_functions.setdefault(None, []).append(name_version)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    forms: dict[str | None, bytes] = {None: content}
    if len(content) >= SMALLEST:
        forms |= {coding: compress(content) for coding, compress in CODINGS.items()}
    return _File(_TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16], forms)
