"""The OpenAPI document: what it says of the service as a whole, and of every operation alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from fastapi import FastAPI

from api.problems import Problem

HTTP_METHODS: Final = frozenset({"get", "put", "patch", "post", "delete"})
ABOUT: Final[dict[str, Any]] = {
    "title": "Padan",
    "version": "1.0.0",
    "description": (
        "Trainings that fit a participant, that the participant may take, and why.\n\n"
        "Every path of this version begins with `/v1`. Within a version paths, fields and values are only "
        "added: ignore fields that you do not know. What is going to end is marked `deprecated` here, and its "
        "answers carry `Deprecation` and `Sunset`, at least twelve months before.\n\n"
        "Send `X-Request-ID` to find a request again; errors are problem documents (RFC 9457) whose `code` "
        "stands in `/problems`."
    ),
    "contact": {"name": "Whoever runs this service"},
    "license_info": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "servers": [{"url": "/", "description": "The service that this document comes from."}],
    "openapi_tags": [
        {"name": "recommendations", "description": "Lists for participants."},
        {
            "name": "eligibility",
            "description": "Whether somebody may take a training, and why not.",
        },
        {"name": "plans", "description": "What to take within the balance."},
        {"name": "courses", "description": "The catalogue."},
        {"name": "lookups", "description": "What forms offer while somebody types."},
        {"name": "participants", "description": "Profiles, objection, export and erasure."},
        {"name": "events", "description": "What participants did."},
        {"name": "officers", "description": "What officers of the programme ask."},
        {"name": "model", "description": "What the service answers with."},
        {"name": "health", "description": "For who operates the service."},
        {"name": "problems", "description": "The catalogue of problems."},
    ],
}
HEADERS: Final[dict[str, Any]] = {
    "X-Request-ID": {
        "description": "Under which the request is found again: the one that was sent, or a new one.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "How many requests (q) a client has in so many seconds (w), of one process; "
        "not with what is sent away before it is counted.",
        "schema": {"type": "string"},
        "example": '"requests";q=120000;w=60',
    },
    "RateLimit": {
        "description": "How many are left (r), and the seconds (t) until more are.",
        "schema": {"type": "string"},
        "example": '"requests";r=119999;t=42',
    },
    "Retry-After": {
        "description": "Seconds until it may be asked again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
    "ETag": {
        "description": "Of this answer; for If-None-Match, or for If-Match of a change.",
        "schema": {"type": "string"},
    },
}
ONLY_WITH: Final = {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}
TAGGED: Final = frozenset({"participant", "put_participant", "patch_participant"})


def describe(app: FastAPI, languages: Sequence[str]) -> None:
    """Complete the document of an app whose routes are all there, and that answers in some languages."""
    document = app.openapi()
    components = document.setdefault("components", {})
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = components.setdefault("schemas", {})
    schemas |= schema.pop("$defs") | {Problem.__name__: schema}
    components["headers"] = HEADERS
    for one in schemas.values():
        choices = one["properties"].get("language", {}).get("anyOf")  # of a request: null is one
        if choices and "participant_id" in one["properties"]:
            choices[0]["pattern"] = f"^({'|'.join(languages)})$"
    for operation in list_operations(document):
        operation["summary"] = _summarise(operation["description"])
        operation.setdefault("security", [])  # open to everybody
        for status, response in operation["responses"].items():
            names = _list_headers(operation, status)
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def list_operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each operation of a document."""
    for path in document["paths"].values():
        yield from (one for method, one in path.items() if method in HTTP_METHODS)


def _summarise(description: str) -> str:
    """Return the first clause of a description."""
    return re.split(r"[.:;]\s|\.$", description, maxsplit=1)[0]


def _list_headers(operation: dict[str, Any], status: str) -> list[str]:
    names = ["X-Request-ID", *ONLY_WITH.get(status, [])]
    if operation["security"] and status != "401":
        names += ["RateLimit-Policy", "RateLimit"]
    cached = "304" in operation["responses"] and status in ("200", "304")
    if cached or (operation["operationId"] in TAGGED and status in ("200", "201")):
        names.append("ETag")
    return names
