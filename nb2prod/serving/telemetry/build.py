"""The observer that the settings ask for."""

from nb2prod.serving.layout import Layout
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry import Observer
from nb2prod.serving.telemetry.requests import RequestLog


def build_observer(settings: Settings, layout: Layout, name: str) -> Observer:
    """Raises ValueError for a column to redact that the request does not have, and for tracing without its packages."""
    redacted = {column.strip() for column in settings.request_log_redact.split(",")} - {""}
    if unknown := sorted(redacted - {column.name for column in layout.columns}):
        raise ValueError(f"NB2PROD_REQUEST_LOG_REDACT: the request has no '{unknown[0]}'")
    redacted |= {column.name for column in layout.columns if column.personal}
    log = None
    if settings.request_log is not None:
        log = RequestLog(
            settings.request_log,
            redacted=redacted,
            days=settings.request_log_days,
            megabytes=settings.request_log_megabytes,
        )
    tracing = None
    if settings.tracing:
        try:
            from nb2prod.serving.telemetry.tracing import Tracing
        except ModuleNotFoundError as error:
            raise ValueError(f"NB2PROD_TRACING needs opentelemetry-exporter-otlp-proto-http ({error})") from None
        tracing = Tracing(name)
    return Observer(requests=log, sample=settings.request_log_sample, tracing=tracing)
