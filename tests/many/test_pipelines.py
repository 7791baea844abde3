"""`nb2prod ci`: pipelines that linters pass, that are written where nothing was, and into which nothing can be put."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from nb2prod.errors import UsageError
from nb2prod.render.bill import BILL
from nb2prod.render.pipelines import FILES, Pipeline, System, pipeline_text
from tests.builds.command import nb2prod
from tests.builds.notebooks import write_notebook

SYSTEMS: tuple[System, ...] = get_args(System)
WANTED = Pipeline("notebooks (all) & more", "nb2prod[gui]==1.0", "registry.example:5000/{name}:1", branch="release/1")
EXPRESSION = re.compile(r"\$\{\{.*?\}\}")


def jobs_of(text: str) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return jobs


@pytest.mark.parametrize("image", ["", WANTED.image])
def test_the_workflow_passes_a_linter_of_workflows(tmp_path: Path, image: str) -> None:
    path = tmp_path / "notebooks.yml"
    path.write_text(pipeline_text("github", Pipeline("notebooks", "nb2prod", image)))
    zizmor = Path(sys.executable).parent / "zizmor"
    command = [zizmor, "--offline", "--no-config", "--persona", "pedantic", "--format", "json", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_workflow_pins_actions_and_expands_nothing_in_scripts() -> None:
    jobs = jobs_of(pipeline_text("github", WANTED))
    steps = [step for job in jobs.values() for step in job["steps"]]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in uses)
    assert not [step["run"] for step in steps if EXPRESSION.search(step.get("run", ""))]


def test_only_the_job_that_runs_nothing_of_the_repository_may_write() -> None:
    text = pipeline_text("github", WANTED)
    assert yaml.safe_load(text)["permissions"] == {}
    assert "pull_request_target" not in text
    assert "secrets." not in text
    for name, job in jobs_of(text).items():
        may_write = "write" in job["permissions"].values()
        assert may_write == (name == "findings")
        assert not (may_write and any("run" in step or "checkout" in step["uses"] for step in job["steps"]))


@pytest.mark.parametrize("image", ["", WANTED.image])
def test_gitlab_reads_what_is_meant(image: str) -> None:
    body = yaml.safe_load(pipeline_text("gitlab", Pipeline("a & b", "nb2prod", image)))
    assert body["variables"]["NOTEBOOKS"] == {"value": "a & b", "expand": False}
    assert set(body) == {"workflow", "stages", "variables", "default", "check", "build"}
    for job in (body["check"], body["build"]):
        assert set(job) <= {"stage", "timeout", "cache", "script", "artifacts", "services", "variables"}
        assert all(isinstance(line, str) and "\n" not in line.strip() for line in job["script"])
        assert job["artifacts"]["reports"].keys() >= {"junit", "codequality"}
        assert job["artifacts"]["when"] == "always"
    assert ("services" in body["build"]) == bool(image)


def test_bills_of_materials_are_kept_with_the_reports() -> None:
    steps = jobs_of(pipeline_text("github", WANTED))["build"]["steps"]
    uploads = [step["with"] for step in steps if "upload-artifact" in step.get("uses", "")]
    names = ("reports", "project", "sbom")
    assert [each["name"] for each in uploads] == [f"{name}-${{{{ matrix.notebook.id }}}}" for name in names]
    assert uploads[-1]["path"] == f"build/**/{BILL}"
    assert yaml.safe_load(pipeline_text("gitlab", WANTED))["build"]["artifacts"]["reports"]["cyclonedx"] == (
        f"build/**/{BILL}"
    )
    assert "archiveArtifacts artifacts: 'reports/**,build/**'" in pipeline_text("jenkins", WANTED)


def test_jenkins_gives_shells_texts_that_groovy_does_not_read() -> None:
    text = pipeline_text("jenkins", WANTED)
    assert "NOTEBOOKS = 'notebooks (all) & more'" in text
    assert 'sh "' not in text
    assert text.count("sh '''") == 3
    for opening, closing in ("{}", "()", "[]"):
        assert text.count(opening) == text.count(closing)


@pytest.mark.parametrize("system", SYSTEMS)
def test_shell_scripts_can_be_read_by_a_shell(system: System, tmp_path: Path) -> None:
    text = pipeline_text(system, WANTED)
    if system == "jenkins":
        scripts = re.findall(r"sh '''(.*?)'''", text, re.DOTALL)
    elif system == "github":
        scripts = [step["run"] for job in jobs_of(text).values() for step in job["steps"] if "run" in step]
    else:
        body = yaml.safe_load(text)
        scripts = [*body["default"]["before_script"], *body["check"]["script"], *body["build"]["script"]]
    assert len(scripts) >= 3
    for script in scripts:
        subprocess.run(["sh", "-n", "-c", script], check=True)


HOSTILE = (
    "$(id)",
    "`id`",
    '"; id; "',
    "a'b",
    "a\\b",
    "a\nb",
    "${{ github.token }}",
    "-rf",
    "\x1b[31m",
    "\u202eab",
    "x" * 2000,
)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("option", ["notebooks", "install", "image", "branch"])
def test_what_a_shell_yaml_or_groovy_would_read_is_refused(option: str, value: str) -> None:
    for system in SYSTEMS:
        with pytest.raises(UsageError) as caught:
            pipeline_text(system, Pipeline(**{"notebooks": ".", "install": "nb2prod", option: value}))
        assert caught.value.code == "NB284"


@pytest.mark.parametrize(
    "value", ["# no comment", "a: b", "{name}", "[x]", "*", "&a", "!!python", "%", "@x", "é ü 日本", "yes"]
)
def test_odd_names_stay_what_they_are(value: str) -> None:
    wanted = Pipeline(value, "nb2prod")
    assert yaml.safe_load(pipeline_text("github", wanted))["env"]["NOTEBOOKS"] == value
    assert yaml.safe_load(pipeline_text("gitlab", wanted))["variables"]["NOTEBOOKS"]["value"] == value
    assert f"NOTEBOOKS = '{value}'" in pipeline_text("jenkins", wanted)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_file_that_is_there_is_not_overwritten(system: System, tmp_path: Path) -> None:
    first = nb2prod("ci", "init", system, cwd=tmp_path)
    path = tmp_path / FILES[system]
    assert (first.code, first.stdout.strip()) == (0, FILES[system])
    path.write_text("mine")
    again = nb2prod("ci", "init", system, cwd=tmp_path)
    assert again.code == 2
    assert "NB284" in again.stderr
    assert path.read_text() == "mine"
    assert nb2prod("ci", "init", system, "--force", "--notebooks", "nb", cwd=tmp_path).code == 0
    assert "nb" in path.read_text()
    assert nb2prod("ci", "init", system, "-o", "other/file", cwd=tmp_path).code == 0
    assert (tmp_path / "other/file").is_file()


def test_notebooks_are_listed_on_one_line_with_ids_that_are_safe_in_names(tmp_path: Path) -> None:
    odd = "a\nb ${{ x }} $(id) é.ipynb"
    write_notebook(tmp_path / odd)
    write_notebook(tmp_path / "sub" / "a.ipynb")
    write_notebook(tmp_path / "a.ipynb")
    write_notebook(tmp_path / "plain.ipynb", ("", "1"))
    done = nb2prod("ci", "changed", ".", cwd=tmp_path)
    assert done.code == 0
    assert len(done.stdout.splitlines()) == 1
    listed = json.loads(done.stdout)
    assert {one["path"] for one in listed} == {odd, "a.ipynb", "sub/a.ipynb"}
    assert len({one["id"] for one in listed}) == 3
    assert all(re.fullmatch(r"[a-z0-9-]+", one["id"]) for one in listed)
