"""Data that flows through the disk: which files a call reads and writes, told by path.

    clean.to_csv("clean.csv")          writes  file clean.csv
    df = pd.read_csv("clean.csv")      reads   file clean.csv: depends on the line above

A path is known where it is a literal, a name of one, or made of these by ``/``, ``os.path.join`` and f-strings. In the
summary of a function it may hold ``{<p>}``, the parameter p, and ``{$x}``, the global x; ``*`` is a path nobody knows.
An unknown path may be any file. Errs towards "the same file".
"""

# ruff: noqa: SIM905  (sets of words read better as prose)

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

FILE = "file "
"""How the hidden name of a file begins; it has a space, so that no variable is called like that."""
ANY = "*"
NOTHING = ""
FOLDER = "working folder"
"""The hidden name of the process's working folder."""

Use = Literal["read", "write", "overwrite", "hold", "fetch"]
"""`write` may leave some of what was there; `hold` is an object that is given a path and may write it later; `fetch`
reads an address."""

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.I)
_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:[\\/]|\\\\")
_LIKE_A_FILE = re.compile(r"[^\n\t<>|?*\"]*[^\s./\\]\.[A-Za-z][A-Za-z0-9]{0,9}")
_MARK = re.compile(r"\{([$<][^{}]*)\}")

_READERS = frozenset(
    "loadtxt genfromtxt fromfile memmap imread loadmat load_model load_weights load_svmlight_file open_memmap "
    "listdir scandir walk glob iglob exists isfile isdir getsize getmtime load whosmat".split()
)
_WRITERS = frozenset(
    "savez savez_compressed savetxt savemat save_model save_weights imwrite imsave savefig write_csv write_parquet "
    "write_json write_excel save_pretrained export_graphviz dump_svmlight_file makedirs mkdir remove unlink rmtree "
    "rmdir removedirs ExcelWriter".split()
)
_OVERWRITERS = frozenset("to_csv to_json to_excel to_parquet to_pickle to_feather to_stata to_orc save savetxt".split())
_MOVERS = frozenset("copy copy2 copyfile copytree move rename replace".split())
_OF_A_PATH: Mapping[str, Use] = {
    "read_text": "read", "read_bytes": "read", "exists": "read", "is_file": "read", "is_dir": "read", "glob": "read",
    "rglob": "read", "iterdir": "read", "stat": "read", "write_text": "overwrite", "write_bytes": "overwrite",
    "unlink": "write", "mkdir": "write", "rmdir": "write", "touch": "write", "rename": "write", "replace": "write",
}  # fmt: skip
"""Methods of `pathlib.Path`."""
_ONLY_OF_A_PATH = frozenset("read_text read_bytes write_text write_bytes unlink mkdir rmdir touch iterdir".split())
"""Those that hardly anything else has."""
_OPENS_TO_READ = frozenset("io os codecs gzip bz2 lzma tarfile wave PIL rasterio fitz aiofiles tokenize".split())
"""Modules whose `open` reads where no mode is given."""
_HANDLES_ONLY = frozenset("pickle json yaml dill csv marshal cloudpickle simplejson tomllib toml".split())
"""Modules whose `load` and `dump` take an open file, never a path."""
_PROGRAMS = frozenset("system popen run call check_call check_output Popen getoutput".split())
_LOOKING = frozenset(
    "ls cat head tail wc echo pwd nvidia-smi df du free lscpu which whoami date file tree uname env printenv nproc "
    "hostname ps top stat md5sum sha256sum pip pip3 conda".split()
)
"""Programs that write no file that a notebook reads."""
_PATH_WORDS = (
    "path_or_buf",
    "filepath_or_buffer",
    "path",
    "filename",
    "file",
    "fname",
    "io",
    "f",
    "fp",
    "excel_writer",
)
_PATH_MODULES = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"})


@dataclass(frozen=True, slots=True)
class FileUse:
    """What is done to the file at `path`. `known` tells that the call is known to do so, not only suspected."""

    use: Use
    path: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Paths:
    """How to read paths at one place: `library` is the full name of an imported function (or None); `mark` the text a
    name stands for there, None where it is unknown; `is_handle` tells names of open files."""

    library: Callable[[ast.expr], str | None]
    mark: Callable[[str], str | None]
    is_handle: Callable[[str], bool]

    def path_of(self, node: ast.expr | None) -> str | None:
        """The path an expression gives, `ANY` where it cannot be known; None where it surely is none."""
        match node:
            case None | ast.Dict() | ast.List() | ast.Tuple() | ast.Lambda():
                return None
            case ast.Constant(value=str() as text):
                return ANY if "{" in text else text
            case ast.Constant():
                return None
            case ast.Name(id=name):
                return None if self.is_handle(name) else self.mark(name) or ANY
            case ast.JoinedStr(values=parts):
                return _joined("", [self._part(part) for part in parts])
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _joined("/", [self.path_of(left), self.path_of(right)])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined("", [self.path_of(left), self.path_of(right)])
            case ast.Call(func=function, args=parts):
                name = self.library(function) or ""
                if name in _PATH_MODULES or name in ("os.path.join", "posixpath.join"):
                    return _joined("/", [self.path_of(part) for part in parts]) if parts else "."
                if name in ("os.path.abspath", "os.path.realpath", "os.fspath", "os.path.normpath") and parts:
                    return self.path_of(parts[0])
                if isinstance(function, ast.Name) and function.id == "str" and len(parts) == 1:
                    return self.path_of(parts[0])
                return None if name.endswith(("StringIO", "BytesIO")) else ANY
            case _:
                return ANY

    def _part(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.FormattedValue):
            return self.path_of(node.value) if node.format_spec is None and node.conversion == -1 else ANY
        return self.path_of(node)


