"""Settings: default < file < environment < command line; typos are refused."""

from pathlib import Path

import pytest

from nb2prod.config import (
    Settings,
    SettingsFile,
    Target,
    find_settings_file,
    resolve_settings,
    resolve_target,
    without_password,
)
from nb2prod.errors import UsageError


def table(**values: object) -> SettingsFile:
    return SettingsFile(Path("/p/pyproject.toml"), values)


def test_the_later_wins_and_says_where_it_came_from() -> None:
    file = table(mutants=1, base_image="file", platform="linux/arm64")
    environment = {"NB2PROD_MUTANTS": "2", "NB2PROD_BASE_IMAGE": "env", "PATH": "/bin", "NB2PROD_CACHE": "/c"}
    resolved = resolve_settings(file, environment, {"mutants": 3, "alias": None})
    assert resolved.settings == Settings(mutants=3, base_image="env", platform="linux/arm64")
    assert resolved.origins == {
        "tracking_uri": "default",
        "base_image": "NB2PROD_BASE_IMAGE",
        "platform": "/p/pyproject.toml",
        "service": "default",
        "alias": "default",
        "cell_timeout": "default",
        "mutants": "--mutants",
    }


def test_an_empty_alias_is_a_value() -> None:
    assert resolve_settings(None, {"NB2PROD_ALIAS": ""}).settings.alias == ""


def test_the_notebook_s_own_metadata_is_the_weakest_word() -> None:
    stated = {"mutants": 4, "platform": "linux/arm64", "image": "churn:1", "fields": {"age": {"personal": True}}}
    resolved = resolve_settings(table(mutants=5), {}, notebook=stated)
    assert resolved.settings == Settings(mutants=5, platform="linux/arm64")
    assert resolved.origins["platform"] == "the notebook's metadata"
    assert resolve_target({"NB2PROD_LOG": "0"}, {"package": "c"}, stated) == Target(
        image="churn:1", package="c", log=False
    )
    assert resolve_target({"NB2PROD_IMAGE": "b:2"}, {}, stated).image == "b:2"
    assert resolve_target({"NB2PROD_IMAGE": "b:2"}, {"image": "c:3"}, stated).image == "c:3"


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"imgae": "x"}, "NB291 the notebook's metadata: imgae is no setting. Did you mean image?"),
        ({"output": "/somewhere"}, "output is no setting"),  # a notebook does not say what is overwritten
        ({"fresh": True}, "fresh is no setting"),
        ({"sample": [1]}, "NB292 the notebook's metadata: sample = [1]"),
        ({"mutants": "5"}, "expected int, got str"),
    ],
)
def test_metadata_that_sets_nothing_is_refused(stated: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        (resolve_settings(None, {}, notebook=stated), resolve_target({}, {}, stated))
    assert message in str(caught.value)


def test_what_is_for_one_notebook_does_not_stand_in_a_file_for_many() -> None:
    with pytest.raises(UsageError, match="NB291"):
        resolve_settings(table(image="churn:1"), {})


@pytest.mark.parametrize(
    ("file", "environment", "message"),
    [
        (table(base_imgae="x"), {}, "NB291 /p/pyproject.toml: base_imgae is no setting. Did you mean base_image?"),
        (table(**{"base-image": "x"}), {}, "Did you mean base_image?"),
        (table(zzz=1), {}, "Known are: alias, base_image"),
        (None, {"NB2PROD_TRACKING_URL": "x"}, "Did you mean NB2PROD_TRACKING_URI?"),
        (table(mutants="30"), {}, "NB292 /p/pyproject.toml: mutants = '30': expected int, got str"),
        (table(mutants=-1), {}, "mutants = -1: expected int >= 0"),
        (table(mutants=True), {}, "expected int, got bool"),
        (None, {"NB2PROD_CELL_TIMEOUT": "soon"}, "NB292 NB2PROD_CELL_TIMEOUT: cell_timeout = 'soon': expected int"),
        (None, {"NB2PROD_CELL_TIMEOUT": "0"}, "expected int >= 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    file: SettingsFile | None, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_settings(file, environment)
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_nearest_file_with_settings_is_the_one(tmp_path: Path) -> None:
    inner = tmp_path / "notebooks" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.nb2prod]\nmutants = 5\n")
    (tmp_path / "notebooks" / "pyproject.toml").write_text("[tool.ruff]\n")  # no settings: looked past
    found = find_settings_file(inner / "a.ipynb")
    assert found == SettingsFile(tmp_path / "pyproject.toml", {"mutants": 5})
    (inner / "nb2prod.toml").write_text("mutants = 7\n")
    found = find_settings_file(inner / "a.ipynb")
    assert found == SettingsFile(inner / "nb2prod.toml", {"mutants": 7})


@pytest.mark.parametrize("content", [b"mutants = \n", b"\xff\xfe", b"[tool]\nnb2prod = 5\n"])
def test_a_broken_file_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        find_settings_file(tmp_path)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)


def test_passwords_are_not_shown() -> None:
    assert without_password("https://ann:s3cret@ml.example/x") == "https://ann:***@ml.example/x"
    assert without_password("sqlite:///mlflow.db") == "sqlite:///mlflow.db"
    assert without_password("https://ml.example") == "https://ml.example"
