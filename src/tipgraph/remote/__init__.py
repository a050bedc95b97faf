"""A dataset in another store, asked over the SPARQL 1.1 Protocol, for graphs that outgrow one machine.

``facts`` is what is read when the store is opened, ``queries`` writes queries for it and reads its answers,
``reader`` looks things up in it.
"""
