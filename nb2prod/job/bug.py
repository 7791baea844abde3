"""An exception that nobody expected, told like any other error."""

import traceback
from pathlib import Path

from nb2prod.errors import Nb2ProdError, Where

PACKAGE = Path(__file__).resolve().parent.parent


class Bug(Nb2ProdError):  # noqa: N818 - the word of the tree it belongs to
    """A fault of nb2prod itself; `__cause__` is the exception. Code ``NB070``, exit code 70."""

    exit_code = 70


def bug_from(fault: BaseException) -> Bug:
    """The error for `fault`: what was raised, and the innermost line of nb2prod on the way to it."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)] or frames
    where = Where(path=Path(ours[-1].filename).name, line=ours[-1].lineno) if ours else None
    text = " ".join(str(fault).split())
    bug = Bug(
        f"{type(fault).__name__}: {text}" if text else type(fault).__name__,
        code="NB070",
        hint="This is a bug in nb2prod. Run the same command with `nb2prod --debug …` and report what it prints.",
        where=where,
    )
    bug.__cause__ = fault
    return bug
