"""Each way a run can fail is one clear error with its cell and line, and nothing is left."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from nb2prod.errors import Cancelled, RunError, ToolError
from nb2prod.events import CellFinished, Log
from tests.execute.notebooks import capture_all, notebook, run, spec


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(folder: Path, *sources: str, wanted=None, **options) -> RunError:
    with pytest.raises(RunError) as caught:
        run(notebook(*sources), wanted or spec(len(sources)), folder, **options)
    assert caught.value.exit_code == 3
    assert caught.value.hint or caught.value.code == "NB509"
    left = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert [p for p in left if not p.startswith("work/")] in ([], ["out/failed.ipynb"]), "nothing half-written"
    return caught.value


def place(error: RunError) -> tuple[int | None, int | None]:
    return (error.where.cell, error.where.line) if error.where else (None, None)


def test_a_cell_that_raises(tmp_path) -> None:
    error = failing(tmp_path, "a = 1", "\n\nb = 2\n\n1 / 0\n", "3")
    assert (error.code, place(error)) == ("NB501", (2, 3))
    assert error.message == "ZeroDivisionError: division by zero"


def test_the_notebook_is_kept_as_far_as_it_came(tmp_path) -> None:
    failing(tmp_path, "print('so far')", "1 / 0", "print('never')")
    cells = json.loads((tmp_path / "out" / "failed.ipynb").read_text())["cells"]
    assert [cell["source"] for cell in cells] == ["print('so far')", "1 / 0", "print('never')"]
    assert [[o["output_type"] for o in cell["outputs"]] for cell in cells] == [["stream"], ["error"], []]
    run(notebook("1"), spec(1), tmp_path)
    assert "failed.ipynb" not in names(tmp_path / "out")


def test_blank_first_lines_count(tmp_path) -> None:
    #  IPython drops them before it numbers lines
    book = notebook("1")
    cell = dict(book.document["cells"][0], source="\n\n# three\n1 / 0")
    document = dict(book.document, cells=[cell])
    with pytest.raises(RunError) as caught:
        run(type(book)(book.name, book.digest, book.cells, "python", "python3", document), spec(1), tmp_path)
    assert place(caught.value) == (1, 4)


def test_a_function_of_an_earlier_cell_that_raises_is_named_too(tmp_path) -> None:
    error = failing(tmp_path, "def f(x):\n    y = 1\n    return x.missing", "a = 1\nf(a)")
    assert place(error) == (2, 2)
    assert error.message == "AttributeError: 'int' object has no attribute 'missing' (raised in cell 1, line 3)"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("import no_such_module_x.y", "no_such_module_x"),
        ("open('nothing.csv')", "work"),
        ("print(undefined)", "deleted"),
        ("raise MemoryError", "Memory ran out. Give it more"),
        ('raise RuntimeError("DefaultCPUAllocator: can\'t allocate memory")', "Memory ran out. Give it more"),
    ],
)
def test_hints(source, hint, tmp_path) -> None:
    assert hint in failing(tmp_path, source).hint


def test_a_missing_library_comes_with_the_python_to_install_it_into(tmp_path) -> None:
    assert f"{sys.executable} -m pip install" in failing(tmp_path, "import no_such_module_x").hint


def test_an_error_whose_text_is_long_or_odd_stays_one_line(tmp_path) -> None:
    error = failing(tmp_path, "raise ValueError('x' * 5000 + '\\nsecond \\x1b[31m')")
    assert "\n" not in error.message
    assert len(error.message) < 400


def test_a_syntax_error(tmp_path) -> None:
    error = failing(tmp_path, "a = 1", "b = 1\nc = = 2")
    assert (error.code, place(error)) == ("NB501", (2, 2))
    assert error.message.startswith("SyntaxError")


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("import ctypes; ctypes.string_at(0)", "signal 11"),
        ("import os; os._exit(3)", "exit status 3"),
    ],
)
def test_a_kernel_that_dies(source, how, tmp_path) -> None:
    error = failing(tmp_path, "a = 1", source, "a")
    assert (error.code, place(error)[0]) == ("NB502", 2)
    assert how in error.message


def test_a_cell_that_takes_too_long(tmp_path) -> None:
    error = failing(tmp_path, "a = 1", "import time\ntime.sleep(60)", "a", cell_timeout=1)
    assert (error.code, place(error)[0]) == ("NB503", 2)


def test_a_kernel_that_is_not_there(tmp_path) -> None:
    book = notebook("1", kernel="ir")
    with pytest.raises(RunError) as caught:
        run(type(book)(book.name, book.digest, book.cells, "R", "ir", book.document), spec(1), tmp_path)
    assert caught.value.code == "NB504"
    assert "python3" in caught.value.hint


@pytest.mark.parametrize("argv", [["/no/such/python"], [sys.executable, "-c", "print('no ipykernel here')"]])
def test_a_kernel_that_never_starts(argv, tmp_path, monkeypatch) -> None:
    kernel = tmp_path / "work" / "kernels" / "broken"
    kernel.mkdir(parents=True)
    words = ", ".join(f'"{word}"' for word in argv)
    (kernel / "kernel.json").write_text(f'{{"argv": [{words}], "language": "python", "display_name": "broken"}}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "work"))
    with pytest.raises(RunError) as caught:
        run(notebook("1", kernel="broken"), spec(1), tmp_path)
    assert caught.value.code == "NB504"
    assert "broken" in caught.value.message
    assert names(tmp_path) == ["work"]


@pytest.mark.parametrize("source", ["name = input()", "import getpass\ngetpass.getpass()"])
def test_a_cell_that_waits_for_input(source, tmp_path) -> None:
    error = failing(tmp_path, source)
    assert (error.code, place(error)) == ("NB505", (1, source.count("\n") + 1))


@pytest.mark.parametrize(
    "source", ["import sys\nsys.exit()", "import sys\nsys.exit(0)", "exit()", "raise SystemExit('no')"]
)
def test_a_notebook_that_ends_itself(source, tmp_path) -> None:
    error = failing(tmp_path, "a = 1", source, "a")
    assert (error.code, place(error)[0]) == ("NB506", 2)


def test_an_exit_in_the_very_last_cell_ends_nothing(tmp_path) -> None:
    record, _ = run(notebook("1", "import sys\nsys.exit()"), spec(1), tmp_path)
    assert record.predictions == 1


def test_names_that_do_not_exist(tmp_path) -> None:
    error = failing(tmp_path, "a = 1", "2", wanted=spec(2, artifacts=("a", "model"), request=("rows",)))
    assert (error.code, place(error)[0]) == ("NB507", 2)
    assert "`model`, `rows` do not exist before cell 2" in error.message


VALUELESS = ["a = 1", "None", "print(1)"]
NO_JSON = ["object()", "float('inf')", "'\\ud800'", "import numpy as np\nnp.array([1, np.inf])"]
UNSENDABLE = [
    ("r = object()", "object"),
    ("import pandas as pd\nr = pd.DataFrame({1: [2]})", "not named by text"),
    ("import pandas as pd\nr = pd.DataFrame([[1, 2]], columns=['a', 'a'])", "same name"),
    ("import pandas as pd\nr = pd.DataFrame({'a': [object()]})", "`a`"),
    ("import pandas as pd\nr = pd.DataFrame({'a': pd.to_timedelta([1], 's')})", "timedelta"),
    ("import numpy as np\nr = np.array([1j])", "complex"),
    ("import scipy.sparse as s\nr = s.eye(2).tocsr()", "csr"),
    ("r = {1: 2}", "keys"),
]
UNSAVABLE = [
    "a = (x for x in [1])",
    "a = open('f.txt', 'w')",
    "import sys\na = sys",
    "a = lambda x: x",
    "from sklearn.preprocessing import FunctionTransformer\na = FunctionTransformer(lambda x: x)",
    "import threading\na = {'lock': threading.Lock()}",
]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    cases = {
        **{source: (notebook(source), spec(1)) for source in (*VALUELESS, *NO_JSON)},
        **{source: (notebook(source, "1"), spec(2, request=("r",))) for source, _ in UNSENDABLE},
        **{source: (notebook(source, "1"), spec(2, artifacts=("a",))) for source in UNSAVABLE},
    }
    return capture_all(cases, tmp_path_factory.mktemp("refusals"))


def refused(found) -> RunError:
    assert isinstance(found, RunError)
    assert found.exit_code == 3
    assert found.hint
    return found


@pytest.mark.parametrize("source", VALUELESS)
def test_a_response_without_a_value(source, refusals) -> None:
    assert refused(refusals[source]).code == "NB508"


@pytest.mark.parametrize("source", NO_JSON)
def test_a_response_that_has_no_json_form(source, refusals) -> None:
    assert refused(refusals[source]).code == "NB512"


@pytest.mark.parametrize(("source", "reason"), UNSENDABLE)
def test_a_request_that_cannot_be_sent(source, reason, refusals) -> None:
    error = refused(refusals[source])
    assert (error.code, place(error)[0]) == ("NB511", 2)
    assert reason in error.message


@pytest.mark.parametrize("source", UNSAVABLE)
def test_an_artifact_that_cannot_be_saved(source, refusals) -> None:
    error = refused(refusals[source])
    assert error.code == "NB602"
    assert "`a`" in error.message


@pytest.mark.parametrize(
    ("source", "wanted", "code"),
    [
        ("None", spec(1), "NB508"),
        ("object()", spec(1), "NB512"),
        ("r = object()", spec(2, request=("r",)), "NB511"),
        ("a = (x for x in [1])", spec(2, artifacts=("a",)), "NB602"),
    ],
)
def test_what_the_capture_refuses_ends_the_run(source, wanted, code, tmp_path) -> None:
    assert failing(tmp_path, source, "1", wanted=wanted).code == code


def test_an_artifact_that_needs_what_only_the_notebook_has(tmp_path) -> None:
    source = "def double(x): return 2 * x\nfrom sklearn.preprocessing import FunctionTransformer as T\na = T(double)"
    error = failing(tmp_path, source, "1", wanted=spec(2, artifacts=("a",)))
    assert error.code == "NB604"
    assert "`double`" in error.message


def test_an_older_result_stays_until_the_new_one_is_complete(tmp_path) -> None:
    run(notebook("1"), spec(1), tmp_path)
    before = (tmp_path / "out/run.json").read_text()
    with pytest.raises(RunError):
        run(notebook("1 / 0"), spec(1), tmp_path)
    assert (tmp_path / "out/run.json").read_text() == before
    assert names(tmp_path / "out") == ["artifacts", "executed.ipynb", "failed.ipynb", "run.json"]


def test_an_output_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ToolError):
        run(notebook("1"), spec(1), tmp_path)


SLEEPER = """
import os, subprocess, sys, time
quiet = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print("pids", os.getpid(), child.pid, quiet.pid, flush=True)
time.sleep(300)
"""


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_cancel_in_the_middle_of_a_cell(tmp_path) -> None:
    cancel, seen, asked = threading.Event(), [], []

    def emit(event) -> None:
        if isinstance(event, CellFinished):
            seen.append(event)
        if isinstance(event, Log) and "pids" in event.text:
            seen.extend(int(word) for word in event.text.split("pids ")[1].split())
            asked.append(time.monotonic())
            cancel.set()

    with pytest.raises(Cancelled):
        run(notebook(SLEEPER, "1"), spec(2), tmp_path, cancel=cancel, emit=emit)
    took = time.monotonic() - asked[0]
    assert took < 5, "measured: half a second"
    assert all(gone(pid) for pid in seen[:3])
    assert seen[3] == CellFinished("run", 1, False, seen[3].seconds)
    assert names(tmp_path) == ["work"]


def test_what_a_notebook_leaves_running_ends_with_it(tmp_path) -> None:
    source, told = SLEEPER.rpartition("time.sleep")[0], []
    record, _ = run(notebook(source + "[os.getpid(), child.pid, quiet.pid]"), spec(1), tmp_path, emit=told.append)
    assert all(gone(pid) for pid in record.predictions)
    (left,) = [event.text for event in told if isinstance(event, Log) and "still ran" in event.text]
    assert left.startswith("the notebook's processes that still ran end with it: python")


def test_no_kernel_outlives_a_killed_process(tmp_path) -> None:
    script = textwrap.dedent(
        f"""
        import pathlib
        from tests.execute.notebooks import *
        folder = pathlib.Path({str(tmp_path)!r})
        (folder / "work").mkdir()
        run(notebook("import os, time\\nopen('pid', 'w').write(str(os.getpid()))\\ntime.sleep(300)"), spec(1), folder)
        """
    )
    ours = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
    file = tmp_path / "work/pid"
    while not (file.exists() and file.read_text()):
        assert ours.poll() is None
        time.sleep(0.1)
    ours.kill()
    ours.wait()
    kernel = int(file.read_text())
    deadline = time.monotonic() + 20
    while not gone(kernel) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert gone(kernel)


def test_nothing_is_printed(tmp_path) -> None:
    script = textwrap.dedent(
        f"""
        import pathlib
        from tests.execute.notebooks import *
        from nb2prod.errors import RunError
        folder = pathlib.Path({str(tmp_path)!r})
        loud = "import os, sys\\nprint(1)\\nprint(2, file=sys.stderr)\\nos.system('echo 3')\\nos.write(1, b'4')"
        run(notebook(loud, "1", kernel="no-such"), spec(2), folder)
        for source in ("1 / 0", "import os; os._exit(1)", "import time; time.sleep(9)"):
            try:
                run(notebook(source), spec(1), folder, cell_timeout=1)
            except RunError:
                pass
        """
    )
    ours = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert (ours.stdout, ours.stderr, ours.returncode) == ("", "", 0)
