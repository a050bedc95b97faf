"""``tipgraph query``: SPARQL over the graph."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click
import pyoxigraph as ox

from tipgraph.cli import Settings
from tipgraph.cli.files import output_option, read_standard_input, write_file, write_output
from tipgraph.cli.graphs import asserted_option, open_graph
from tipgraph.cli.terminal import table_text, wait_for, write_table
from tipgraph.errors import UsageError
from tipgraph.graph import KnowledgeGraph
from tipgraph.queryfile import SUFFIX, QueryFile, parse_query_file, read_query_file, read_query_folder
from tipgraph.serialization import SYNTAXES
from tipgraph.sources import locate_sources
from tipgraph.sparql.results import (
    RESULT_FORMATS,
    AskResult,
    GraphResult,
    QueryResult,
    SelectResult,
    write_result,
)
from tipgraph.terms import Term, read_term
from tipgraph.vocabulary import XSD, shorten

_TABLE: Final = "table"
_SUFFIXES: Final = (SUFFIX, ".sparql")
_NUMBERS: Final = {f"{XSD}{name}" for name in ("integer", "decimal", "double", "float")}


@click.command(
    short_help="Answer a question in SPARQL.",
    epilog="""\b
Examples:
  tipgraph query --list
  tipgraph query bodies-of-a-mechanism --param mechanism=ECOWAS
  tipgraph query --text 'SELECT ?plan { ?plan a tip:ActionPlan } ORDER BY ?plan'
  tipgraph query my-question.rq --format csv -o answer.csv
  echo 'DESCRIBE id:ecowas' | tipgraph query - --format json-ld
""",
)
@click.argument("source", metavar="[NAME|FILE|-]", required=False)
@click.option("--text", metavar="SPARQL", help="The query itself.")
@click.option("--list", "list_only", is_flag=True, help="List the queries of the library and stop.")
@click.option(
    "--param",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Give the variable ?NAME a value; repeat for several. A library query says what it takes; else "
    'VALUE is as in Turtle, without the quotes of a string: id:ecowas, 12, "2010"^^xsd:gYear, Abuja.',
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice([_TABLE, *RESULT_FORMATS, *SYNTAXES]),
    metavar="FORMAT",
    help=f"For SELECT and ASK {_TABLE} (the default), {', '.join(RESULT_FORMATS)}; for CONSTRUCT and "
    f"DESCRIBE turtle (the default), {', '.join(name for name in SYNTAXES if name != 'turtle')}.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Ask the store that tipgraph load made there instead of the graph.",
)
@asserted_option
@output_option
@click.pass_obj
def query(
    settings: Settings,
    source: str | None,
    text: str | None,
    list_only: bool,
    assignments: tuple[str, ...],
    format_name: str | None,
    store: Path | None,
    asserted: bool,
    output: Path | None,
) -> int:
    """Answer a question in SPARQL, or one of the query library.

    NAME is a query of the library (--list names them), FILE one of your own, - one on standard input. The
    default graph is the union of all graphs, with what is inferred. The prefixes of the project need no
    declaration. The answer no to an ASK exits with 1.
    """
    if list_only:
        return _list_library(settings)
    if (source is None) == (text is None):
        raise UsageError(
            "give one query: a name, a file, - or --text", "tipgraph query --list names those of the library"
        )
    if store and asserted:
        raise UsageError("a store on disk does not tell what is inferred", "leave out --asserted")
    parameters = _read_assignments(assignments)
    graph = (
        KnowledgeGraph.open_store(store, root=settings.root)
        if store
        else open_graph(settings, asserted=asserted, on_disk=True)
    )
    asked = parse_query_file(text, "the query") if text is not None else _read_query(str(source), graph)
    declared = {parameter.name for parameter in asked.parameters}
    values: dict[str, str | Term] = {
        name: value if name in declared else read_term(value, graph.prefixes)
        for name, value in parameters.items()
    }
    result = wait_for(lambda: graph.query(asked, values, asserted_only=asserted), "Running the query")
    _write(result, format_name, output, graph)
    return 1 if isinstance(result, AskResult) and not result.answer else 0


def _list_library(settings: Settings) -> int:
    library = read_query_folder(locate_sources(settings.root).queries)
    rows = [
        (found.name, found.title, ", ".join(f"{one.name} ({one.type})" for one in found.parameters))
        for found in library.values()
    ]
    write_table(("name", "question", "parameters"), rows)
    return 0


def _read_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Name → value of each ``NAME=VALUE``."""
    values: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        name = name.lstrip("?$")
        if not equals or not name:
            raise UsageError(f"{assignment!r} gives no parameter a value", "write --param name=value")
        if name in values:
            raise UsageError(f"the parameter {name} is given twice", "give it once")
        values[name] = value
    return values


def _read_query(source: str, graph: KnowledgeGraph) -> QueryFile:
    """The query that ``source`` names: standard input, a file, or one of the library."""
    if source == "-":
        return parse_query_file(read_standard_input("the query"), "standard input")
    path = Path(source)
    if path.suffix in _SUFFIXES or os.sep in source or path.exists():
        return read_query_file(path)
    if any(character in source for character in "{?<"):
        raise UsageError("that is a query, not the name of one", "put --text before it")
    return graph.library_query(source)


def _write(result: QueryResult, format_name: str | None, output: Path | None, graph: KnowledgeGraph) -> None:
    is_graph = isinstance(result, GraphResult)
    chosen = format_name or ("turtle" if is_graph else _TABLE)
    known = SYNTAXES if is_graph else (_TABLE, *RESULT_FORMATS)
    if chosen not in known:
        form = "CONSTRUCT or DESCRIBE" if is_graph else "ASK" if isinstance(result, AskResult) else "SELECT"
        raise UsageError(
            f"the answer to a {form} cannot be written as {chosen}", f"choose --format {', '.join(known)}"
        )
    if chosen != _TABLE:
        content = write_result(result, chosen, graph.prefixes)
        # Of the formats that end in no line break, none minds one, and a terminal does.
        write_output(content if content.endswith(b"\n") else content + b"\n", output)
    elif isinstance(result, SelectResult):
        _write_rows(result, output, graph)
    elif isinstance(result, AskResult):
        write_output(b"true\n" if result.answer else b"false\n", output)


def _write_rows(result: SelectResult, output: Path | None, graph: KnowledgeGraph) -> None:
    rows = [[_cell(term, graph) for term in row] for row in result.rows]
    numeric = {
        number
        for number in range(len(result.variables))
        if all(_is_number(row[number]) for row in result.rows) and result.rows
    }
    if output is not None:
        write_file(output, table_text(result.variables, rows, numeric=numeric).encode())
        return
    write_table(result.variables, rows, numeric=numeric)
    if not rows:
        click.echo("no solutions", err=True)


def _cell(term: Term | None, graph: KnowledgeGraph) -> str:
    """``term`` as a table shows it: IRIs by prefixed name, literals by their lexical form."""
    if isinstance(term, ox.NamedNode):
        return shorten(term.value, graph.prefixes)
    if isinstance(term, ox.Literal):
        return term.value
    return "" if term is None else str(term)


def _is_number(term: Term | None) -> bool:
    return term is None or (isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS)
