"""The notebook's file with the draft in it: roles as tags, what is stated as metadata, and no other byte changed."""

from pathlib import Path

from nb2prod.errors import Nb2ProdError
from nb2prod.files.source import read_file
from nb2prod.notebook.fields import write_fields
from nb2prod.steps.reading import notebook_from
from nb2prod.steps.study import retagged
from nb2prod_gui.flow.draft import Draft
from nb2prod_gui.flow.study import Opened


def with_draft(path: Path, opened: Opened, draft: Draft) -> tuple[bytes, bytes]:
    """The bytes of the file as they are, and as they are to be. Raises Nb2ProdError: NB227 where the file was changed
    since it was opened, else as reading and tagging do."""
    data = read_file(path)
    notebook = notebook_from(data, path)
    if notebook.digest != opened.digest:
        raise Nb2ProdError(
            "the notebook was changed on disk since it was opened.", code="NB227",
            hint="Reload it: the roles you chose are kept where their cells are still there.",
        )  # fmt: skip
    after = retagged(data, notebook, draft.roles)
    if draft.fields or draft.answers or draft.watch is not None:
        answers = {column: name for column, name in {**opened.answers, **draft.answers}.items() if name}
        after = write_fields(after, {**opened.fields, **draft.fields}, draft.watch, answers)
    return data, after
