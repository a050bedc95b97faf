"""A store on disk that changes while it is served."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from tipgraph.errors import TipgraphError


class Renewing:
    """``application``, in whose place comes what ``renew`` gives when the version has changed.

    That happens before the next request, whichever process it comes to: so who has changed the store, or was
    told of it, is answered from what the store has become. The old one stays where ``find_version`` finds
    nothing, and where ``renew`` raises a ``TipgraphError``, which is logged.
    """

    def __init__(
        self,
        application: WSGIApplication,
        version: object,
        *,
        find_version: Callable[[], object | None],
        renew: Callable[[], WSGIApplication],
    ) -> None:
        self._application = application
        self._version = version
        self._find_version = find_version
        self._renew = renew
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What the application answers."""
        if self._find_version() != self._version:
            self._replace()
        return self._application(environ, start_response)

    def _replace(self) -> None:
        with self._lock:
            # Before it is opened: what changes meanwhile is noticed by the next request.
            version = self._find_version()
            if version is None or version == self._version:
                return
            try:
                self._application = self._renew()
            except TipgraphError as error:
                logging.getLogger("_granian").error(  # noqa: TRY400
                    "the old data is served on, since the new cannot be opened: %s", error
                )
            self._version = version
            # What the old one held is in cycles, and a store cannot remove what is held.
            gc.collect()
