"""The error tree. Each error says what happened, where, and what to do; each kind has one exit code.

Nb2ProdError                    1
├── UsageError                  2   the command line or the settings
├── InputError                  1   the notebook, before it runs
├── RunError                    3   the notebook failed to run
├── GateError                   1   tests, parity or the champion said no
├── ToolError                   4   Docker, MLflow, pip, a disk that is full
└── Cancelled                 130
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Where:
    """A place: a file, and in a notebook the 1-based cell and line."""

    path: str | None = None
    cell: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        cell = f"cell {self.cell}" if self.cell is not None else ""
        line = f"line {self.line}" if self.line is not None else ""
        return ", ".join(part for part in (self.path or "", cell, line) if part)


class Nb2ProdError(Exception):
    """What a user is told: `message` (what), `where`, `hint` (what to do), `code` (as for findings)."""

    exit_code = 1

    def __init__(self, message: str, *, code: str, hint: str = "", where: Where | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where is not None and str(self.where) else ""
        return f"{self.code} {place}{self.message}" + (f" {self.hint}" if self.hint else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.code, self.hint, self.where)


def _rebuild(kind: type[Nb2ProdError], message: str, code: str, hint: str, where: Where | None) -> Nb2ProdError:
    return kind(message, code=code, hint=hint, where=where)


class UsageError(Nb2ProdError):
    exit_code = 2


class InputError(Nb2ProdError):
    exit_code = 1


class RunError(Nb2ProdError):
    exit_code = 3


class GateError(Nb2ProdError):
    exit_code = 1


class ToolError(Nb2ProdError):
    exit_code = 4


class Cancelled(Nb2ProdError):  # noqa: N818 - no error of anybody's: it was asked for
    exit_code = 130

    def __init__(self, message: str = "cancelled", *, code: str = "NB130", hint: str = "", where: Where | None = None):
        super().__init__(message, code=code, hint=hint, where=where)
