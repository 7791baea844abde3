"""The lock is held by one at a time and never blocks after its holder died."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nb2prod.errors import InputError, ToolError
from nb2prod.files import digest_bytes, digest_file, project_lock, read_file, state_folder, write_atomic

HOLD = (
    "import sys, time; from pathlib import Path; from nb2prod.files import project_lock\n"
    "with project_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


def test_the_state_lies_beside_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert state_folder(Path("build/churn")) == tmp_path / "build/.nb2prod/churn"
    assert list(tmp_path.iterdir()) == []


def test_a_second_build_is_told_who_works_there_and_gets_in_after_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "p")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(ToolError, match=rf"NB965 .*process {child.pid}\)"), project_lock(tmp_path / "p", wait=0.1):
            pass
        with project_lock(tmp_path / "another"):
            pass
        child.send_signal(signal.SIGKILL)
    with project_lock(tmp_path / "p", wait=1) as state:
        assert state == state_folder(tmp_path / "p")
        assert (state / "holder").read_text() == str(os.getpid())


def test_the_process_that_holds_it_may_enter_again_from_any_thread(tmp_path: Path) -> None:
    entered = threading.Event()
    done = threading.Event()

    def enter() -> None:
        with project_lock(tmp_path / "p"):
            entered.set()
            done.wait(10)

    command = [sys.executable, "-c", HOLD, str(tmp_path / "p")]
    with project_lock(tmp_path / "p"):
        thread = threading.Thread(target=enter)
        thread.start()
        assert entered.wait(10)
    # Still held by the thread, which came second and leaves last.
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 1
    done.set()
    thread.join()
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def test_a_lock_that_is_a_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("x")
    state = state_folder(tmp_path / "p")
    state.mkdir(parents=True)
    (state / "lock").symlink_to(target)
    with pytest.raises(InputError, match="NB264"), project_lock(tmp_path / "p"):
        pass
    assert target.read_text() == "x"


def test_stages_of_the_dead_are_removed_and_those_of_neighbours_are_not(tmp_path: Path) -> None:
    for name in (".p.stage-1", ".p.old-1", ".pq.stage-1"):
        (tmp_path / name).mkdir()
    state = state_folder(tmp_path / "p")
    state.mkdir(parents=True)
    (state / "swap.json").write_text('{"stage": "../../etc", "aside": 1}')  # nobody's journal moves anything
    with project_lock(tmp_path / "p"):
        pass
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".nb2prod", ".pq.stage-1"]
    assert not (state / "swap.json").exists()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_atomic(tmp_path / "new/folder/file", b"1")
    write_atomic(tmp_path / "new/folder/file", b"2")
    assert [entry.read_bytes() for entry in (tmp_path / "new/folder").iterdir()] == [b"2"]
    assert digest_file(tmp_path / "new/folder/file") == digest_bytes(b"2")
    with pytest.raises(ToolError, match="NB961"):
        write_atomic(tmp_path / "new/folder/file/below", b"3")


def test_reading_the_wrong_thing_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "churn.ipynb").write_bytes(b"{}")
    assert read_file(tmp_path / "churn.ipynb") == b"{}"
    with pytest.raises(InputError, match=r"NB101 .*Did you mean .*churn\.ipynb\?"):
        read_file(tmp_path / "chrun.ipynb")
    with pytest.raises(InputError, match="NB101"):
        read_file(tmp_path / "no/such/folder.ipynb")
    with pytest.raises(InputError, match=r"NB102 .*a folder"):
        read_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"NB102 .*pipe"):
        read_file(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"NB102 .*device"):
        read_file(Path("/dev/zero"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(InputError, match="NB102"):
            read_file(tmp_path / "s")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "good").symlink_to("churn.ipynb")
    for name in ("dangling", "loop"):
        with pytest.raises(InputError, match="NB103"):
            read_file(tmp_path / name)
    assert read_file(tmp_path / "good") == b"{}"
    with (tmp_path / "huge.ipynb").open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    with pytest.raises(InputError, match=r"NB122 .*315 MB"):
        read_file(tmp_path / "huge.ipynb")
