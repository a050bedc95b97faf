"""A dataset of the user's own that is kept on disk, for graphs that memory cannot hold.

It is one Oxigraph database and a note of what is in it (``layout``). The named graphs are in the database as
they were in the files; its default graph is the union of everything, each triple once, as queries see it. So
the union is made when the files are loaded, and not in memory when the first query comes. What pages tell of
the whole is counted then too; and where it is small enough, the names and the full-text index are made.
"""

from __future__ import annotations

from tipgraph.ondisk.layout import version_of
from tipgraph.ondisk.loading import load_to_disk
from tipgraph.ondisk.reading import DiskReader, DiskStore, open_on_disk
from tipgraph.ondisk.updating import Update, update_on_disk

__all__ = [
    "DiskReader",
    "DiskStore",
    "Update",
    "load_to_disk",
    "open_on_disk",
    "update_on_disk",
    "version_of",
]
