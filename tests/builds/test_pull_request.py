"""Pull requests in a scratch repository: the generated GitHub workflow's own commands, each in a fresh checkout with
the builds that the cache kept.

A change that breaks parity fails the job, with cell and line in SARIF; a cosmetic one builds nothing again; a tag
builds again only what depends on it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builds.command import environment, nb2prod
from tests.builds.notebooks import LINE, PARAMETERS, REQUEST, TRAINING, Cell, write_notebook

EXTRA: Cell = ("", "unneeded = scale + 1\n")
READING: Cell = ("training", "steps = open('rows.csv').read().split()\nline = {'slope': scale / 4, 'start': 1.5}\n")
BROKEN: Cell = (
    "inference",
    "heights = [line['slope'] * point['x'] for point in points]\n\n[height + hash('seasoned') for height in heights]\n",
)
"""A text's hash is another one in each process: nothing that can be read in the code is wrong with it."""


@dataclass
class Ran:
    """How the jobs of a workflow ended. `built` are the reports of builds, by notebook."""

    codes: dict[str, int] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)
    built: dict[str, dict[str, Any]] = field(default_factory=dict)
    summary: str = ""
    results: list[dict[str, Any]] = field(default_factory=list)

    def steps(self, notebook: str) -> dict[str, str]:
        (one,) = self.built[notebook]["notebooks"]
        return {step["name"]: step["status"] for step in one["report"]["steps"]}


class Host:
    """What the host of a repository does: checks out, keeps the cache, runs the steps' commands one after the other."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.work = folder / "origin", folder / "work"
        self.programs = folder / "bin"
        self.programs.mkdir()
        program = self.programs / "nb2prod"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nb2prod "$@"\n')
        program.chmod(0o755)

    def git(self, *words: str, cwd: Path | None = None) -> str:
        identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *identity, *words], cwd=cwd or self.origin, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def branch(self, name: str, change: Callable[[Path], object]) -> str:
        self.git("checkout", "-q", "-b", name, "main")
        change(self.origin)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)
        return name

    def check_out(self, branch: str) -> None:
        kept = self.work.with_name("kept")
        if (self.work / "build").exists():
            (self.work / "build").rename(kept)
        shutil.rmtree(self.work, ignore_errors=True)
        self.git("clone", "-q", "--branch", branch, str(self.origin), str(self.work), cwd=self.origin)
        if kept.exists():
            kept.rename(self.work / "build")

    def run(self, branch: str, base: str = "") -> Ran:
        """The workflow for a pull request of `branch` to the commit `base`, or for a push to `branch`."""
        self.check_out(branch)
        jobs = yaml.safe_load((self.work / ".github/workflows/notebooks.yml").read_text())
        ran = Ran()
        values = {"github.event.pull_request.base.sha": base, "github.workspace": str(self.work)}
        ran.codes["check"] = self._job(jobs, "check", values, ran)
        output = (self.work / "output").read_text()
        notebooks = json.loads(re.findall(r"^notebooks=(.*)$", output, re.MULTILINE)[0])
        ran.listed = [one["path"] for one in notebooks]
        if ran.codes["check"] == 0:
            for one in notebooks:
                values |= {"matrix.notebook.path": one["path"], "matrix.notebook.id": one["id"]}
                ran.codes[one["path"]] = self._job(jobs, "build", values, ran)
                ran.built[one["path"]] = json.loads((self.work / f"reports/{one['id']}.json").read_text())
        ran.summary = (self.work / "summary").read_text()
        for path in sorted((self.work / "reports").glob("*.sarif")):
            ran.results += json.loads(path.read_text())["runs"][0]["results"]
        return ran

    def _job(self, workflow: Any, name: str, values: dict[str, str], ran: Ran) -> int:
        """The exit code of the first command that fails, or 0."""

        def text(value: str) -> str:
            return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], value)

        wanted = {**workflow["env"]}
        given = environment({"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}", "NB2PROD_LOG": "false"})
        for step in workflow["jobs"][name]["steps"]:
            if "run" not in step or step["name"] == "Install":
                continue
            (self.work / "summary.step").write_text("")
            own = {key: text(str(value)) for key, value in {**wanted, **step.get("env", {})}.items()}
            own["NB2PROD_CACHE"] = os.environ.get("NB2PROD_CACHE", own["NB2PROD_CACHE"])
            own |= {"GITHUB_OUTPUT": str(self.work / "output"), "GITHUB_STEP_SUMMARY": str(self.work / "summary.step")}
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            code = subprocess.run(command, cwd=self.work, env=given | own, check=False).returncode
            with (self.work / "summary").open("a") as whole:
                whole.write((self.work / "summary.step").read_text())
            if code:
                return code
        return 0


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Two notebooks on the main branch, one of which reads a file beside it, and both built."""
    host = Host(tmp_path_factory.mktemp("pull"))
    write_notebook(host.origin / "notebooks/plain.ipynb", PARAMETERS, TRAINING, EXTRA, *LINE[2:])
    write_notebook(host.origin / "notebooks/reads.ipynb", PARAMETERS, READING, *LINE[2:])
    (host.origin / "notebooks/rows.csv").write_text("1 2 3\n")
    (host.origin / "nb2prod.toml").write_text("mutants = 0\n")
    done = nb2prod("ci", "init", "github", "--notebooks", "notebooks", cwd=host.origin)
    assert done.code == 0, done.stderr
    host.git("init", "-q", "-b", "main")
    host.git("add", "-A")
    host.git("commit", "-q", "-m", "notebooks")
    ran = host.run("main")
    assert ran.codes == {"check": 0, "notebooks/plain.ipynb": 0, "notebooks/reads.ipynb": 0}
    assert set(ran.steps("notebooks/reads.ipynb").values()) == {"done"}
    return host


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=1))


