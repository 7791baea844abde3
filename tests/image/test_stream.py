"""What the builder says, folded."""

from typing import Any

from nb2prod.events import Log, StepAdvanced
from nb2prod.image.stream import BuildState, build_failed, instruction_line, observe

STEPS = [
    {"stream": "Step 1/3 : FROM base"},
    {"stream": "\n"},
    {"stream": " ---> 0a7cd342033e\n"},
    {"stream": "Step 2/3 : RUN pip"},
    {"stream": "\n"},
    {"stream": " ---> Running in 5f8add873929\n"},
    {"stream": "Collecting pan"},
    {"stream": "das\n\x1b[91mwarning: x\x1b[0m\n"},
]


def fold(messages: list[dict[str, Any]]) -> tuple[BuildState, list[Any]]:
    state, told = BuildState(), []
    for message in messages:
        state, events = observe(state, message, "image")
        told += events
    return state, told


def test_steps_advance_and_lines_are_whole() -> None:
    state, told = fold(STEPS)
    assert told == [
        StepAdvanced("image", 0, 3, "FROM base"),
        StepAdvanced("image", 1, 3, "RUN pip"),
        Log("image", "debug", "Collecting pandas"),
        Log("image", "debug", "warning: x"),
    ]
    assert (state.done, state.container) == (2, "5f8add873929")


def test_a_failed_step_is_named_with_its_last_lines() -> None:
    state, _ = fold([*STEPS, {"error": "code 1", "errorDetail": {"message": "returned a non-zero code: 1"}}])
    error = build_failed(state, "base")
    assert error.code == "NB904"
    assert "Step 2 of 3" in error.message
    assert "'RUN pip'" in error.message
    assert "Collecting pandas\nwarning: x" in error.message


def test_a_failed_step_is_found_in_the_dockerfile() -> None:
    state, _ = fold([*STEPS, {"error": "code 1"}])
    text = "# syntax\nFROM base\n\n# why\nRUN pip \\\n # amid\n install\nUSER 1\n"
    where = build_failed(state, "base", text).where
    assert where is not None
    assert (where.path, where.line) == ("Dockerfile", 5)
    assert [instruction_line(text, n) for n in (1, 3, 4)] == [2, 8, None]


def test_a_base_image_with_another_python_is_told_apart() -> None:
    said = "\x1b[91mThis project needs Python 3.13; the base image has 3.11\x1b[0m\n"
    error = build_failed(fold([*STEPS, {"stream": said}, {"error": "code 1"}])[0], "debian:12")
    assert error.message == "The base image debian:12 has Python 3.11; this project needs 3.13, as its kernel had."
    assert "python:3.13-slim" in error.hint


def test_a_base_image_that_cannot_be_had_is_told_apart() -> None:
    state, _ = fold([*STEPS[:2], {"error": "pull access denied"}])
    assert build_failed(state, "base").code == "NB903"


def test_a_full_disk_is_told_apart() -> None:
    state, _ = fold([*STEPS, {"stream": "OSError: [Errno 28] No space left on device\n"}, {"error": "code 1"}])
    assert build_failed(state, "base").code == "NB905"


def test_the_image_is_known_from_aux_or_from_the_last_line() -> None:
    assert fold([{"aux": {"ID": "sha256:ab"}}, {"stream": "Successfully built ab\n"}])[0].image == "sha256:ab"
    assert fold([{"stream": "Successfully built ab\n"}])[0].image == "ab"
