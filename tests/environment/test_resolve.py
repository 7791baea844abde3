"""Pins are what is installed where the notebook ran; whatever cannot be pinned is refused with its remedy."""

import contextlib
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2prod.environment.runtime import option_requirements
from nb2prod.environment.wheels import digest, wheels_folder
from nb2prod.errors import Cancelled, InputError, Nb2ProdError, ToolError, UsageError
from nb2prod.events import Log, StepAdvanced

from .conftest import Kernel, make_wheel


def why(pins: tuple) -> dict[str, str]:
    return {f"{pin.name}=={pin.version}": pin.because for pin in pins}


def refusal(kernel: Kernel, name: str, because: str = "imported in cell 3", **more: object) -> Nb2ProdError:
    with pytest.raises(Nb2ProdError) as caught:
        kernel.resolve({name: because}, **more)
    assert caught.value.hint
    return caught.value


def test_imports_become_the_installed_versions_and_what_those_need(kernel: Kernel) -> None:
    # alpha --> beta --> gamma        alpha --(extra "plots")--> delta, not followed
    #             `-(markers)-> windows, not here
    kernel.add("alpha_one", "1.2", requires=("beta-one>=1", 'delta-one; extra == "plots"'), module="alpha")
    kernel.add("beta_one", "2.0", requires=("gamma-one", 'windows-one; sys_platform == "win32"'))
    kernel.add("gamma_one", "3.0.0")
    kernel.add("delta_one", "4.0")
    found = kernel.resolve({"alpha": "imported in cell 1", "json": "imported in cell 1"})
    notebook = {name: because for name, because in why(found.serving).items() if "one" in name}
    assert notebook == {
        "alpha-one==1.2": "imported in cell 1",
        "beta-one==2.0": "needed by alpha-one",
        "gamma-one==3.0.0": "needed by beta-one",
    }
    for pin in found.serving:
        assert pin.sha256 == (digest(wheels_folder(kernel.cache) / pin.wheel),)


def test_what_is_installed_meanwhile_is_seen(kernel: Kernel) -> None:
    kernel.add("early_a")
    assert {pin.name for pin in kernel.resolve({"early_a": "imported in cell 1"}).serving} >= {"early-a"}
    kernel.add("late_a")
    pins = kernel.resolve({"early_a": "imported in cell 1", "late_a": "imported in cell 2"}).serving
    assert {pin.name for pin in pins} >= {"early-a", "late-a"}
    kernel.add("early_a", "1.1")
    pins = kernel.resolve({"early_a": "imported in cell 1"}).serving
    assert {pin.name: pin.version for pin in pins}["early-a"] == "1.1"


def test_training_holds_only_what_serving_does_not(kernel: Kernel) -> None:
    kernel.add("shared_two")
    kernel.add("plot_two", requires=("shared-two", "ink-two"))
    kernel.add("ink_two")
    found = kernel.resolve({"shared_two": "imported in cell 1"}, {"plot_two": "imported in cell 2"})
    assert why(found.training) == {"plot-two==1.0": "imported in cell 2", "ink-two==1.0": "needed by plot-two"}
    assert why(found.serving)["shared-two==1.0"] == "imported in cell 1"


def test_extras_that_a_requirement_names_are_followed(kernel: Kernel) -> None:
    kernel.add("asks_three", requires=("base-three[fast]",))
    kernel.add("base_three", requires=('turbo-three; extra == "fast"', 'slow-three; extra == "slow"'))
    kernel.add("turbo_three")
    kernel.add("slow_three")
    names = [pin.name for pin in kernel.resolve({"asks_three": "imported in cell 1"}).serving if "three" in pin.name]
    assert names == ["asks-three", "base-three", "turbo-three"]


def test_pins_know_what_they_need_themselves(kernel: Kernel) -> None:
    kernel.add("first_four", requires=("second-four", 'third-four; extra == "more"'))
    kernel.add("second_four", requires=("third-four",))
    kernel.add("third_four")
    pins = kernel.resolve({"first_four": "imported in cell 1", "third_four": "imported in cell 1"}).serving
    assert {pin.name: pin.needs for pin in pins if "four" in pin.name} == {
        "first-four": ("second-four",),
        "second-four": ("third-four",),
        "third-four": (),
    }