def pull(host: Host, name: str, change: Callable[[Path], object]) -> Ran:
    base = host.git("rev-parse", "main")
    return host.run(host.branch(name, change), base)


@pytest.mark.samples
def test_a_cosmetic_change_builds_nothing_again(host: Host) -> None:
    def outputs_and_words(document: dict[str, Any]) -> None:
        for number, cell in enumerate(document["cells"], 1):
            cell["execution_count"] = number + 4
        document["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["seen\n"]}]
        document["cells"].append({"cell_type": "markdown", "id": "words", "metadata": {}, "source": "Said at the end."})

    ran = pull(host, "cosmetic", lambda root: edit(root / "notebooks/reads.ipynb", outputs_and_words))
    assert ran.codes == {"check": 0, "notebooks/reads.ipynb": 0}
    steps = ran.steps("notebooks/reads.ipynb")
    assert {name: steps[name] for name in ("run", "extract", "test")} == dict.fromkeys(
        ("run", "extract", "test"), "unchanged"
    )
    assert "| all from run |" in ran.summary


@pytest.mark.samples
def test_a_tag_builds_again_only_what_depends_on_it(host: Host) -> None:
    def tag(document: dict[str, Any]) -> None:
        document["cells"][2]["metadata"]["tags"] = ["skip"]

    ran = pull(host, "tag", lambda root: edit(root / "notebooks/plain.ipynb", tag))
    steps = ran.steps("notebooks/plain.ipynb")
    assert (steps["run"], steps["extract"]) == ("unchanged", "done")
    assert "| run" in ran.summary


@pytest.mark.samples
def test_a_change_that_breaks_parity_fails_the_job_at_its_cell_and_line(host: Host) -> None:
    def broken(root: Path) -> None:
        write_notebook(root / "notebooks/plain.ipynb", PARAMETERS, TRAINING, EXTRA, REQUEST, BROKEN)

    ran = pull(host, "broken", broken)
    assert ran.codes == {"check": 0, "notebooks/plain.ipynb": 1}
    (result,) = [one for one in ran.results if one["level"] == "error"]
    assert result["ruleId"] == "NB711"
    place = result["locations"][0]
    assert place["logicalLocations"][0]["name"] == "cell 5, line 3"
    physical = place["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "notebooks/plain.ipynb"
    source = (host.work / "notebooks/plain.ipynb").read_text().splitlines()
    assert "seasoned" in source[physical["region"]["startLine"] - 1]
    assert "NB711, cell 5, line 3" in ran.summary


@pytest.mark.samples
def test_a_file_that_a_notebook_reads_builds_that_one_and_other_files_none(host: Host) -> None:
    none = pull(host, "words", lambda root: (root / "README.md").write_text("Words.\n"))
    assert (none.codes, none.listed) == ({"check": 0}, [])
    ran = pull(host, "rows", lambda root: (root / "notebooks/rows.csv").write_text("1 2 4\n"))
    assert ran.listed == ["notebooks/reads.ipynb"]
    assert ran.steps("notebooks/reads.ipynb")["run"] == "done"


@pytest.mark.samples
def test_a_finding_fails_the_check_and_nothing_is_built(host: Host) -> None:
    def unknown(root: Path) -> None:
        write_notebook(root / "notebooks/new `$(id)` ${{ x }}.ipynb", *LINE[:-1], ("inference", "missing + 1\n"))

    ran = pull(host, "unknown", unknown)
    assert ran.codes == {"check": 1}
    assert ran.built == {}
    assert any(one["level"] == "error" and one["locations"][0]["logicalLocations"] for one in ran.results)


HOSTILE = "--o '\"$(touch pwned)`touch pwned`;${{ github.token }}\nnotebooks=[]\n::add-mask::x.ipynb"
"""A name: an option, both quotes, two commands, an expression, an output of its own, a command to the host."""


@pytest.mark.samples
def test_row_81_names_that_a_stranger_chose_are_names(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    workflow = yaml.safe_load((host.origin / ".github/workflows/notebooks.yml").read_text())
    assert set(workflow[True]) == {"pull_request", "push", "workflow_dispatch"}  # `on`, as YAML reads it
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["build"]["permissions"] == {"contents": "read"}
    branch = "x$(touch${IFS}pwned)`touch${IFS}pwned`';touch${IFS}pwned;\"${{github.token}}"
    path = f"notebooks/{HOSTILE}"
    ran = pull(host, branch, lambda root: write_notebook(root / path))
    assert (ran.codes, ran.listed) == ({"check": 0, path: 0}, [path])
    assert ran.steps(path)["run"] == "done"
    assert [*host.origin.parent.rglob("*pwned")] == []
    assert len((host.work / "output").read_text().splitlines()) == 1
    told = "".join(capfd.readouterr()) + ran.summary
    assert not [line for line in told.splitlines() if line.lstrip().startswith("::")]
