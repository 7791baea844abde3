"""The five models: a notebook each, built by nb2prod; for the peers the same fitted objects, as joblib."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_notebooks"
LINEAR = "LogisticRegression(C=C, max_iter=500)"
IMPORT = "from sklearn.linear_model import LogisticRegression"

TEXT = {
    "imports": "from sklearn.feature_extraction.text import TfidfVectorizer\n"
    "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\n"
    "import numpy as np",
    "training": "words = 'good great fine lovely bad awful poor broken room view food bed staff noise'.split()\n"
    "chance = np.random.default_rng(0)\n"
    "texts = [' '.join(chance.choice(words, 12)) for _ in range(3000)]\n"
    "liked = [sum(w in t for w in words[:4]) > sum(w in t for w in words[4:8]) for t in texts]\n"
    "model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(texts, liked)",
    "request": "reviews = ['good room lovely view', 'awful noise at night', 'fine staff but poor food', 'great price']",
    "inference": "answer = model.predict_proba(reviews)[:, 1]\nanswer",
}


def notebooks(folder: Path) -> dict[str, Path]:
    """One notebook per model, by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    churn = (SAMPLES / "churn.ipynb").read_text(encoding="utf-8")
    forest = "from sklearn.ensemble import RandomForestClassifier"
    boosting = "from sklearn.ensemble import GradientBoostingClassifier"
    made = {
        "linear": churn,
        "forest": _with(churn, forest, "RandomForestClassifier(100, random_state=seed)"),
        "boosting": _with(churn, boosting, "GradientBoostingClassifier(random_state=seed)"),
        "text": _notebook(TEXT),
        "torch": (SAMPLES / "digits.ipynb").read_text(encoding="utf-8"),
    }
    paths = {name: folder / f"{name}_model.ipynb" for name in made}
    for name, text in made.items():
        paths[name].write_text(text, encoding="utf-8")
    return paths


def _with(churn: str, line: str, model: str) -> str:
    """The churn notebook with another classifier; the cell that tries penalties is left out with its tag."""
    assert LINEAR in churn
    changed = json.loads(churn.replace(LINEAR, model).replace(IMPORT, line))
    changed["cells"] = [cell for cell in changed["cells"] if "skip" not in cell["metadata"].get("tags", [])]
    return json.dumps(changed)


def _notebook(cells: dict[str, str]) -> str:
    made = [
        {"cell_type": "code", "id": tag, "metadata": {"tags": [tag]}, "source": source, "outputs": [],
         "execution_count": None}
        for tag, source in cells.items()
    ]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


def build(name: str, notebook: Path, folder: Path) -> Path:
    """The project of a model; the second time nothing is done. Raises CalledProcessError."""
    project = folder / name
    _build(name, notebook, project, "--no-log")
    save_for_peers(name, project)
    return project


def build_image(name: str, notebook: Path, project: Path, tag: str) -> None:
    """The image of a model, the whole way. Raises CalledProcessError."""
    _build(name, notebook, project, "--image", tag)


def _build(name: str, notebook: Path, project: Path, *options: str) -> None:
    command = [sys.executable, "-m", "nb2prod", "build", str(notebook), "-o", str(project)]
    command += ["--package", f"{name}_model", "--mutants", "0", "-q", *options]
    subprocess.run(command, check=True, timeout=900)


def save_for_peers(name: str, project: Path) -> None:
    """``peer.joblib`` beside the project's artifacts: what the peers load, with nothing of nb2prod in it."""
    program = """
import sys, joblib
from importlib import import_module
from pathlib import Path
project, package = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(project / "src"))
joblib.dump(import_module(package + ".artifacts").load_artifacts(), project / "peer.joblib")
"""
    subprocess.run([sys.executable, "-c", program, str(project), f"{name}_model"], check=True, timeout=300)


def bodies(project: Path, rows: int) -> list[Any]:
    """So many rows like the golden ones."""
    golden = json.loads((project / "tests" / "golden" / "golden.json").read_bytes())["body"]["rows"]
    return [golden[1]] if rows == 1 else [golden[place % len(golden)] for place in range(rows)]
