"""`GET /metrics`: what was counted, as Prometheus reads it. Labels come from fixed sets, never from a caller's text."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from nb2prod.serving.service import Service
from nb2prod.serving.telemetry import Observer
from nb2prod.serving.telemetry.counts import Histogram, fault_class


class Scrape(Collector):
    """Makes families of what an application has counted, each time it is asked."""

    def __init__(self, observer: Observer, service: Service[Any, Any]) -> None:
        self._observer = observer
        self._service = service

    def collect(self) -> Iterator[Metric]:
        counts = self._observer.counts
        requests = CounterMetricFamily(
            "nb2prod_requests", "Answers by route and status class", labels=["route", "status"]
        )
        seconds = HistogramMetricFamily("nb2prod_request_seconds", "From the request to its answer", labels=["route"])
        for path, route in sorted(counts.routes.items(), key=lambda item: item[0] or ""):
            name = path or "unknown"
            for hundred, count in enumerate(route.statuses):
                if count:
                    requests.add_metric([name, f"{hundred}xx"], count)
            _add(seconds, [name], route.seconds)
        yield requests
        yield seconds
        errors = CounterMetricFamily("nb2prod_errors", "Refused and failed requests", labels=["fault", "code"])
        for (status, code), count in sorted(counts.errors.items()):
            errors.add_metric([fault_class(status), code], count)
        yield errors
        asked = CounterMetricFamily("nb2prod_predictions", "Answered predictions", labels=["protocol", "version"])
        rows = CounterMetricFamily("nb2prod_rows", "Rows of answered predictions", labels=["protocol", "version"])
        for (protocol, version), done in sorted(counts.predictions.items(), key=str):
            asked.add_metric([protocol, version or ""], done.requests)
            rows.add_metric([protocol, version or ""], done.rows)
        yield asked
        yield rows
        yield _histogram(
            "nb2prod_predict_seconds", "From the decoded request to its predictions", counts.predict_seconds
        )
        yield _histogram(
            "nb2prod_batch_requests", "Requests answered by one call of the model", counts.batches.requests
        )
        yield _histogram("nb2prod_batch_rows", "Rows of one call of the model", counts.batches.rows)
        yield CounterMetricFamily("nb2prod_feedback", "Truths that were sent later", value=counts.feedback)
        yield _labelled(
            "nb2prod_monitor_dropped", "What monitoring lost, by its sink", "sink", self._observer.dropped()
        )
        yield from self._of_service()
        yield from self._of_features()

    def _of_service(self) -> Iterable[Metric]:
        worker = self._service.worker
        for name, text, value in (
            ("ready", "Whether new callers are welcome", self._service.status == "ready"),
            ("pending", "Predictions that run or wait", worker.pending + len(self._service.turn)),
            ("pending_limit", "How many may run or wait", worker.capacity),
            ("hung", "Predictions that were given up and still run", worker.hung),
        ):
            yield GaugeMetricFamily(f"nb2prod_{name}", text, value=float(value))
        for name, text, count in (
            ("versions_live", "Versions put live since the start, rollbacks among them", self._service.swaps),
            ("versions_refused", "Versions that were refused", self._service.refused_versions),
        ):
            yield CounterMetricFamily(f"nb2prod_{name}", text, value=count)
        swaps = {"live": self._service.swaps, "refused": self._service.refused_versions}
        yield _labelled("nb2prod_versions", "Versions that were to be put live, by outcome", "outcome", swaps)
        if self._service.model is not None:
            info = GaugeMetricFamily("nb2prod_model_info", "The live model", labels=["name", "version", "answered_by"])
            model = self._service.model
            info.add_metric([model.package.name, model.version or "", model.path["answered_by"]], 1)
            yield info

    def _of_features(self) -> Iterable[Metric]:
        seen = self._observer.features()
        if not seen.missing:
            return
        yield CounterMetricFamily("nb2prod_feature_rows", "Rows whose features were looked at", value=seen.looked_at)
        for name, text, counted in (
            ("out_of_range", "Numbers outside the range seen in training", seen.outside),
            ("unseen_category", "Categories not seen in training", seen.unseen),
            ("missing", "Missing values", seen.missing),
        ):
            yield _labelled(f"nb2prod_feature_{name}", text, "feature", counted)


class Metrics:
    """The registry of one application, which is not the one of the process: several may be in it."""

    def __init__(self, scrape: Scrape) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(scrape)
        ProcessCollector(registry=self._registry)

    def text(self, accept: str) -> tuple[bytes, str]:
        """The exposition and its content type, in the format that the scraper prefers."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type


def _labelled(name: str, text: str, label: str, counted: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in counted.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(name, text, labels=[])
    _add(family, [], histogram)
    return family


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    counts = list(accumulate(histogram.counts))
    bounds = [*map(str, histogram.bounds), "+Inf"]
    family.add_metric(
        labels, [(bound, float(count)) for bound, count in zip(bounds, counts, strict=True)], histogram.total
    )