LICENCES = {
    "License-Expression: MIT\nLicense: no\n": "MIT",
    "License: BSD 3-Clause\nClassifier: License :: OSI Approved :: BSD License\n": "BSD 3-Clause",
    # the whole text, as some have it
    "License: Do what\n        you want.\nClassifier: License :: OSI Approved :: BSD License\n": "BSD License",
    "License: UNKNOWN\nClassifier: License :: OSI Approved\n": "",
    "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: Freeware\n": "MIT License, Freeware",
    f"License: {'x' * 300}\n": "",
    "License: \x1b[31mred\n": "",
    "": "",
}


def test_pins_know_the_licence_that_the_metadata_tell(kernel: Kernel) -> None:
    names = [f"licensed_five{number}" for number in range(len(LICENCES))]
    for name, lines in zip(names, LICENCES, strict=True):
        kernel.add(name)
        kernel.rewrite(f"{name}-1.0", "METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{lines}")
    pins = {pin.name: pin for pin in kernel.resolve(dict.fromkeys(names, "imported in cell 1")).serving}
    assert [pins[name.replace("_", "-")].licence for name in names] == list(LICENCES.values())
    assert pins["starlette"].licence != ""


def test_the_runtime_comes_from_our_own_environment_where_the_notebooks_lacks_it(kernel: Kernel) -> None:
    pins = {pin.name: pin for pin in kernel.resolve({}).serving}
    assert {"starlette", "uvicorn", "msgspec", "uvloop", "httptools", "anyio", "h11"} <= pins.keys()
    assert pins["starlette"].because == "needed by nb2prod.serving"
    assert pins["anyio"].because == "needed by starlette"


def test_options_of_the_service_bring_their_packages(kernel: Kernel) -> None:
    without = {pin.name for pin in kernel.resolve({}).serving}
    pins = {pin.name for pin in kernel.resolve({}, also=option_requirements("tokens, tracing")).serving}
    assert {"pyjwt", "cryptography", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= pins - without


def test_an_option_that_the_service_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="'token' is no option") as refused:
        option_requirements("token")
    assert refused.value.code == "NB292"


def test_the_notebooks_version_of_what_the_runtime_needs_wins(kernel: Kernel) -> None:
    kernel.add("h11", "0.15.77")
    assert why(kernel.resolve({}).serving)["h11==0.15.77"] == "needed by uvicorn"


def test_a_version_that_the_runtime_cannot_work_with_is_refused(kernel: Kernel) -> None:
    kernel.add("starlette", "0.20.0")
    error = refusal(kernel, "json")
    assert (error.code, "starlette 0.20.0" in error.message, "starlette>=" in error.hint) == ("NB405", True, True)


def test_an_import_that_nothing_provides_names_its_cell(kernel: Kernel) -> None:
    error = refusal(kernel, "skleran")
    assert isinstance(error, InputError)
    assert (error.code, error.where and error.where.cell) == ("NB401", 3)


def test_two_packages_with_the_same_module_are_a_choice_for_the_user(kernel: Kernel) -> None:
    kernel.add("vision_four", module="vision4")
    kernel.add("vision_four_headless", module="vision4")
    error = refusal(kernel, "vision4")
    assert error.code == "NB402"
    assert "vision-four, vision-four-headless" in error.message


@pytest.mark.parametrize(
    ("requires", "other", "chosen"),
    [
        (("part-five",), {}, "whole-five"),  # whole brings part along
        ((), {"user_five": "imported in cell 2"}, "part-five"),  # only part is needed by something else
    ],
)
def test_of_two_providers_one_that_the_rest_points_to_is_taken(
    kernel: Kernel, requires: tuple[str, ...], other: dict[str, str], chosen: str
) -> None:
    version = str(len(other) + 1)
    kernel.add("whole_five", version, requires=requires, module="five.whole")
    kernel.add("part_five", version, module="five.part")
    kernel.add("user_five", version, requires=("part-five",))
    found = why(kernel.resolve({"five": "imported in cell 1"} | other).serving)
    assert found[f"{chosen}=={version}"]
    assert (f"whole-five=={version}" in found) == (chosen == "whole-five")