def file_uses(call: ast.Call, path: str | None, at: Paths, *, discarded: bool, opaque: bool) -> Iterable[FileUse]:
    """What a call does to files. `path` is the function's full name where it is imported; `opaque` that nothing is
    known of the function but its name."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    module = (path or "").rpartition(".")[0]
    first, second = _argument(call, 0), _argument(call, 1)
    if name == "open" and module not in ("webbrowser",):
        receiver = function.value if isinstance(function, ast.Attribute) and path is None else None
        opened = at.path_of(receiver or first)
        yield from _opened(opened, call, method=receiver is not None)
        if path is not None and module.partition(".")[0] not in _OPENS_TO_READ:  # ``shelve.open(path)`` may write
            yield from (*_on("write", opened), *_on("hold", opened))
    elif path in ("os.chdir", "os.fchdir"):
        yield FileUse("write", FOLDER)
    elif name in _PROGRAMS and module in ("os", "subprocess"):
        yield FileUse("read", ANY, known=False)
        if not _only_looks(first):
            yield FileUse("write", ANY, known=False)
    elif (
        path is None
        and name in _OF_A_PATH
        and isinstance(function, ast.Attribute)
        and (name in _ONLY_OF_A_PATH or _is_path(function.value, at))
    ):
        yield from _on(_OF_A_PATH[name], at.path_of(function.value))
        if name in ("rename", "replace"):
            yield from _on("write", at.path_of(first))
    elif name in _MOVERS and module in ("os", "shutil"):
        yield from _on("read", at.path_of(first))
        yield from _on("write", at.path_of(second))
        if name in ("move", "rename", "replace"):
            yield from _on("write", at.path_of(first))
    elif name == "urlretrieve":
        yield from _on("overwrite", at.path_of(second))
    elif name in ("memmap", "open_memmap"):
        mode = next((k.value for k in call.keywords if k.arg == "mode"), None)
        yield from _on("read", at.path_of(first))
        if not (isinstance(mode, ast.Constant) and mode.value in ("r", "c")):
            yield from (*_on("write", at.path_of(first)), *_on("hold", at.path_of(first)))
    elif name in ("extractall", "unpack_archive"):
        yield from _on("read", at.path_of(first) if path else None)
        yield FileUse("write", ANY)
    elif name == "dump" and isinstance(function, ast.Attribute):
        yield from _on("overwrite", None if module.split(".")[0] in _HANDLES_ONLY else at.path_of(second))
    elif name == "save" and module.split(".")[0] in ("torch", "joblib", "cloudpickle"):
        yield from _on("overwrite", at.path_of(second))
    elif name in _OVERWRITERS and isinstance(function, ast.Attribute):
        mode = next((k.value for k in call.keywords if k.arg == "mode"), None)
        appends = mode is not None and not (isinstance(mode, ast.Constant) and mode.value == "w")
        written = at.path_of(first)
        if path == "numpy.save" and written not in (None, ANY) and not str(written).endswith(".npy"):
            written = f"{written}.npy"
        if first is not None and not (isinstance(first, ast.Constant) and first.value is None):
            yield from _on("write" if appends else "overwrite", written)
    elif name in _WRITERS:
        written = at.path_of(first)
        if name.startswith("savez") and written not in (None, ANY) and not str(written).endswith(".npz"):
            written = f"{written}.npz"
        yield from _on("write", written)
        if name == "ExcelWriter":
            yield from _on("hold", written)
    elif (name.startswith("read_") and path is not None) or (name in _READERS and (path is not None or name != "load")):
        if not (name == "load" and module.split(".")[0] in _HANDLES_ONLY):
            yield from _on("read", at.path_of(first))
    elif opaque:
        yield from _suspected(call, at, discarded=discarded)


def _only_looks(command: ast.expr | None) -> bool:
    """Whether a literal command line consists of programs that write no file."""
    match command:
        case ast.Constant(value=str() as text):
            pass
        case ast.List(elts=parts) if all(isinstance(p, ast.Constant) for p in parts):
            text = " ".join(str(p.value) for p in parts if isinstance(p, ast.Constant))
        case _:
            return False
    if any(sign in text for sign in "><`$"):
        return False
    programs = [part.split()[0] for part in re.split(r"[;&|\n]+", text) if part.split()]
    return all(posixpath.basename(program) in _LOOKING for program in programs)


def _on(use: Use, path: str | None) -> Iterable[FileUse]:
    if path is not None and _URL.match(path):
        yield from [FileUse("fetch", path)] if use == "read" else []
    elif path is not None:
        yield FileUse(use, path)


def _opened(path: str | None, call: ast.Call, *, method: bool) -> Iterable[FileUse]:
    given = _argument(call, 0 if method else 1)
    mode = next((k.value for k in call.keywords if k.arg == "mode"), given)
    how = mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else "r" if mode is None else "+"
    if "r" in how or "+" in how or "a" in how:
        yield from _on("read", path)
    if set(how) & set("wax+"):
        yield from _on("overwrite" if "w" in how or "x" in how else "write", path)
        yield from _on("hold", path)


def _suspected(call: ast.Call, at: Paths, *, discarded: bool) -> Iterable[FileUse]:
    """A call of something unknown that is handed the path of a file, or `open` itself."""
    if any(isinstance(node, ast.Name) and node.id == "open" for node in call.args):
        yield from (FileUse("read", ANY, known=False), FileUse("write", ANY, known=False))
        yield FileUse("hold", ANY, known=False)
    for node in (*call.args, *(k.value for k in call.keywords)):
        if not isinstance(node, ast.Constant | ast.Name | ast.BinOp | ast.JoinedStr | ast.Call):
            continue
        path = at.path_of(node)
        if path in (None, ANY) or _URL.match(str(path)) or not _may_be_a_file(str(path)):
            continue
        yield FileUse("read", str(path), known=False)
        yield FileUse("write", str(path), known=False)
        if not discarded:
            yield FileUse("hold", str(path), known=False)


def _may_be_a_file(path: str) -> bool:
    return bool(_MARK.search(path)) or bool(_LIKE_A_FILE.fullmatch(path))


def _is_path(node: ast.expr, at: Paths) -> bool:
    """Whether a receiver of ``exists()`` or ``replace()`` may be a path: text has a `replace` of its own."""
    match node:
        case ast.Constant() | ast.JoinedStr():
            return False
        case ast.Call(func=function):
            return (at.library(function) or "") in _PATH_MODULES
        case ast.BinOp(op=ast.Div()):
            return True
        case ast.Name(id=name):
            return at.mark(name) is not None
        case _:
            return False


def _argument(call: ast.Call, position: int) -> ast.expr | None:
    if position < len(call.args):
        found = call.args[position]
        return None if isinstance(found, ast.Starred) else found
    if position == 0 or not call.args[position:]:
        return next((k.value for k in call.keywords if k.arg in _PATH_WORDS), None)
    return None


def _joined(between: str, parts: Iterable[str | None]) -> str:
    texts = list(parts)
    if any(part is None or part == ANY for part in texts):
        return ANY
    return between.join(str(part) for part in texts)


def resolved(use: FileUse, text_of: Callable[[str], str | None]) -> FileUse:
    """`use` with its marks (``<p>``, ``$x``) replaced by the paths that `text_of` gives.

    Unknown ones make it `ANY`, or `NOTHING` where the use was only suspected.
    """
    missing = False

    def text(found: re.Match[str]) -> str:
        nonlocal missing
        known = text_of(found[1])
        missing |= known is None or known == ANY
        return known or ""

    path = _MARK.sub(text, use.path)
    if missing:
        path = ANY if use.known else NOTHING
    return use if path == use.path else FileUse(use.use, path, use.known)


def plain_path(path: str) -> str:
    """A path in one spelling: ``./data//x.csv`` and ``data\\x.csv`` are ``data/x.csv``."""
    return path if path in (ANY, FOLDER) else posixpath.normpath(path.replace("\\", "/"))


def is_absolute(path: str) -> bool:
    return bool(_ABSOLUTE.match(path))


def may_be_same(one: str, other: str) -> bool:
    """Whether two paths may lead to one file, or one of them into the other."""
    if FOLDER in (one, other):
        return one == other
    if ANY in (one, other) or one == other or "." in (one, other):
        return True
    if one.startswith(f"{other}/") or other.startswith(f"{one}/"):
        return True
    roundabout = any(is_absolute(p) or p.startswith("..") for p in (one, other))
    return roundabout and posixpath.basename(one) == posixpath.basename(other)


def leads_into(folder: str, path: str) -> bool:
    """Whether `folder` is, or may be, a folder above `path`."""
    return folder == ANY or path.startswith(f"{folder}/")
