"""Templates: they place finished strings and compute nothing. The only module that knows jinja2."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import nb2prod

if TYPE_CHECKING:
    from jinja2 import Environment


def fill(template: str, **strings: object) -> str:
    """The text of `template` (a path below ``templates/``) with every placeholder given; a missing one is a bug."""
    return str(_environment().get_template(template).render(strings))


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    package = Path(
        nb2prod.__file__
    ).parent  # in the wheel the templates are inside the package, in a checkout beside it
    return Environment(
        loader=FileSystemLoader([package / "templates", package.parent / "templates"]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  Python and Markdown, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
