"""The description keeps its word: generated requests, each answer held against it.

`benchmarks.conformance` does the same at length, as every role and with all checks,
against a running server.
"""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_pydantic import OpenAPI
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from matchmaker.api import openapi
from matchmaker.api.registry import operations

from ..walk import populate

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_the_description_is_openapi():
    data = json.loads(openapi.document())
    assert data["openapi"] == "3.1.0"
    OpenAPI.model_validate(data)
    names = [o["operationId"] for p in data["paths"].values() for o in p.values()]
    assert sorted(names) == sorted(one.name for one in operations())


@pytest.mark.one_database
@pytest.mark.parametrize("role", ["staff", "enterprise"])
def test_no_answer_is_another_than_described(app, make, program, role):
    caller = program(populate(make)[role])
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for found in described.get_all_operations():
        hold_to_its_word(found.ok(), caller.headers)


def hold_to_its_word(operation, headers):
    @given(case=operation.as_strategy())
    @settings(
        max_examples=2,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    def attempt(case):
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    attempt()
