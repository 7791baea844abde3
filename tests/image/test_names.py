"""Nothing that is not a name reaches the engine."""

import pytest

from nb2prod.errors import UsageError
from nb2prod.image.names import check_base_image, check_labels, check_platform, check_tag


@pytest.mark.parametrize(
    ("tag", "full"),
    [
        ("churn", "churn:latest"),
        ("churn:1.0", "churn:1.0"),
        ("team/churn_model:v2", "team/churn_model:v2"),
        ("localhost:5000/churn", "localhost:5000/churn:latest"),
    ],
)
def test_a_tag_gets_its_version(tag: str, full: str) -> None:
    assert check_tag(tag) == full


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "Churn",
        "churn:",
        "churn latest",
        "churn:1.0\n",
        "churn:1\nRUN id",
        "-churn",
        "churn:" + "x" * 129,
        "a@b",
        "a//b",
    ],
)
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(UsageError, match="NB902"):
        check_tag(tag)


def test_a_base_image_may_be_pinned_by_digest() -> None:
    assert check_base_image("python:3.11-slim@sha256:" + "0" * 64).startswith("python")


@pytest.mark.parametrize("name", ["python:3.11-slim\nRUN id", "scratch AS x", "$(id)", "python:3.11 "])
def test_what_is_no_base_image_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="NB902"):
        check_base_image(name)


@pytest.mark.parametrize("platform", ["linux", "linux/amd64\n", "linux/amd64 --x"])
def test_what_is_no_platform_is_refused(platform: str) -> None:
    with pytest.raises(UsageError, match="NB902"):
        check_platform(platform)


@pytest.mark.parametrize("value", ["x\nRUN touch /pwned", "$HOME", 'a" b', "a\\b", "x" * 300])
def test_a_label_is_one_plain_line(value: str) -> None:
    with pytest.raises(UsageError, match="NB902"):
        check_labels({"org.opencontainers.image.title": value})
