"""``tipgraph serve`` as a process, for the tests that ask it over the network."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    def request(
        self, path: str, *, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def ask(self, query: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        return self.request(f"/sparql?{urlencode({'query': query})}", **headers)

    def stop(self, number: int) -> tuple[str, str]:
        self.process.send_signal(number)
        return self.process.communicate(timeout=20)


@contextmanager
def serving(*options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "tipgraph", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert found is not None, said + process.stderr.read()
        yield Server(process, int(found[1]))
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)
