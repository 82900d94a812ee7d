"""Spans for OpenTelemetry: one for each request, under the client's trace, without addresses."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import create_app
from api.deployment.releases import Releases
from api.observability.tracing import ENDPOINTS, Tracing
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from store.database import Store

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_each_request_is_a_span_of_the_clients_trace(bundle: Bundle, sqlite_store: Store) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = create_app(
        Releases.of(bundle),
        sqlite_store,
        ServiceSettings(),
        tracing=Tracing(provider),
        development=True,
    )
    client = TestClient(app, base_url="http://localhost")
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Request-ID": "request-1"}
    assert client.get("/v1/participants/somebody", headers=sent).status_code == 404
    client.get("/healthz")
    first, second = exporter.get_finished_spans()
    assert first.name == "GET /v1/participants/{participant_id}"
    assert first.context is not None
    assert f"{first.context.trace_id:032x}" == TRACE
    assert first.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/participants/{participant_id}",
        "http.response.status_code": 404,
        "padan.request_id": "request-1",
    }
    assert "somebody" not in first.to_json()
    assert second.parent is None


def test_without_an_endpoint_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert Tracing.from_environment() is None
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9")
    tracing = Tracing.from_environment()
    assert tracing is not None
    tracing.close()
