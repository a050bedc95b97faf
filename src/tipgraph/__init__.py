"""A knowledge graph of regional action against trafficking in persons."""