def test_a_dotted_name_tells_namespace_packages_apart(kernel: Kernel) -> None:
    kernel.add("auth_six", module="six6.auth")
    kernel.add("proto_six", module="six6.proto")
    names = [pin.name for pin in kernel.resolve({"six6.proto.message": "imported in cell 1"}).serving]
    assert "proto-six" in names
    assert "auth-six" not in names


def test_a_module_beside_the_notebook_is_refused_unless_the_project_brings_it(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("")
    assert refusal(kernel, "helpers", folder=tmp_path).code == "NB403"
    assert kernel.resolve({"helpers": "imported in cell 3"}, folder=tmp_path, local={"helpers"}).serving


def test_an_editable_project_is_refused(kernel: Kernel, tmp_path: Path) -> None:
    project = tmp_path / "mine"
    (project / "mine_seven").mkdir(parents=True)
    (project / "mine_seven" / "__init__.py").write_text("")
    # what an editable install leaves behind (PEP 610, PEP 660)
    kernel.install(make_wheel(tmp_path, "mine_project", "1.0", module="__editable_mine"))
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    kernel.rewrite("mine_project-1.0", "direct_url.json", origin)
    next(kernel.home.glob("lib/*/site-packages")).joinpath("_mine.pth").write_text(str(project))
    error = refusal(kernel, "mine_seven")
    assert (error.code, error.message.startswith("mine-project")) == ("NB404", True)


@pytest.mark.parametrize(
    "origin",
    [
        {"url": "https://example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}},
        {"url": "https://example.org/eight-1.0-py3-none-any.whl", "archive_info": {}},
    ],
)
def test_what_came_from_an_address_is_refused_without_telling_it(kernel: Kernel, origin: dict[str, object]) -> None:
    kernel.add("eight")
    kernel.rewrite("eight-1.0", "direct_url.json", origin)
    error = refusal(kernel, "eight")
    assert error.code == "NB404"
    assert "example.org" not in str(error)


def test_condas_build_addresses_mean_nothing(kernel: Kernel) -> None:
    kernel.add("nine")
    kernel.rewrite("nine-1.0", "direct_url.json", {"url": "file:///home/builder/work", "dir_info": {}})
    kernel.rewrite("nine-1.0", "INSTALLER", "conda\n")
    assert "nine==1.0" in why(kernel.resolve({"nine": "imported in cell 1"}).serving)


@pytest.mark.parametrize(("installed", "other"), [("1.0", "1.0+cpu"), ("1.0+cpu", "1.0")])
def test_a_local_label_is_part_of_the_version(kernel: Kernel, installed: str, other: str) -> None:
    kernel.add("labelled", installed)
    make_wheel(kernel.links, "labelled", other)
    pins = {pin.name: pin for pin in kernel.resolve({"labelled": "imported in cell 1"}).serving}
    assert (pins["labelled"].version, pins["labelled"].wheel) == (installed, f"labelled-{installed}-py3-none-any.whl")


def test_a_requirement_the_notebook_ran_without_is_told_not_invented(kernel: Kernel) -> None:
    kernel.add("lonely", requires=("absent-friend>=2",))
    names = [pin.name for pin in kernel.resolve({"lonely": "imported in cell 1"}).serving]
    assert "absent-friend" not in names
    assert [e.text for e in kernel.told if isinstance(e, Log)] == [
        "absent-friend>=2 (needed by lonely) is not installed where the notebook ran"
    ]


def test_system_packages_come_from_the_reviewed_table(kernel: Kernel) -> None:
    kernel.add("lightgbm", "0.0.1")
    assert kernel.resolve({"lightgbm": "imported in cell 1"}).system == ("libgomp1",)
    assert kernel.resolve({}, {"lightgbm": "imported in cell 1"}).system == ()


def test_an_old_import_of_the_same_cache_downloads_nothing(kernel: Kernel, no_index: Callable[[], None]) -> None:
    kernel.add("once")
    first = kernel.resolve({"once": "imported in cell 1"})
    no_index()
    assert kernel.resolve({"once": "imported in cell 1"}) == first


def test_progress_never_falls_and_ends_full(kernel: Kernel) -> None:
    kernel.add("bar_a", requires=("bar-b",))
    kernel.add("bar_b")
    total = len(kernel.resolve({"bar_a": "imported in cell 1"}).serving)
    told = [event for event in kernel.told if isinstance(event, StepAdvanced)]
    assert [event.done for event in told] == sorted(event.done for event in told)
    assert (told[-1].done, told[-1].total) == (total, total)


def test_a_wheel_that_is_nowhere_is_named(kernel: Kernel, no_index: Callable[[], None]) -> None:
    kernel.add("vanished", "1.5")
    (kernel.links / "vanished-1.5-py3-none-any.whl").unlink()
    no_index()
    error = refusal(kernel, "vanished")
    assert isinstance(error, ToolError)
    assert (error.code, "vanished 1.5" in error.message) == ("NB406", True)
    assert not list(kernel.cache.glob(".incoming-*"))


def test_an_index_that_cannot_be_reached_is_told_without_its_address(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel.add("unreached")
    (kernel.links / "unreached-1.0-py3-none-any.whl").unlink()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://user:secret@127.0.0.1:{closed.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")
        error = refusal(kernel, "unreached")
    assert (error.code, "cannot be reached" in error.message, "unreached 1.0" in error.message) == ("NB406", True, True)
    told = str(error) + "".join(map(str, kernel.told))
    assert "secret" not in told
    assert "127.0.0.1" not in told


def test_cancelling_ends_a_pip_that_waits_for_its_index(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.add("stuck")
    (kernel.links / "stuck-1.0-py3-none-any.whl").unlink()
    cancel = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.getsockname()[1]}/simple")

        def accept_and_cancel() -> None:
            connection, _ = server.accept()
            assert connection.recv(65536)  # pip asks ...
            cancel.set()
            with contextlib.suppress(ConnectionError):
                while connection.recv(65536):  # ... and is gone when this ends
                    pass
            gone.set()

        gone = threading.Event()
        thread = threading.Thread(target=accept_and_cancel, daemon=True)
        thread.start()
        with pytest.raises(Cancelled):
            kernel.resolve({"stuck": "imported in cell 1"}, cancel=cancel)
        thread.join(timeout=30)
        assert gone.is_set()
    assert not list(kernel.cache.glob(".incoming-*"))


def test_a_cut_off_wheel_is_fetched_again(kernel: Kernel) -> None:
    kernel.add("shortened")
    first = kernel.resolve({"shortened": "imported in cell 1"})
    wheel = wheels_folder(kernel.cache) / "shortened-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:100])
    assert kernel.resolve({"shortened": "imported in cell 1"}) == first
    assert digest(wheel) in {pin.sha256[0] for pin in first.serving}


def test_wheels_for_another_machine_are_chosen_by_its_tags(kernel: Kernel) -> None:
    here = {pin.name: pin.wheel for pin in kernel.resolve({}).serving}
    other, machine = ("linux/amd64", "x86_64") if "aarch64" in here["httptools"] else ("linux/arm64", "aarch64")
    there = {pin.name: pin.wheel for pin in kernel.resolve({}, platform=other).serving}
    assert machine in there["httptools"]
    assert there["starlette"] == here["starlette"]


def test_a_platform_without_wheels_is_a_usage_error(kernel: Kernel) -> None:
    with pytest.raises(UsageError, match="linux/arm64"):
        kernel.resolve({}, platform="plan9/mips")


def test_an_interpreter_that_is_none_is_an_error(kernel: Kernel) -> None:
    (kernel.home / "bin" / "python").unlink()
    assert refusal(kernel, "json").code == "NB408"


def test_an_interpreter_that_fails_is_an_error(kernel: Kernel) -> None:
    next(kernel.home.glob("lib/*/site-packages")).joinpath("_crash.pth").write_text("import os; os._exit(3)\n")
    error = refusal(kernel, "json")
    assert (error.code, "exit code 3" in error.message) == ("NB408", True)


def test_a_cache_that_cannot_be_written_is_an_error(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(kernel, "json", cache=tmp_path / "file" / "cache").code == "NB409"


def test_resolving_imports_nothing(kernel: Kernel) -> None:
    kernel.add("explosive")
    next(kernel.home.glob("lib/*/site-packages/explosive/__init__.py")).write_text("raise SystemExit(9)\n")
    assert kernel.resolve({"explosive": "imported in cell 1"}).serving
    assert "explosive" not in sys.modules
