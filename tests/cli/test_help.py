"""`nb2prod --help` is instant, and says what is true."""

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import click
import pytest
from click.testing import Result

from nb2prod import __version__
from nb2prod.cli.root import COMMANDS, root

Run = Callable[..., Result]


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(name in result.output and text in result.output for name, (_, text) in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_has_help(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: nb2prod {name}" in result.output


def test_global_options_stand_before_and_after_the_command() -> None:
    context = click.Context(root)
    for name in COMMANDS:
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            continue
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"-q", "-v", "--debug"} <= options, name


def test_version(run: Run) -> None:
    assert run("--version").output == f"nb2prod, version {__version__}\n"


def test_a_mistyped_command_is_refused_with_the_nearest(run: Run) -> None:
    result = run("biuld", "x.ipynb")
    assert result.exit_code == 2
    assert "Did you mean 'build'?" in result.stderr


def test_help_imports_click_and_little_else() -> None:
    script = (
        "import sys; sys.argv = ['nb2prod', '--help']\n"
        "from nb2prod.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert not loaded & {
        "rich",
        "msgspec",
        "mlflow",
        "papermill",
        "docker",
        "nbformat",
        "dataclasses",
        "json",
        "asyncio",
    }


def test_help_takes_at_most_ten_times_the_interpreter_alone() -> None:
    def fastest(*words: str) -> float:
        times = []
        for _ in range(7):
            begin = perf_counter()
            subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
            times.append(perf_counter() - begin)
        return min(times)

    assert fastest("-m", "nb2prod", "--help") <= 10 * fastest("-c", "pass")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_NB2PROD_COMPLETE" in result.output


def test_completion_knows_commands_and_options(run: Run) -> None:
    words = {"COMP_WORDS": "nb2prod build --ba", "COMP_CWORD": "2", "_NB2PROD_COMPLETE": "bash_complete"}
    assert run(env=words).output.strip() == "plain,--base-image"
