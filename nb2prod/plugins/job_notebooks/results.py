"""The result of a job, as a notebook shows it: Markdown, plots, and at its end the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nb2prod.errors import Nb2ProdError


class JobFailed(Exception):  # noqa: N818 - a verdict, not a fault
    """The job said no. Its text ends with nb2prod's exit code, which `nb2prod jobs run` ends with."""

    def __init__(self, error: Mapping[str, Any], exit_code: int) -> None:
        super().__init__(f"{error['code']} {error['message']} (exit code {exit_code})")
        self.error, self.exit_code = error, exit_code

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback, which would lead into nb2prod."""
        from nb2prod.console.problems import error_lines

        return [str(line) for line in error_lines(self.error)]


@dataclass(frozen=True, slots=True)
class Result:
    """`markdown` is the report, `plots` are SVG documents, `values` are for programs, `error` as in docs/json.md."""

    markdown: str
    plots: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    exit_code: int = 0

    def _ipython_display_(self) -> None:
        from IPython.display import SVG, Markdown, display

        display(Markdown(self.markdown))
        for plot in self.plots:
            display(SVG(data=plot))

    def gate(self) -> None:
        """Raises JobFailed where the job failed."""
        if self.error is not None:
            raise JobFailed(self.error, self.exit_code)


def refused(error: Nb2ProdError) -> Result:
    """The result of a job that could not begin."""
    from nb2prod.console.markdown import report_markdown
    from nb2prod.job import error_json

    told = error_json(error)
    report = {"status": "failed", "error": told}
    return Result(report_markdown(report), (), report, told, error.exit_code)


def given(values: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """``"scale=3.0 name='a b'"`` or a mapping, as parameters by name. Raises UsageError NB274."""
    from nb2prod.errors import UsageError

    if not isinstance(values, str):
        return dict(values or {})
    import shlex

    try:
        pairs = [word.partition("=") for word in shlex.split(values)]
    except ValueError as error:
        raise UsageError(f"{values!r}: {error}.", code="NB274", hint="For example: scale=3.0 name='a b'") from error
    for name, equals, _ in pairs:
        if not equals or not name.isidentifier():
            raise UsageError(f"{name!r} is not name=value.", code="NB274", hint="For example: scale=3.0 name='a b'")
    return {name: value for name, _, value in pairs}
