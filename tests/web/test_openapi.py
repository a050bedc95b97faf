"""The OpenAPI description is valid, complete, and what the running service does."""

from __future__ import annotations

import re
from typing import Any, cast

import flask
import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tipgraph.graph import KnowledgeGraph
from tipgraph.terms import PARAMETER_TYPES
from tipgraph.web.openapi import _SCHEMAS
from tipgraph.web.problems import KINDS


@pytest.fixture
def description(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def test_it_is_valid(description: dict[str, Any], own_client: FlaskClient) -> None:
    assert description["openapi"].startswith("3.1")
    validate(description)
    validate(own_client.get("/openapi.json").get_json())


def test_every_address_of_the_service_is_described(app: flask.Flask, description: dict[str, Any]) -> None:
    served = {re.sub(r"<[^>]*?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    spaces = {path.split("/")[1] for path in description["paths"]}
    left_out = {path for path in served if path.split("/")[1] not in spaces}
    # Pages for a reader, files of the pages, and what browsers and crawlers look for of themselves.
    pages = {"/", "/static/{filename}", "/problem/{name}", "/{space}/{name}"}
    assert left_out == pages | {"/favicon.ico", "/robots.txt"}


def test_every_question_has_its_parameters_with_their_types(
    description: dict[str, Any], graph: KnowledgeGraph
) -> None:
    for query in graph.queries():
        parameters = {
            parameter["name"]: parameter
            for parameter in description["paths"][f"/queries/{query.name}"]["get"]["parameters"]
        }
        for declared in query.parameters:
            assert parameters[declared.name]["required"] is (declared.default is None)
            assert parameters[declared.name]["schema"]["type"]
    assert set(_SCHEMAS) <= set(PARAMETER_TYPES)


def test_every_kind_of_problem_is_told(description: dict[str, Any]) -> None:
    kinds = description["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert {iri.rpartition("/")[2] for iri in kinds} == set(KINDS)
    responses = description["paths"]["/sparql"]["get"]["responses"]
    assert {str(kind.status) for kind in KINDS.values() if kind.status >= 400} <= set(responses)


_CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.integration
def test_the_service_does_what_it_says(app: flask.Flask) -> None:
    """A few requests of each operation, made up from its description: right ones and wrong ones."""
    described = schemathesis.openapi.from_wsgi("/openapi.json", app)
    asked: list[str] = []
    for operation in (cast(Any, found).ok() for found in described.get_all_operations()):
        for mode in GenerationMode:
            ask(operation.as_strategy(generation_mode=mode), asked)
    assert len(asked) > 500


def ask(requests: SearchStrategy[Any], asked: list[str]) -> None:
    @settings(
        max_examples=5,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests)
    def check(case: Any) -> None:
        response = case.call()
        asked.append(case.path)
        assert response.status_code < 500 or response.status_code == 503, response.text
        case.validate_response(response, checks=_CHECKS)

    check()
