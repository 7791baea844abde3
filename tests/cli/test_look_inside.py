"""`explain` and `inspect --graph` on a real notebook."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from nb2prod.cli.root import root
from tests.builds.notebooks import LINE, write_notebook

TOKEN = "ghp_" + "aB3dE6gH9" * 4


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_notebook(tmp_path / "line.ipynb", *LINE, ("skip", "shown = line['slope']\nprint(shown)"))


def run(*words: object) -> Result:
    return CliRunner().invoke(root, [str(word) for word in words], prog_name="nb2prod")


def test_explain_a_name(notebook: Path) -> None:
    result = run("explain", notebook, "line")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "line is an artifact: training makes it, prediction reads it",
        "",
        "cell 2, line 1  line = {'slope': scale / 4, 'start': 1.5}",
        "  in training: cell 5 reads `line`",
        "  training, from the response `heights` back:",
        "    5:2  heights",
        "    5:1  heights = [line['slope'] * point['x'] + line['start'] for point in po…  gives heights",
        "    2:1  line = {'slope': scale / 4, 'start': 1.5}                               gives line",
    ]


def test_explain_a_line_as_json(notebook: Path) -> None:
    answer = json.loads(run("explain", notebook, "1:1", "--json").stdout)
    assert (answer["subject"], answer["kind"]) == ("1:1", None)
    (one,) = answer["statements"]
    assert (one["cell"], one["line"], one["source"], one["role"]) == (1, 1, "scale = 2.0", "parameters")
    assert one["in_production"] == ["training"]
    (chain,) = one["chains"]
    assert chain["purpose"] == "training"
    assert [step["cell"] for step in chain["steps"]][-2:] == [2, 1]
    assert chain["steps"][-1]["name"] == "scale"


def test_explain_what_is_left_out(notebook: Path) -> None:
    assert "not in production: nothing that production needs reads it" in run("explain", notebook, "shown").stdout


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("lien", "Did you mean `line`?"),
        ("99", "there is no code at cell 99"),
        ("2:7", "there is no code at cell 2, line 7"),
    ],
)
def test_what_is_not_there_is_a_usage_error(notebook: Path, subject: str, says: str) -> None:
    result = run("explain", notebook, subject)
    assert result.exit_code == 2
    assert says in result.stderr
    answer = json.loads(run("explain", notebook, subject, "--json").stdout)
    assert (answer["status"], answer["error"]["code"], answer["statements"]) == ("failed", "NB290", [])


def test_the_graph_as_text(notebook: Path) -> None:
    result = run("inspect", notebook, "--graph")
    assert result.exit_code == 0
    assert "├─●  2  training" in result.stdout or "╰─●    2  training" in result.stdout
    assert "artifacts  line" in result.stdout


def test_the_graph_as_a_file(notebook: Path, tmp_path: Path) -> None:
    assert run("inspect", notebook, "--graph", "g.svg").exit_code == 0
    assert ElementTree.parse(tmp_path / "g.svg").getroot().get("role") == "img"
    assert run("inspect", notebook, "--graph", "g.png").exit_code == 2
    assert run("inspect", notebook, "--graph", "no/such/folder/g.svg").exit_code == 4


@pytest.mark.parametrize(
    "words", [("check",), ("check", "--json"), ("inspect",), ("inspect", "--json"), ("inspect", "--graph"),
              ("inspect", "--graph", "g.svg"), ("explain", "client"), ("explain", "client", "--json")]
)  # fmt: skip
def test_nothing_shows_a_secret(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = f"client = dict(token='{TOKEN}')"
    path = write_notebook(
        tmp_path / "n.ipynb", ("training", source), *LINE[3:4], ("inference", f"len(client), '{TOKEN}'")
    )
    command, *rest = words
    result = run(command, path, *rest)
    assert TOKEN not in result.output
    assert command == "explain" or result.exit_code == 1
    assert "ghp…H9" in result.output
    assert all(TOKEN not in made.read_text() for made in tmp_path.glob("*.svg"))
