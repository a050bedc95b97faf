"""A dataset or some of its graphs, written for other tools."""

from tipgraph.export.rdf import export_dataset, find_graphs

__all__ = ["export_dataset", "find_graphs"]
