"""Bytes to text: says what a file is when it is not UTF-8 text, in the words of the person who saved it."""

import codecs
import json
import re

from nb2prod.errors import InputError, Where
from nb2prod.model.findings import Finding, Severity
from nb2prod.secrets import mask_of

SIZE_LIMIT = 200 * 1024 * 1024
"""Bytes. A larger notebook is nearly all outputs."""

_COMPRESSED = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)
_BINARY = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x7fELF", "a program"),
)
_CHUNK = 16 * 1024 * 1024
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_BOM = b"\xef\xbb\xbf"
_LFS = "version https://git-lfs.github.com/spec/"
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|={7})(?: |$)", re.MULTILINE)


def shorten(text: object, limit: int = 60) -> str:
    """`text` quoted for a message: no secrets, no control characters, nothing a terminal would act on, at most `limit`
    characters."""
    text = mask_of(())(text) if isinstance(text, str) else text
    quoted = ascii(text) if isinstance(text, str) and not text.isprintable() else repr(text)
    return quoted if len(quoted) <= limit else quoted[: limit - 1] + "…"


def words(text: str) -> frozenset[str]:
    """A set of words, as prose."""
    return frozenset(text.split())


def decode_text(data: bytes, name: str) -> tuple[str, tuple[Finding, ...]]:
    """The text of a notebook file, without its byte order mark.

    Raises InputError NB104–NB109, NB112, NB113, NB122 where the bytes are no UTF-8 JSON text of a sensible size, and
    NB110 where they end inside a character.
    """
    where = Where(path=name)
    if not data.strip():
        raise InputError("the file is empty.", code="NB104", where=where, hint="Save the notebook again in Jupyter.")
    if len(data) > SIZE_LIMIT:
        raise InputError(
            f"the file has {len(data) / 1e6:.0f} MB; the limit is {SIZE_LIMIT / 1e6:.0f} MB.",
            code="NB122",
            where=where,
            hint="Clear the outputs (jupyter nbconvert --clear-output --inplace).",
        )
    _refuse_binary(data, where)
    findings: tuple[Finding, ...] = ()
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
        findings = (Finding("NB111", Severity.INFO, "the file starts with a UTF-8 byte order mark; it was ignored."),)
        if not data.strip():
            raise InputError("the file is empty.", code="NB104", where=where, hint="Save the notebook again.")
    try:
        text = _decode(data)
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise truncated(len(data), where) from None
        raise InputError(
            f"byte 0x{data[error.start]:02X} at offset {error.start} is not UTF-8.",
            code="NB113",
            where=where,
            hint="Save the file as UTF-8.",
        ) from None
    _refuse_other_text(text, where)
    return text, findings


def _decode(data: bytes) -> str:
    """The text. In a large file every character beyond ASCII is written as JSON's escape of it, which means the same.

    Python keeps all characters of a string as wide as its widest: one emoji would make 200 MB of text 800 MB.
    """
    if len(data) <= _CHUNK:
        return data.decode("utf-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    parts = []
    try:
        for start in range(0, len(data), _CHUNK):
            part = decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
            parts.append(part if part.isascii() else _BEYOND_ASCII.sub(_escape, part))
    except UnicodeDecodeError:
        return data.decode("utf-8")  # raises again, with the place in the whole file
    return "".join(parts)


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def truncated(size: int, where: Where) -> InputError:
    return InputError(
        f"the file ends early, at byte {size} (an interrupted save or download?).",
        code="NB110",
        where=where,
        hint="Restore it, e.g. from .ipynb_checkpoints, or download it again.",
    )


def _refuse_binary(data: bytes, where: Where) -> None:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise _encoding("UTF-32", where)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:2] in (b"{\x00", b"\x00{"):
        raise _encoding("UTF-16", where)
    for magic, what in _COMPRESSED:
        if data.startswith(magic):
            raise InputError(f"this is a compressed file ({what}).", code="NB106", where=where, hint="Unpack it first.")
    for magic, what in _BINARY:
        if data.startswith(magic):
            raise _not_json(what, where)
    if b"\x00" in data:
        raise _not_json("binary data", where)


def _refuse_other_text(text: str, where: Where) -> None:
    start = text.lstrip(" \t\r\n")[:200]
    if start.startswith("<") and not start.startswith("<<<<<<<"):
        raise InputError(
            "this is an HTML or XML page, not a notebook.",
            code="NB107",
            where=where,
            hint="Download the raw file (on a code host: the 'Raw' button).",
        )
    if start.startswith(_LFS):
        raise InputError(
            "this is a Git LFS pointer; the notebook itself is not here.",
            code="NB108",
            where=where,
            hint="Run: git lfs pull",
        )
    if conflict := _CONFLICT.search(text):  # no JSON string can hold a raw newline, so this is never content
        line = text.count("\n", 0, conflict.start()) + 1
        raise InputError(
            f"unresolved merge conflict at line {line}.",
            code="NB109",
            where=Where(where.path, line=line),
            hint="Resolve it (nbdime's nbmerge can), then try again.",
        )
    if start[:1] == "" or start[0] not in '{[-0123456789"tfnNI':
        raise _not_json("other text", where)


def _encoding(found: str, where: Where) -> InputError:
    return InputError(f"the encoding is {found}.", code="NB112", where=where, hint="Save the file as UTF-8.")


def _not_json(found: str, where: Where) -> InputError:
    return InputError(
        f"this is not a notebook but {found}.", code="NB105", where=where, hint="Name a Jupyter notebook (.ipynb)."
    )
