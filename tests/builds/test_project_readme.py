"""What the README of a generated project tells one to type does what it says."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builds.command import nb2prod
from tests.builds.notebooks import write_notebook

CELLS = (
    ("parameters", 'word = "it\'s"\nleast = 2'),
    ("training", "common = [word.upper(), str(least + 1)]"),
    ("request", "texts = ['don\\'t', 'say \"no\": $HOME `here`', 'more']"),
    ("inference", "answer = [len(text) + len(common[0]) for text in texts]\nanswer"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    write_notebook(folder / "words.ipynb", *CELLS)
    done = nb2prod("convert", "words.ipynb", "-o", "out", "--json", "--mutants", "0", cwd=folder)
    assert done.code == 0, done.stderr
    return folder / "out"


def test_the_curl_line_sends_the_request_whatever_quotes_are_in_it(project: Path) -> None:
    lines = re.search(r"    (curl .*\\\n.*)\n", (project / "README.md").read_text(encoding="utf-8"))
    assert lines is not None
    printed = subprocess.run(
        ["sh", "-c", lines[1].replace("curl", r"printf '%s\n'", 1)], capture_output=True, text=True
    )
    body = printed.stdout.rstrip("\n").rpartition("-d\n")[2]
    assert json.loads(body) == {"rows": ["don't", 'say "no": $HOME `here`']}


def test_the_python_lines_run_and_training_takes_the_setting(project: Path, tmp_path: Path) -> None:
    readme = (project / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    train = re.search(r"python -m (words.train --output )retrained( .*)\n", readme)
    assert code is not None
    assert train is not None
    environment = os.environ | {"PYTHONPATH": f"{project / 'src'}"}
    asked = [sys.executable, "-c", code[1].replace("predictor.predict(**", "print(*predictor.predict(**") + ")"]
    done = subprocess.run(asked, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["9", "26", "8"], done.stderr
    again = [sys.executable, "-m", *shlex.split(train[1]), str(tmp_path / "retrained"), *shlex.split(train[2])]
    done = subprocess.run(again, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shlex.split(train[2]) == ["-p", "word=it's"]
