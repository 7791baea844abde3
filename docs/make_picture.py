"""Makes docs/run.svg: a real build of a sample, as its terminal showed it at the end.

    .venv/bin/python docs/make_picture.py

Needs a Docker engine and a base image (NB2PROD_BASE_IMAGE). The build runs in a pseudo-terminal, in a folder of its
own; what it writes goes through the few control sequences that it uses, and the screen becomes an SVG.
"""

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

DOCS = Path(__file__).resolve().parent
COMMAND = "nb2prod build sample_notebooks/house_prices.ipynb -o build/house_prices \\\n    --image house-prices:latest"
WIDTH, HEIGHT = 100, 50
THEME = TerminalTheme(
    (24, 26, 31),
    (214, 216, 220),
    [(40, 42, 48), (224, 108, 117), (126, 200, 120), (224, 180, 100), (110, 160, 230), (190, 130, 210), (90, 190, 200),
     (214, 216, 220)],
)  # fmt: skip
# rich's own format, but with fonts that are there: nothing is loaded from elsewhere.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: {char_height}px;
line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: "DejaVu Sans", Helvetica, Arial, sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def main() -> None:
    """Run, draw, write. Exit code 1 where the build fails: there is no picture of that."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(DOCS.parent / "sample_notebooks", Path(folder) / "sample_notebooks")
        code, output = run_in_terminal(shlex.split(COMMAND.replace("\\\n", "")), Path(folder))
        if code:
            sys.exit(output)
        if folder in output:
            sys.exit(f"the output names the folder it ran in, {folder}")
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), legacy_windows=False)  # noqa: SIM115, PTH123
    console.print(Text(f"$ {COMMAND}", style="bold"), soft_wrap=False)
    for row in screen_of(output):
        console.print(Text.from_ansi(row), no_wrap=True, overflow="ignore", crop=False)
    text = console.export_svg(title="nb2prod", theme=THEME, code_format=FORMAT, unique_id="run")
    (DOCS / "run.svg").write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def run_in_terminal(command: list[str], folder: Path) -> tuple[int, str]:
    """The exit code of a command, and all it wrote to a terminal of `WIDTH` columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    return process.wait(), b"".join(pieces).decode("utf-8", "replace")


def screen_of(output: str) -> list[str]:
    """The rows the terminal shows at the end, each with its colours as escape sequences.

    Knows what rich and we write: text, CR, LF, cursor up, erase line, colours; a row that is full goes on below.
    """
    rows: list[list[str]] = [[]]  # per column: a character, with the colours in force before it
    row = column = 0
    style = ""
    for match in _PIECE.finditer(output):
        arguments, command, control, text = match.groups()
        if control == "\r":
            column = 0
        elif control == "\n":
            row += 1
        elif command == "A":
            row -= int(arguments or 1)
        elif command == "K":
            rows[row].clear()
        elif command == "m":
            style = "" if arguments in ("", "0") else f"{style}\x1b[{arguments}m"
        for char in text or "":
            if column == WIDTH:
                row, column = row + 1, 0
            rows += [[] for _ in range(row + 1 - len(rows))]
            rows[row] += [" "] * (column + 1 - len(rows[row]))
            rows[row][column] = f"{style}{char}\x1b[0m" if style else char
            column += 1
        rows += [[] for _ in range(row + 1 - len(rows))]
    lines = ["".join(cells).rstrip() for cells in rows]
    while lines and not lines[-1]:
        lines.pop()
    return lines


if __name__ == "__main__":
    main()
