"""Write data/source/ from the table that cuts the report into passages.

    python tools/import_passages.py PASSAGES.TSV

The table has one row for each sentence: name, section, paragraph, sentence, character ranges, SHA-256, text. The text
is not written: the project holds positions and digests only. A paragraph's digest is that of its sentences joined by
one space, so it follows from theirs and is left out unless --report gives the text to compute it from.
"""
