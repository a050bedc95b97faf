"""``/openapi.json``: what the service offers, as OpenAPI 3.1, made from the tables that it works by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import flask

from tipgraph.queryfile import Parameter, QueryFile
from tipgraph.serialization import SYNTAXES
from tipgraph.validation import REPORT_FORMATS, Severity
from tipgraph.web.formats import DATASET_TYPES, GRAPH_TYPES, HTML, RESULT_TYPES
from tipgraph.web.problems import KINDS, PROBLEM, PROBLEM_JSON
from tipgraph.web.services import FURTHEST, MOST_HITS
from tipgraph.web.site import Site, current_site
from tipgraph.web.views import SPACES

openapi = flask.Blueprint("openapi", __name__)

Json = dict[str, Any]

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_BEARER: Final = "token"
_TEXT: Final[Json] = {"type": "string"}
_SCHEMAS: Final[Mapping[str, Json]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "month": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"},
    "year": {"type": "string", "pattern": "^[0-9]{4}$"},
    "iri": {"type": "string", "format": "iri"},
    "language": {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"},
}
"""Type of a parameter of a query → the schema of its values; those of the other types are any text."""


@openapi.get("/openapi.json")
def description() -> flask.Response:
    """The description of the service."""
    site = current_site()
    content = site.remember("openapi", lambda: json.dumps(describe_service(site), ensure_ascii=False))
    return flask.Response(content, content_type=_JSON)


def describe_service(site: Site) -> Json:
    """The OpenAPI description of what ``site`` offers."""
    paths: Json = {
        "/sparql": {
            "get": _operation(
                "Ask with SPARQL",
                [
                    _parameter("query", "The query; without it the endpoint describes itself."),
                    _graphs("default-graph-uri", "The graphs that make up the default graph."),
                    _graphs("named-graph-uri", "The named graphs that may be asked."),
                    _timeout(),
                    _format({*RESULT_TYPES.values(), *GRAPH_TYPES.values()}),
                ],
                [*RESULT_TYPES, *GRAPH_TYPES, HTML],
            ),
            "post": _operation("Ask with SPARQL", [_timeout()], [*RESULT_TYPES, *GRAPH_TYPES, HTML])
            | {"requestBody": _query_body()},
        },
        "/data": {
            "get": _operation(
                "Read a graph, or all of them",
                [
                    _parameter("graph", "The IRI of a named graph.", {"type": "string", "format": "iri"}),
                    _parameter("default", "Ask for the default graph, the union of all.", _TEXT)
                    | {"allowEmptyValue": True},
                    _format(SYNTAXES),
                ],
                dict.fromkeys([*DATASET_TYPES, *GRAPH_TYPES]),
            )
        },
        "/search": {
            "get": _operation(
                "Search names and descriptions",
                [
                    _parameter("q", "The words to look for.", is_required=True),
                    _number("limit", "How many hits to give.", 1, MOST_HITS),
                    _number("offset", "How many hits to leave out.", 0, FURTHEST),
                    _timeout(),
                    _format(("json", "html")),
                ],
                [_JSON, HTML],
            )
        },
        "/find": {
            "get": _operation(
                "Find a resource by its exact name or acronym",
                [_parameter("name", "The name.", is_required=True)],
                [],
            )
        },
        "/describe": {
            "get": _operation(
                "Describe any resource",
                [
                    _parameter("iri", "Its IRI.", {"type": "string", "format": "iri"}, is_required=True),
                    _format(GRAPH_TYPES.values()),
                ],
                [*GRAPH_TYPES, HTML],
            )
        },
        "/openapi.json": {"get": _operation("Describe the service", [], [_JSON])},
    }
    if site.is_own:
        paths |= _own_paths(site)
    if site.is_explained:
        paths |= _explaining_paths()
    components: Json = {"schemas": {"Problem": _problem_schema()}, "responses": _problem_responses()}
    if site.writer is not None:
        _add_updates(paths["/sparql"]["post"])
        components["securitySchemes"] = {_BEARER: {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": site.title,
            "version": site.version,
            "description": "Read-only, but for who bears a token where updates are described. An answer has "
            "an entity tag; errors are problem details.",
            "license": {"name": "Apache-2.0 AND CC-BY-4.0", "identifier": "Apache-2.0 AND CC-BY-4.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }


def _add_updates(operation: Json) -> None:
    """Describe updates beside the queries of ``operation``."""
    form = {
        "type": "object",
        "required": ["update"],
        "properties": {
            "update": _TEXT,
            "using-graph-uri": {"type": "array", "items": _TEXT},
            "using-named-graph-uri": {"type": "array", "items": _TEXT},
        },
    }
    content = operation["requestBody"]["content"]
    content[_FORM] = {"schema": {"oneOf": [content[_FORM]["schema"], form]}}
    content[_UPDATE] = {"schema": _TEXT}
    operation["summary"] = "Ask or update with SPARQL"
    operation["responses"]["204"] = {"description": "The update was run."}
    # Queries need no token.
    operation["security"] = [{}, {_BEARER: []}]


def _explaining_paths() -> Json:
    names = ("subject", "predicate", "object")
    return {
        "/explain": {
            "get": _operation(
                "Tell why a fact holds",
                [
                    *(_parameter(name, f"The {name}, by name or IRI.", is_required=True) for name in names),
                    _timeout(),
                    _format(("json", "html")),
                ],
                [_JSON, HTML],
            )
        },
        "/validate": {
            "post": _operation(
                "Hold RDF to the shapes",
                [
                    _parameter(
                        "severity",
                        "The least severity that is told.",
                        {"type": "string", "enum": [severity.label for severity in Severity]},
                    ),
                    _timeout(),
                    _format(REPORT_FORMATS),
                ],
                dict.fromkeys(found.media_type for found in REPORT_FORMATS.values()),
            )
            | {"requestBody": _rdf_body()}
        },
    }


def _own_paths(site: Site) -> Json:
    paths: Json = {
        "/queries": {
            "get": _operation(
                "List the questions",
                [_format(("json", *GRAPH_TYPES.values(), "html"))],
                dict.fromkeys([_JSON, *GRAPH_TYPES, HTML]),
            )
        },
        "/ontology": {
            "get": _operation("Read the ontology", [_format(GRAPH_TYPES.values())], [*GRAPH_TYPES, HTML])
        },
        "/dataset": {
            "get": _operation("Read the catalog", [_format(GRAPH_TYPES.values())], [*GRAPH_TYPES, HTML])
        },
        "/.well-known/void": {
            "get": _operation("Read the catalog", [_format(GRAPH_TYPES.values())], GRAPH_TYPES)
        },
    }
    for space in (*SPACES, "shape", "query"):
        name = _parameter("name", "The end of its IRI.", is_required=True) | {"in": "path"}
        paths[f"/{space}/{{name}}"] = {
            "get": _operation(
                f"Describe https://w3id.org/tipgraph/{space}/…",
                [name, _format(GRAPH_TYPES.values())],
                [*GRAPH_TYPES, HTML],
            )
        }
    for query in site.library.values():
        paths[f"/queries/{query.name}"] = {"get": _ask(query)}
    return paths


def _ask(query: QueryFile) -> Json:
    given = [_query_parameter(parameter) for parameter in query.parameters]
    explain = _parameter(
        "explain", "Show the SPARQL instead of the answer, with the values that are given."
    ) | {"allowEmptyValue": True}
    operation = _operation(
        query.title or query.name,
        [*given, explain, _timeout(), _format(RESULT_TYPES.values())],
        dict.fromkeys([*RESULT_TYPES, *GRAPH_TYPES, HTML, _QUERY, "text/plain"]),
    )
    return operation | {"operationId": query.name, "description": query.about, "tags": ["questions"]}


def _query_parameter(parameter: Parameter) -> Json:
    schema = dict(_SCHEMAS.get(parameter.type, _TEXT))
    if parameter.default is not None:
        schema["default"] = parameter.default
        if schema["type"] in ("integer", "number", "boolean"):
            schema["default"] = json.loads(parameter.default)
    until = f", until {parameter.until}" if parameter.until else ""
    return _parameter(
        parameter.name,
        f"{parameter.about or parameter.name} ({parameter.type}{until})",
        schema,
        is_required=parameter.default is None,
    )


def _operation(summary: str, parameters: Iterable[Json], media_types: Iterable[str]) -> Json:
    content: Json = {media_type: {} for media_type in media_types}
    answered: Json = {"200": {"description": "The answer.", "content": content}} if content else {}
    # One of several kinds may be meant, which its member type tells.
    problems = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _statuses()}
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            **answered,
            "303": {"description": "See the address in the header Location."},
            **problems,
        },
    }


def _statuses() -> list[int]:
    return sorted({kind.status for kind in KINDS.values() if kind.status >= 400})


def _problem_responses() -> Json:
    kinds: defaultdict[int, list[str]] = defaultdict(list)
    for kind in KINDS.values():
        kinds[kind.status].append(f"{kind.title}. {kind.meaning}")
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        str(status): {
            "description": "\n\n".join(kinds[status]),
            "content": {PROBLEM_JSON: problem, HTML: {}},
        }
        for status in _statuses()
    }


def _problem_schema() -> Json:
    return {
        "description": "Problem details (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "enum": [PROBLEM + name for name in KINDS]},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "hint": _TEXT | {"description": "What to do about it."},
            "line": {"type": "integer", "description": "Where a query or RDF is wrong, from one."},
            "column": {"type": "integer"},
            "instance": {"type": "string", "format": "uri-reference"},
        },
    }


def _parameter(name: str, about: str, schema: Json | None = None, *, is_required: bool = False) -> Json:
    return {
        "name": name,
        "in": "query",
        "description": about,
        "required": is_required,
        "schema": schema or _TEXT,
    }


def _graphs(name: str, about: str) -> Json:
    return _parameter(name, about, {"type": "array", "items": {"type": "string", "format": "iri"}})


def _number(name: str, about: str, least: int, most: int) -> Json:
    return _parameter(name, about, {"type": "integer", "minimum": least, "maximum": most})


def _timeout() -> Json:
    schema = {"type": "number", "exclusiveMinimum": 0}
    return _parameter("timeout", "Seconds that it may take; the service may allow less.", schema)


def _format(names: Iterable[str]) -> Json:
    schema = {"type": "string", "enum": sorted({*names, "html"})}
    return _parameter("format", "The format of the answer; it goes before the header Accept.", schema)


def _query_body() -> Json:
    form = {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": _TEXT,
            "default-graph-uri": {"type": "array", "items": _TEXT},
            "named-graph-uri": {"type": "array", "items": _TEXT},
        },
    }
    return {"required": True, "content": {_FORM: {"schema": form}, _QUERY: {"schema": _TEXT}}}


def _rdf_body() -> Json:
    types = (syntax.media_type for syntax in SYNTAXES.values())
    return {"required": True, "content": {media_type: {"schema": _TEXT} for media_type in types}}
