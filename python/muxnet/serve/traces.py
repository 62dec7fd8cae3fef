"""OpenTelemetry: each request as a trace of the multiplexer and the models that ran on it."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from muxnet.base.compiled import _core

LOOK = "multiplexer"


class Traces:
    """Sends spans to a collector by OTLP over HTTP, from a thread of its own.

    The caller's trace goes on where its ``traceparent`` header came along. Shares, limits and the
    like follow the variables of the OpenTelemetry SDK (``OTEL_TRACES_SAMPLER``, ...).
    """

    def __init__(self, url: str) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": "muxnet"}))
        exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer: Tracer = self._provider.get_tracer("muxnet")
        self._propagator = TraceContextTextMapPropagator()

    def add_request(self, answered: _core.AnsweredRequest, models: Sequence[str]) -> None:
        """Add a request, and the batches that ran on its images."""
        attributes: dict[str, str | int] = {}
        if not answered.error:
            attributes["muxnet.policy"] = answered.policy
            attributes["muxnet.images"] = len(answered.answer.called)
        span = self._tracer.start_span(
            f"infer {answered.model}",
            self._propagator.extract(dict(answered.headers)),
            SpanKind.SERVER,
            attributes,
            start_time=answered.began_ns,
        )
        if answered.error:
            span.set_status(Status(StatusCode.ERROR, answered.error))
        span.end(answered.ended_ns)
        context = set_span_in_context(span)
        if not answered.error:
            self._add_calls(context, answered.submitted_ns, answered.answer.calls, models)

    def _add_calls(
        self,
        context: Context,
        submitted_ns: int,
        calls: Sequence[_core.CallSpan],
        models: Sequence[str],
    ) -> None:
        """Add batches, whose times count from the request's submission."""
        for call in calls:
            span = self._tracer.start_span(
                [LOOK, *models][call.stage],
                context,
                attributes={"muxnet.images": call.images, "muxnet.batch": call.batch},
                start_time=submitted_ns + int(call.start_ms * 1e6),
            )
            span.end(submitted_ns + int(call.end_ms * 1e6))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
