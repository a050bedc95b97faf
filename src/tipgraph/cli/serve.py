"""``tipgraph serve``: the site and SPARQL endpoint of the graph, or of the user's own RDF."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import open_graph
from tipgraph.cli.logins import read_login
from tipgraph.cli.terminal import wait_for
from tipgraph.errors import UsageError
from tipgraph.graph import KnowledgeGraph
from tipgraph.web.backends import Backend, InMemory, OnDisk, Remote
from tipgraph.web.clients import read_network
from tipgraph.web.federation import check_endpoint
from tipgraph.web.guard import Operation
from tipgraph.web.limits import Limits
from tipgraph.web.server import find_address, run_server

_SHORTEST_TOKEN = 16


@click.command(
    short_help="Serve the endpoint and the web site.",
    epilog="""\b
Examples:
  tipgraph serve
  tipgraph serve --port 8080 --timeout 30
  tipgraph serve --data mine.trig more.ttl
  tipgraph serve --store big
  tipgraph serve --store big --writable
  tipgraph serve --endpoint http://localhost:3030/tip
\b
The store's user and password, or a token: TIPGRAPH_USER and TIPGRAPH_PASSWORD, or TIPGRAPH_TOKEN.
""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 for any that is free.",
)
@click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE...",
    help="Serve these RDF files instead, in any syntax; named graphs are kept, nothing is inferred.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Serve this store on disk instead, made by tipgraph load, for graphs that memory cannot hold.",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="Serve the graph in this SPARQL 1.1 store instead, for graphs that outgrow one machine.",
)
@click.option(
    "--union", metavar="IRI", help="With --endpoint: the named graph that is the union of all others."
)
@click.option(
    "--writable",
    is_flag=True,
    help="With --store or --endpoint: let who bears TIPGRAPH_WRITE_TOKEN run updates in the store.",
)
@click.option(
    "--update-endpoint", metavar="URL", help="With --writable: where the store takes updates, if elsewhere."
)
@click.option(
    "--timeout",
    default=Limits.deadline,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="Seconds that a query may run that asks for no other time.",
)
@click.option(
    "--max-timeout",
    default=Limits.longest_deadline,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="The most seconds that a query may ask for with timeout=.",
)
@click.option(
    "--max-rows",
    default=Limits.rows,
    show_default=True,
    type=click.IntRange(1),
    help="Rows or triples of an answer; it is cut there, and says so.",
)
@click.option(
    "--max-bytes",
    default=Limits.answer,
    show_default=True,
    type=click.IntRange(1024),
    help="Bytes of an answer; it is cut after the last row that fits, and says so.",
)
@click.option(
    "--memory",
    default=Limits.memory >> 20,
    show_default=True,
    type=click.IntRange(64),
    help="MiB of memory that a query may take.",
)
@click.option(
    "--processes",
    default=Limits.processes,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that answer requests, each with workers of its own for queries.",
)
@click.option(
    "--workers",
    default=Limits.workers,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Queries that each process runs at the same time.",
)
@click.option(
    "--slow-workers",
    default=Limits.slow_workers,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Queries beside these that turned out to be slow, and go on at the lowest priority.",
)
@click.option(
    "--response-cache",
    default=Limits.cache >> 20,
    show_default=True,
    type=click.IntRange(0),
    metavar="MIB",
    help="MiB of answers that each process keeps for who asks the same; 0 for none.",
)
@click.option(
    "--rate",
    default=Limits.rate,
    show_default=True,
    type=click.FloatRange(0),
    help="Requests of one client in a second, in the long run; 0 for no limit. This machine has none.",
)
@click.option(
    "--burst",
    default=Limits.burst,
    show_default=True,
    type=click.IntRange(1),
    help="Requests that a client may make at once after a rest.",
)
@click.option(
    "--concurrency",
    default=Limits.concurrency,
    show_default=True,
    type=click.IntRange(0),
    help="Requests of one client at the same time; 0 for no limit. This machine has none.",
)
@click.option(
    "--max-body",
    default=Limits.body,
    show_default=True,
    type=click.IntRange(1024),
    help="Bytes of the body of a request, be it a query or RDF to validate.",
)
@click.option(
    "--header-timeout",
    default=Limits.header_timeout,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="Seconds that a client may take to send the head of a request, or the next one.",
)
@click.option(
    "--body-timeout",
    default=Limits.body_timeout,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="Seconds that a client may take to send the body of a request.",
)
@click.option(
    "--connections",
    default=Limits.connections,
    show_default=True,
    type=click.IntRange(1, 65536),
    help="Connections that each process has open at the same time.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="CIDR",
    help="Believe a proxy there about who a request is from; may be given several times.",
)
@click.option(
    "--allow-service",
    "services",
    multiple=True,
    metavar="URL",
    help="Let queries call this public endpoint with SERVICE; may be given several times.",
)
@click.option(
    "--drain",
    default=Operation.drain,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="Seconds to go on answering after SIGTERM, with /ready at 503, so that load balancers notice.",
)
@click.option("--log-requests", is_flag=True, help="Log each request as a line of JSON on stderr.")
@click.option("--log-queries", is_flag=True, help="Log the text of queries too.")
@click.option(
    "--metrics",
    is_flag=True,
    help="Serve /metrics for Prometheus, to this machine, or to who bears TIPGRAPH_METRICS_TOKEN.",
)
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="")
@click.pass_obj
def serve(
    settings: Settings,
    host: str,
    port: int,
    data: tuple[Path, ...],
    store: Path | None,
    endpoint: str | None,
    union: str | None,
    writable: bool,
    update_endpoint: str | None,
    timeout: float,
    max_timeout: float,
    max_rows: int,
    max_bytes: int,
    memory: int,
    processes: int,
    workers: int,
    slow_workers: int,
    response_cache: int,
    rate: float,
    burst: int,
    concurrency: int,
    max_body: int,
    header_timeout: float,
    body_timeout: float,
    connections: int,
    trusted_proxies: tuple[str, ...],
    services: tuple[str, ...],
    drain: float,
    log_requests: bool,
    log_queries: bool,
    metrics: bool,
    more: tuple[Path, ...],
) -> None:
    """Serve the graph: a SPARQL 1.1 endpoint at /sparql, and a page for everything it describes.

    Queries run in processes of their own, which are ended when they take too long or too much memory. The
    graph is read-only, but for --writable. SIGHUP reads the data again; should it be broken, the old data is
    served on.
    """
    if more and not data:
        raise UsageError(f"{more[0]} is no option", f"to serve a file of your own, write --data {more[0]}")
    sources = {"--data": data, "--store": store, "--endpoint": endpoint}
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are {len(given)} graphs", "give one of them")
    write_token = _read_write_token(store, endpoint, union) if writable else None
    for name, value, other, needed in (
        ("--union", union, "--endpoint", endpoint),
        ("--update-endpoint", update_endpoint, "--writable", writable),
        ("--update-endpoint", update_endpoint, "--endpoint", endpoint),
    ):
        if value and not needed:
            raise UsageError(f"{name} goes with {other}", f"give {other} too, or leave it out")
    operation = Operation(
        trusted_proxies=tuple(map(read_network, trusted_proxies)),
        services=frozenset(map(check_endpoint, services)),
        drain=drain,
        log_requests=log_requests or log_queries,
        log_queries=log_queries,
        serve_metrics=metrics,
        metrics_token=os.environ.get("TIPGRAPH_METRICS_TOKEN"),
        write_token=write_token,
    )
    limits = Limits(
        deadline=timeout,
        longest_deadline=max_timeout,
        rows=max_rows,
        answer=max_bytes,
        memory=memory << 20,
        processes=processes,
        workers=workers,
        slow_workers=slow_workers,
        cache=response_cache << 20,
        rate=rate,
        burst=burst,
        concurrency=concurrency,
        body=max_body,
        header_timeout=header_timeout,
        body_timeout=body_timeout,
        connections=connections,
    )
    # A port that is in use is told before anything is loaded.
    address = find_address(host, port)
    files = [*data, *more]

    def load() -> tuple[Backend, int]:
        """Where the graph lies, and how many triples it has."""
        if store is not None:
            # Resolved, so that all processes open the same one where it is a link that may change.
            on_disk = OnDisk(store.resolve(), settings.root)
            return on_disk, on_disk.check()
        if endpoint is not None:
            remote = wait_for(
                lambda: Remote.connect(
                    endpoint, updates=update_endpoint, union=union, login=read_login(), root=settings.root
                ),
                "Asking the store what it holds",
            )
            return remote, remote.facts.sizes.quads
        if files:
            graph = wait_for(
                lambda: KnowledgeGraph.from_files(files, root=settings.root), "Loading the files"
            )
        else:
            graph = open_graph(settings)
        return InMemory(graph), len(graph.dataset.store)

    backend, count = load()

    def announce() -> None:
        click.echo(f"tipgraph serves {count:,} triples at {address.url} (end with Ctrl-C)", err=True)

    run_server(backend, address, limits, announce=announce, reload=lambda: load()[0], operation=operation)


def _read_write_token(store: Path | None, endpoint: str | None, union: str | None) -> str:
    """The token that an update needs; raises ``UsageError`` where there is none, or nothing to update."""
    token = os.environ.get("TIPGRAPH_WRITE_TOKEN", "")
    if store is None and endpoint is None:
        raise UsageError(
            "--writable goes with --store or --endpoint: what is read from files takes no updates",
            "load the files with tipgraph load and serve the store",
        )
    if store is not None and store.is_dir() and not os.access(store, os.W_OK):
        raise UsageError(f"{store} cannot be written, so it takes no updates", "check its permissions")
    if union is not None:
        raise UsageError(
            f"an update would leave the union <{union}> as it is", "leave out --union or --writable"
        )
    if len(token) < _SHORTEST_TOKEN:
        raise UsageError(
            f"TIPGRAPH_WRITE_TOKEN is not set, or has fewer than {_SHORTEST_TOKEN} characters",
            "set it to something that nobody guesses, such as what openssl rand -hex 32 prints",
        )
    return token
