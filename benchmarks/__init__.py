"""Figures of tipgraph beside those of its peers: ``python -m benchmarks``. No part of the package."""
