"""Which notebooks a command line means, which of them a change touches, and which cannot be built together."""

import subprocess
from pathlib import Path

import pytest

from nb2prod.errors import UsageError
from nb2prod.many.changed import affected
from nb2prod.many.clashes import refuse_clashes
from nb2prod.many.wanted import find_wanted
from nb2prod.model.spec import BuildSpec
from nb2prod.repository import changes_since
from tests.builds.notebooks import INFERENCE, LINE, Cell, write_notebook


def names(folder: Path, *words: str) -> list[str]:
    return [one.notebook.relative_to(folder).as_posix() for one in find_wanted(tuple(folder / w for w in words))]


def test_a_folder_means_its_notebooks_without_copies_and_what_is_not_ours(tmp_path: Path) -> None:
    for name in (
        "b.ipynb",
        "a/c.ipynb",
        ".ipynb_checkpoints/b.ipynb",
        "mlartifacts/1/b.ipynb",
        "p/x.ipynb",
        "v/y.ipynb",
    ):
        write_notebook(tmp_path / name)
    (tmp_path / "p" / "nb2prod.json").write_text("{}")
    (tmp_path / "v" / "pyvenv.cfg").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert names(tmp_path, ".") == ["b.ipynb", "a/c.ipynb"]
    assert names(tmp_path, "a/c.ipynb", ".") == ["a/c.ipynb", "b.ipynb"]


def test_a_list_says_what_each_is_built_with(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    path = tmp_path / "ci" / "notebooks.toml"
    path.write_text('[[notebooks]]\nnotebook = "../a.ipynb"\noutput = "out"\nparameters = {scale = 2.5}\nmutants = 3\n')
    (one,) = find_wanted((path,))
    assert one.notebook == tmp_path / "a.ipynb"
    assert one.entry == {"output": str(tmp_path / "ci" / "out"), "parameters": {"scale": 2.5}, "mutants": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notebooks = 3", "tables"),
        ("[[notebooks]]\nimage = 'x'", "`notebook` is missing"),
        ("[[notebooks]]\nnotebook = 'a.ipynb'\nimages = 'x'", "'images' is no part"),
        ("[[notebooks]]\nnotebook = 'a.ipynb'\nmutants = 'x'", "mutants: expected int"),
        ("[[notebooks]]\nnotebook = 'a.ipynb'\nfresh = true", "'fresh' is no part"),
        ("cell_timeout = 3\n[[notebooks]]\nnotebook = 'a.ipynb'", "tables"),
        ("[[", "cannot be read"),
        ("", "tables"),
        ("notebooks = []", "no notebook"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "notebooks.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        find_wanted((path,))
    assert caught.value.code == "NB282"


def test_a_folder_without_notebooks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no notebook"):
        find_wanted((tmp_path,))


def spec(output: str, **rest: object) -> tuple[str, BuildSpec]:
    notebook = f"/n/{output.replace('/', '-')}.ipynb"
    return notebook, BuildSpec(notebook=notebook, output=f"/out/{output}", **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (spec("a"), spec("a"), "the project"),
        (spec("a"), spec("a/b"), "would lie in"),
        (spec("a/b"), spec("a"), "would lie in"),
        (spec("a", image="x"), spec("b", image="x:latest"), "the image x:latest"),
        (spec("a", model="m"), spec("b", model="m"), "the registered model m"),
        (spec("a", package="m"), spec("b", package="m"), "the registered model m"),
    ],
)
def test_builds_that_clash_are_refused_before_one_runs(
    one: tuple[str, BuildSpec], other: tuple[str, BuildSpec], what: str
) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        refuse_clashes([one, other])
    assert caught.value.code == "NB281"
    assert one[0] in caught.value.message
    assert other[0] in caught.value.message


def test_builds_of_different_names_do_not_clash() -> None:
    refuse_clashes([spec("a", image="x:1"), spec("b", image="x:2"), spec("ab")])
    refuse_clashes([spec("a", package="m", log=False), spec("b", package="m", log=False)])


HELPED: tuple[Cell, ...] = (("imports", "from helpers import lift\n"), *LINE[:-1], ("inference", "lift(points)\n"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Notebooks in a git repository: one alone, one with a module that imports another, one that reads a file and runs
    a script, one in a list, and one with settings of its folder's own."""
    write_notebook(tmp_path / "alone.ipynb")
    write_notebook(tmp_path / "helped.ipynb", *HELPED)
    (tmp_path / "helpers.py").write_text("from deeper import lift\n")
    (tmp_path / "deeper.py").write_text("def lift(points):\n    return [p['x'] for p in points]\n")
    write_notebook(
        tmp_path / "reads.ipynb",
        ("training", "%run setup_all.py\nrows = open('rows.csv').read()\n"),
        *LINE[1:-1],
        INFERENCE,
    )
    (tmp_path / "setup_all.py").write_text("scale = 2.0\n")
    (tmp_path / "rows.csv").write_text("1\n")
    (tmp_path / "list.toml").write_text('[[notebooks]]\nnotebook = "listed/listed.ipynb"\n')
    write_notebook(tmp_path / "listed" / "listed.ipynb")
    write_notebook(tmp_path / "set" / "set.ipynb")
    (tmp_path / "set" / "nb2prod.toml").write_text("mutants = 3\n")
    (tmp_path / ".gitignore").write_text("ignored*\n")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "work")


def touched(folder: Path, reference: str = "HEAD") -> set[str]:
    wanted = find_wanted((folder / "list.toml", folder))
    return {one.notebook.stem for one in affected(wanted, changes_since(folder, reference))}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("alone.ipynb", {"alone"}),
        ("helpers.py", {"helped"}),
        ("deeper.py", {"helped"}),
        ("rows.csv", {"reads"}),
        ("setup_all.py", {"reads"}),
        ("list.toml", {"listed"}),
        ("set/nb2prod.toml", {"set"}),
        ("other.py", set()),
        ("ignored.ipynb", set()),
        ("new.ipynb", {"new"}),
    ],
)
def test_a_changed_file_touches_the_notebooks_that_read_it(repository: Path, file: str, expected: set[str]) -> None:
    path = repository / file
    if path.suffix == ".ipynb":
        write_notebook(path, *LINE, ("", "1 + 1"))
    else:
        text = path.read_text() if path.exists() else ""
        path.write_text(text + "# more\n")
    if file == "ignored.ipynb":
        path.unlink()
    assert touched(repository) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [("helpers.py", {"helped"}), ("deeper.py", {"helped"}), ("setup_all.py", {"reads"}), ("rows.csv", {"reads"}),
     ("set/nb2prod.toml", {"set"})],
)  # fmt: skip
def test_a_file_that_is_gone_touches_the_notebooks_that_read_it(
    repository: Path, file: str, expected: set[str]
) -> None:
    (repository / file).unlink()
    assert touched(repository) == expected


def test_changes_of_the_other_branch_are_not_ours(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "topic")
    write_notebook(repository / "helped.ipynb", *HELPED, ("", "2"))
    commit(repository)
    git(repository, "checkout", "-q", "main")
    write_notebook(repository / "alone.ipynb", *LINE, ("", "3"))
    commit(repository)
    git(repository, "checkout", "-q", "topic")
    assert touched(repository, "main") == {"helped"}


@pytest.mark.parametrize("reference", ["no-such-branch", "--output=x", "", "HEAD; id", "HEAD~7"])
def test_what_is_no_commit_is_refused(repository: Path, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        changes_since(repository, reference)
    assert caught.value.code == "NB280"
    assert not (repository / "x").exists()


def test_without_a_repository_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        changes_since(tmp_path, "HEAD")
