"""Drives a tool over the corpus and counts what came of it.

    python -m tests.corpus.run nb2prod                    every case
    python -m tests.corpus.run marimo jupytext --only page-or-case …
    python -m tests.corpus.run --table                    the table of all that was run, as Markdown

`equal`: the program gives the notebook's value, or raises what the notebook raises. `refused`: the tool says no before
its program runs. `different`: exit code 0, and another value. `broken`: the program does not run.
"""

import argparse
import json
import shutil
from collections import Counter
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from tests.corpus.pages import Case, read_pages
from tests.corpus.tools import ROOT, TOOLS, Answer, Session, Tool, binaries_of, versions_of
from tests.corpus.values import same

BUILD = ROOT / "build" / "corpus"
ROOMS = Path(gettempdir()) / "nb2prod-corpus"
OUTCOMES = ("equal", "refused", "different", "broken")


def outcome_of(truth: dict[str, Any], answer: Answer) -> str:
    """One of OUTCOMES."""
    if answer.kind != "value":
        same_error = answer.kind == "broken" and "raises" in truth and truth["raises"] in answer.told
        return "equal" if same_error else answer.kind
    return "equal" if "result" in truth and same(answer.value, truth["result"]) else "different"


def drive(tool: Tool, cases: list[Case]) -> dict[str, dict[str, Any]]:
    """For each case what came of it and what was told. Written after each case, so that a run can be continued."""
    file = BUILD / f"{tool.name}.json"
    binaries = binaries_of(tool, BUILD / "environments")
    found: dict[str, Any] = {"versions": versions_of(tool, binaries), "cases": {}}
    if file.exists():
        found["cases"] = json.loads(file.read_text(encoding="utf-8"))["cases"]
    session = Session(binaries, tool.imports)
    for case in cases:
        folder = ROOMS / tool.name / case.name  # outside the repository: tools look for settings above a notebook
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(case.folder, folder, ignore=shutil.ignore_patterns("expected.json"))
        truth = json.loads((case.folder / "expected.json").read_text(encoding="utf-8"))
        answer = tool.ask(session, folder)
        outcome = outcome_of(truth, answer)
        told = answer.told if answer.kind != "value" else "" if outcome == "equal" else json.dumps(answer.value)
        found["cases"][case.name] = {"outcome": outcome, "told": told[:200]}
        file.write_text(json.dumps(found, indent=1), encoding="utf-8")
        if outcome == "equal":
            shutil.rmtree(folder)
        print(f"{tool.name:18} {case.name:45} {outcome:10} {told[:80]}", flush=True)
    session.close()
    return found["cases"]


def surprises(results: dict[str, dict[str, Any]]) -> list[str]:
    """Where nb2prod does another thing than the pages say."""
    lines = []
    for case in read_pages():
        found = results.get(case.name)
        if found is None:
            continue
        expected = "equal" if case.expected == ("equal",) else "refused"
        if found["outcome"] != expected or (
            expected == "refused" and not set(case.expected) & set(found["told"].split())
        ):
            lines.append(f"{case.name}: {' '.join(case.expected)} expected, {found['outcome']} {found['told']}")
    return lines


def table() -> str:
    """The counts of every tool that was run, and the cases that were silently different."""
    known = {case.name for case in read_pages()}
    lines = ["| tool | cases | " + " | ".join(OUTCOMES) + " |", "|---" * (2 + len(OUTCOMES)) + "|"]
    silent = []
    for tool in TOOLS.values():
        file = BUILD / f"{tool.name}.json"
        if not file.exists():
            continue
        found = json.loads(file.read_text(encoding="utf-8"))
        cases = {name: c for name, c in found["cases"].items() if name in known}
        counts = Counter(c["outcome"] for c in cases.values())
        label = f"{found['versions']}, run by ipython" if tool.name.endswith("ipython") else found["versions"]
        lines.append(f"| {label} | {len(cases)} | " + " | ".join(str(counts[o]) for o in OUTCOMES) + " |")
        names = [f"`{name}`" for name, c in cases.items() if c["outcome"] == "different"]
        silent.append(f"- {label}: {', '.join(names) or 'none'}")
    return "\n".join([*lines, "", "Silently different:", "", *silent])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", nargs="*", choices=[[], *TOOLS], metavar="TOOL", help=", ".join(TOOLS))
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="names of cases, or of pages")
    parser.add_argument("--continue", action="store_true", dest="go_on", help="leave out what was run before")
    parser.add_argument("--table", action="store_true", help="print the table of what was run")
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in given.tools:
        file = BUILD / f"{name}.json"
        done = json.loads(file.read_text(encoding="utf-8"))["cases"].keys() if given.go_on and file.exists() else set()
        cases = [c for c in read_pages() if not given.only or c.name in given.only or c.page in given.only]
        results = drive(TOOLS[name], [c for c in cases if c.name not in done])
        print(name, dict(Counter(r["outcome"] for r in results.values())))
        if name == "nb2prod":
            lines = surprises(results)
            print(*lines, sep="\n")
            failed = bool(lines)
    if given.table:
        print(table())
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
