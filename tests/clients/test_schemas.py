"""What the client knows of the service, held to the OpenAPI document of its routes."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.app import ROUTERS
from api.openapi import describe
from api.problems import responses
from padan_client import Event, Profile, _calls, models
from padan_client._calls import Call

CALLS: list[Call[Any]] = [
    _calls.recommend(),
    _calls.recommend_many([]),
    _calls.latest("p"),
    _calls.eligibility(course_ids=[]),
    _calls.plan(),
    _calls.courses(),
    _calls.course("c"),
    _calls.regions(),
    _calls.categories(),
    _calls.skills(),
    _calls.occupations(),
    _calls.similar("c"),
    _calls.audience("c"),
    _calls.allocate(),
    _calls.allocations(),
    _calls.allocation("a"),
    _calls.allocation_people("a"),
    _calls.cancel_allocation("a"),
    _calls.participant("p"),
    _calls.put_participant("p", Profile()),
    _calls.patch_participant("p", Profile()),
    _calls.put_participants({}),
    _calls.object_to_profiling("p"),
    _calls.export("p"),
    _calls.forget("p"),
    _calls.send([]),
    _calls.model(),
]
NEVER_CALLED = {"/metrics"}
# What the client leaves to the service, and what is only to be read.
LIMITS = {
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "not",
}
PROSE = {"title", "description", "example", "examples"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = FastAPI()
    for module in ROUTERS:
        app.include_router(module.router, responses=responses(422))
    describe(app, ["id", "en"])
    return app.openapi()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path not in NEVER_CALLED
    }


def simplify(schema: Any) -> Any:
    """Return a schema without limits, prose, and defaults of null.

    Limits are also other fields forbidden, what is said beside a reference, and which fields go together.
    """
    if isinstance(schema, list):
        return [simplify(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value
        for key, value in schema.items()
        if key not in LIMITS | PROSE and value is not None
    }
    if "$ref" in kept:
        kept.pop("properties", None)
    if "properties" in kept:
        kept.pop("anyOf", None)
    if kept.get("additionalProperties") is False:
        del kept["additionalProperties"]
    simple = {key: simplify(value) for key, value in kept.items() if key != "properties"}
    if "required" in kept:
        simple["required"] = sorted(kept["required"])
    if "properties" in kept:
        simple["properties"] = {name: simplify(one) for name, one in kept["properties"].items()}
    return simple


def client_schemas() -> dict[str, Any]:
    """Return the schemas of all models of the client, by name."""
    found = [one for one in vars(models).values() if isinstance(one, type)]
    ours = [
        one for one in found if issubclass(one, BaseModel) and one.__module__ == models.__name__
    ]
    template = "#/components/schemas/{model}"
    _, together = models_json_schema([(one, "validation") for one in ours], ref_template=template)
    bases = {"RequestModel", "ParticipantRequest"}
    return {name: simplify(one) for name, one in together["$defs"].items() if name not in bases}


def service_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of the service that its operations use, but for those of `NEVER_CALLED`."""
    schemas = document["components"]["schemas"]
    paths = {path: one for path, one in document["paths"].items() if path not in NEVER_CALLED}
    reached: set[str] = set()
    waiting = find_references(paths)
    while waiting:
        reached |= waiting
        waiting = find_references([schemas[name] for name in waiting]) - reached
    return {name: simplify(schemas[name]) for name in reached}


def find_references(part: Any) -> set[str]:
    """Return the names of the schemas that a part of a document refers to."""
    if isinstance(part, list):
        return set().union(*map(find_references, part))
    if not isinstance(part, dict):
        return set()
    found = find_references(list(part.values()))
    place, _, name = str(part.get("$ref", "")).rpartition("/")
    if place.endswith("/schemas"):
        found.add(name)
    return found


def test_the_models_are_the_schemas_of_the_service(document: dict[str, Any]) -> None:
    assert client_schemas() == service_schemas(document)


def _add_field(schemas: dict[str, Any]) -> None:
    schemas["Item"]["properties"]["more"] = {"type": "string"}


def _drop_field(schemas: dict[str, Any]) -> None:
    del schemas["Profile"]["properties"]["rural"]


def _rename_field(schemas: dict[str, Any]) -> None:
    fields = schemas["Item"]["properties"]
    fields["name"] = fields.pop("title")


def _change_type(schemas: dict[str, Any]) -> None:
    schemas["Item"]["properties"]["score"]["type"] = "integer"


def _change_values(schemas: dict[str, Any]) -> None:
    schemas["Event"]["properties"]["kind"]["enum"].append("return")


def _allow_null(schemas: dict[str, Any]) -> None:
    title = schemas["Item"]["properties"]["title"]
    schemas["Item"]["properties"]["title"] = {"anyOf": [title, {"type": "null"}]}


def _require(schemas: dict[str, Any]) -> None:
    schemas["Event"]["required"].append("position")


def _change_default(schemas: dict[str, Any]) -> None:
    schemas["RecommendationRequest"]["properties"]["k"]["default"] = 20


def _add_schema(schemas: dict[str, Any]) -> None:
    schemas["Extra"] = {"type": "object", "properties": {}}
    schemas["Item"]["properties"]["reasons"]["items"]["$ref"] = "#/components/schemas/Extra"


@pytest.mark.parametrize(
    "change",
    [
        _add_field,
        _drop_field,
        _rename_field,
        _change_type,
        _change_values,
        _allow_null,
        _require,
        _change_default,
        _add_schema,
    ],
)
def test_a_difference_is_seen(
    document: dict[str, Any], change: Callable[[dict[str, Any]], None]
) -> None:
    changed = copy.deepcopy(document)
    change(changed["components"]["schemas"])
    assert client_schemas() != service_schemas(changed)


def test_every_operation_is_called(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert {(call.method, call.path) for call in CALLS} == operations.keys()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_a_call_sends_and_reads_what_its_operation_says(
    call: Call[Any], operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    operation = operations[call.method, call.path]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    assert (call.body and type(call.body).__name__) == (body and name_of(body["schema"]))
    answers = [one for status, one in operation["responses"].items() if status.startswith("2")]
    for answer in answers:
        schema = answer["content"]["application/json"]["schema"]
        if "$ref" in schema:
            assert name_of(schema) == call.answer.__name__
        else:
            assert (schema["type"], call.answer) == ("object", dict[str, Any])
    parameters = operation.get("parameters", [])
    ids = {one["name"] for one in parameters if one["in"] == "path"}
    assert ids == call.ids.keys()
    query = {
        one["name"]: one["schema"].get("default") for one in parameters if one["in"] == "query"
    }
    assert query == call.query


def name_of(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


@pytest.mark.parametrize(
    ("describe", "request_model"),
    [
        (_calls.recommend, models.RecommendationRequest),
        (_calls.eligibility, models.EligibilityRequest),
        (_calls.plan, models.PlanRequest),
        (_calls.allocate, models.AllocationRequest),
    ],
)
def test_the_parameters_are_the_fields_of_the_request(
    describe: Callable[..., Call[Any]], request_model: type[BaseModel]
) -> None:
    parameters = inspect.signature(describe).parameters
    assert parameters.keys() == request_model.model_fields.keys()
    required = {"course_ids": ["c"]} if "course_ids" in parameters else {}
    assert describe(**required).body == request_model(**required)


def test_the_limits_are_left_to_the_service() -> None:
    assert models.RecommendationRequest(k=1_000).k == 1_000


def test_events_need_a_time_zone() -> None:
    with pytest.raises(ValueError, match="timezone"):
        Event(event_id="e", participant_id="p", course_id="c", kind="click", at="2026-01-01T00:00")
