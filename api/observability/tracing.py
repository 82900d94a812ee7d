"""A span for each request, sent to OpenTelemetry where the operator names an endpoint (extra ``padan[otel]``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Tracing:
    """Spans of requests, under the trace that the client began where it sends a ``traceparent``.

    They bear routes and statuses, never addresses, which may name people.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("padan")

    @classmethod
    def from_environment(cls) -> Tracing | None:
        """Return what sends spans to the endpoint of OpenTelemetry's own settings; None where none is set.

        Raises
        ------
        ImportError
            If an endpoint is set and the extra is not installed.
        """
        if not any(os.environ.get(name) for name in ENDPOINTS):
            return None
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = os.environ.get("OTEL_SERVICE_NAME", "padan")
        provider = TracerProvider(resource=Resource.create({"service.name": name}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    def began(self, method: str, route: str, headers: Mapping[bytes, bytes]) -> Span:
        """Begin the span of a request."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        sent = {"traceparent": headers.get(b"traceparent", b"").decode("latin-1")}
        return self._tracer.start_span(
            f"{method} {route}",
            TraceContextTextMapPropagator().extract(sent),
            SpanKind.SERVER,
            {"http.request.method": method, "http.route": route},
        )

    def end(self, span: Span, request_id: str, status: int) -> None:
        """End it."""
        from opentelemetry.trace import StatusCode

        span.set_attributes({"http.response.status_code": status, "padan.request_id": request_id})
        if status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
