"""The text of the Docker files."""

import pytest

from nb2prod.errors import UsageError
from nb2prod.render.docker import docker_files, image_name


def test_layers_that_change_least_come_first() -> None:
    lines = docker_files("churn")["Dockerfile"].decode().splitlines()
    order = [
        next(number for number, line in enumerate(lines) if line.startswith(start))
        for start in (
            "ARG BASE_IMAGE",
            "COPY requirements.txt",
            "COPY src/",
            "COPY artifacts/",
            "USER 65532:65532",
            "CMD",
        )
    ]
    assert order == sorted(order)


def test_the_base_image_has_the_python_of_the_kernel() -> None:
    assert b"ARG BASE_IMAGE=python:3.12-slim\n" in docker_files("churn", python="3.12.4")["Dockerfile"]


def test_system_packages_are_installed_only_where_there_are_any() -> None:
    assert b"apt-get" not in docker_files("churn")["Dockerfile"]
    assert b"apt-get install -y --no-install-recommends libgomp1 " in docker_files("churn", ("libgomp1",))["Dockerfile"]


@pytest.mark.parametrize(
    ("package", "system", "python"),
    [
        ("churn\nRUN touch /pwned", (), "3.11"),
        ("churn\n", (), "3.11"),
        ("churn", ("libgomp1; touch /pwned",), "3.11"),
        ("churn", ("curl",), "3.11"),
        ("churn", (), "3.11\nRUN id"),
        ("churn", (), "2.7"),
    ],
)
def test_no_other_word_gets_into_a_dockerfile(package: str, system: tuple[str, ...], python: str) -> None:
    with pytest.raises(UsageError, match="NB902"):
        docker_files(package, system, python=python)


def test_an_image_name_is_valid_whatever_the_package_is_called() -> None:
    assert [image_name(name) for name in ("churn", "My_Model__2", "_x_", "__")] == [
        "churn:latest",
        "my_model_2:latest",
        "x:latest",
        "model:latest",
    ]
