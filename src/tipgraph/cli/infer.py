"""``tipgraph infer``: what the facts and the axioms entail."""

from __future__ import annotations

from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.files import output_option, write_output
from tipgraph.cli.terminal import wait_for
from tipgraph.export import export_dataset
from tipgraph.inference import REASONERS, InferenceReport, Reasoner, infer
from tipgraph.serialization import SYNTAXES
from tipgraph.sources import locate_sources
from tipgraph.store import Dataset, load_dataset, load_files
from tipgraph.vocabulary import GRAPH_INFERRED


@click.command(
    short_help="Write what the graph entails.",
    name="infer",
    epilog="""\b
Examples:
  tipgraph infer -o inferred.ttl
  tipgraph infer --format n-triples | wc -l
  tipgraph infer ontology/*.ttl mine.ttl --rules ontology/rules
  tipgraph infer --reasoner owlrl -o reference.ttl
""",
)
@click.option(
    "--reasoner",
    type=click.Choice(REASONERS),
    default="native",
    show_default=True,
    help="owlrl is another implementation of OWL 2 RL: slow, with the same answer.",
)
@click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder of CONSTRUCT rules. Default: ontology/rules/, and none where FILE is given.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(SYNTAXES)),
    default="turtle",
    show_default=True,
    metavar="FORMAT",
    help=f"One of {', '.join(SYNTAXES)}.",
)
@output_option
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.pass_obj
def infer_triples(
    settings: Settings,
    reasoner: Reasoner,
    rules: Path | None,
    format_name: str,
    output: Path | None,
    files: tuple[Path, ...],
) -> None:
    """Write what the graph entails and does not say: by OWL 2 RL, and by the rules of ontology/rules/.

    Without FILE, of the project's graph; with FILE, of these RDF files alone, in any syntax. An axiom outside
    OWL 2 RL and a contradiction are errors that name file and line.
    """
    sources = locate_sources(settings.root)

    def work() -> tuple[Dataset, InferenceReport]:
        dataset = load_files(files, sources.prefixes()) if files else load_dataset(sources)
        folder = rules if files or rules else sources.rules
        return dataset, infer(dataset, folder, reasoner=reasoner)

    dataset, report = wait_for(work, "Inferring")
    write_output(export_dataset(dataset, format_name, [GRAPH_INFERRED]), output)
    click.echo(
        f"{report.inferred:,} triples inferred from {report.asserted:,}, by {report.rules:,} rules", err=True
    )
