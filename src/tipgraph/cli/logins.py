"""What another store knows the user by, from the environment."""

from __future__ import annotations

import os

from tipgraph.peer import Login


def read_login() -> Login:
    """User and password, or a token: TIPGRAPH_USER, TIPGRAPH_PASSWORD, TIPGRAPH_TOKEN."""
    return Login(*(os.environ.get(f"TIPGRAPH_{name}") or None for name in ("USER", "PASSWORD", "TOKEN")))
