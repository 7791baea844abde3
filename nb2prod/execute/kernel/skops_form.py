"""Artifacts as skops files, the same bytes for the same model.

skops writes memory addresses, random file names and times into its zip file; all are replaced by counting.
"""

from __future__ import annotations

import importlib
import io
import json
import pathlib
import zipfile
from typing import Any

from .equality import ADDRESSES
from .errors import UnfitError


def dump_skops(value: Any) -> tuple[bytes, list[str]]:
    try:
        skops = importlib.import_module("skops.io")
    except ImportError:
        raise UnfitError("skops is not installed in the kernel's environment") from None
    data = _settled(skops.dumps(value))
    return data, sorted(skops.get_untrusted_types(data=data))


def _settled(data: bytes) -> bytes:
    """A skops file without memory addresses, random names and times, so that equal models give equal bytes."""
    source = zipfile.ZipFile(io.BytesIO(data))
    schema = json.loads(source.read("schema.json"))
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            for name in ADDRESSES & node.keys():
                node[name]["content"] = "0"
            if isinstance(node.get("__id__"), int):
                node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
            file = node.get("file")
            if isinstance(file, str) and file in source.NameToInfo:
                node["file"] = files.setdefault(file, f"{len(files)}{pathlib.PurePath(file).suffix}")
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        pending.extend(reversed(list(children)))
    members = {new: source.read(old) for old, new in files.items()}
    for name, member in members.items():
        if name.endswith(".npz"):
            inner = zipfile.ZipFile(io.BytesIO(member))
            members[name] = _zipped({item: inner.read(item) for item in inner.namelist()}, zipfile.ZIP_STORED)
        elif name.endswith(".npy"):
            members[name] = _without_gaps(member)
    return _zipped({"schema.json": json.dumps(schema).encode(), **members}, zipfile.ZIP_DEFLATED)


def _without_gaps(member: bytes) -> bytes:
    """An array of records (the nodes of a tree) has unused bytes between its fields, which hold anything."""
    numpy = importlib.import_module("numpy")
    array = numpy.load(io.BytesIO(member), allow_pickle=False)
    if not array.dtype.names:
        return member
    clean = numpy.zeros(array.shape, array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    buffer = io.BytesIO()
    numpy.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def _zipped(members: dict[str, bytes], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, member in members.items():
            target.writestr(zipfile.ZipInfo(name), member, compress_type=compression)
    return buffer.getvalue()
