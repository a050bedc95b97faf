"""SPARQL 1.1 queries over a dataset: checked, run, and their results written."""
