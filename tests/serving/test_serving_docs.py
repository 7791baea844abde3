"""docs/serving.md says what is: each option of access and telemetry, each metric, examples read by the real code."""

import json
import re
from pathlib import Path

from nb2prod.serving.access.keys import read_keys
from nb2prod.serving.settings import Settings

from .conftest import client_of
from .sample_service import GOLDEN, make_app

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
MINE = re.compile(r"(api_key_rights|keys_file|rate|jwks|jwt_\w+|tls_\w+|request_log\w*|tracing|audit_log)$")


def test_each_option_is_documented_and_none_that_is_not_there():
    options = {f"NB2PROD_{name.upper()}" for name in Settings.__struct_fields__}
    assert {name for name in options if MINE.match(name.removeprefix("NB2PROD_").lower())} <= set(
        re.findall(r"NB2PROD_[A-Z_]+", PAGE)
    )
    assert set(re.findall(r"NB2PROD_[A-Z_]+", PAGE)) <= options | {"NB2PROD_API_KEY"}


def test_the_file_of_keys_that_is_shown_is_one():
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert set(read_keys(example.encode(), None)) == {"shop", "shop-2027", "grafana"}


def test_each_metric_is_documented_and_none_that_is_not_there():
    with client_of(make_app()) as client:
        client.post("/predict", json=json.loads(GOLDEN.read_bytes())["body"])
        made = set(re.findall(r"^# TYPE (nb2prod_\w+)", client.get("/metrics").text, re.MULTILINE))
    assert made == set(re.findall(r"`(nb2prod_\w+)`", PAGE))
