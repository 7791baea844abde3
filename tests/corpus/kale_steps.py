"""Calls the steps of the pipeline in .kale/ one after the other, as its own pipeline function connects them.

Runs in Kale's environment. Between two steps nothing is left but the artifacts: each step's blocks run in a process of
their own, in IPython as in the pod, and the folder through which they get their artifacts is emptied.
"""

import os
import shutil
import sys
import tempfile
import types
from pathlib import Path

import kale.common.jputils
from IPython.core.interactiveshell import InteractiveShell

MARSHAL = Path("/tmp/marshal")


class Artifact:
    """What the pipeline hands from step to step: a file and what is written on it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.uri = path
        self.metadata: dict[str, str] = {}

    def log_metric(self, *_: object) -> None:
        pass


class Task:
    """A step that was run."""

    def __init__(self, outputs: dict[str, Artifact]) -> None:
        self.outputs = outputs
        self.output = next(iter(outputs.values()), None)

    def __getattr__(self, name: str) -> object:
        return lambda *_, **__: self  # .after(…), .set_memory_limit(…), …


def run_blocks(blocks: tuple[str, ...]) -> str:
    """What the pod does with the blocks of a step, without starting a kernel for it."""
    child = os.fork()
    if child == 0:
        shell = InteractiveShell.instance(colors="NoColor")
        works = all(shell.run_cell(block).success for block in blocks)
        sys.stdout.flush()
        os._exit(0 if works else 1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(1)
    return ""


def main() -> None:
    kale.common.jputils.run_code = run_blocks
    script = next(Path(".kale").glob("*.kale.py"))
    module = types.ModuleType("pipeline")
    sys.argv = [str(script)]
    code = script.read_text(encoding="utf-8").rsplit('\nif __name__ == "__main__"', 1)[0]
    exec(compile(code, str(script), "exec"), module.__dict__)
    room = Path(tempfile.mkdtemp(prefix="kale-steps-"))

    def caller(name: str, function: types.FunctionType) -> object:
        def call(**given: object) -> Task:
            shutil.rmtree(MARSHAL, ignore_errors=True)
            MARSHAL.mkdir(parents=True)
            outputs = {
                n: Artifact(str(room / f"{name}-{n}"))
                for n, kind in function.__annotations__.items() if "Output" in repr(kind) or "OutputPath" in str(kind)
            }  # fmt: skip
            function(**given, **outputs)
            return Task(outputs)

        return call

    components = {n: v.python_func for n, v in vars(module).items() if hasattr(v, "python_func")}
    pipeline = module.auto_generated_pipeline.pipeline_func
    module.__dict__.update({n: caller(n, f) for n, f in components.items()})
    for name in ("add_pod_annotation", "add_pod_label", "security_context", "use_secret_as_env"):
        if name in module.__dict__:
            module.__dict__[name] = types.SimpleNamespace(set_security_context=lambda *_, **__: None)
    pipeline()


if __name__ == "__main__":
    main()
