"""The web site and SPARQL endpoint of a graph."""
