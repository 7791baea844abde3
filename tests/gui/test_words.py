"""Every text of the wizard is there in every language, with the same places to fill in."""

import re
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nb2prod_gui
import pytest
from nb2prod_gui.look.language import NAMES, WORDS, language_of, speak
from PySide6.QtCore import QCoreApplication, QLocale

LANGUAGES = sorted(NAMES.keys() - {"en"})


def tool(name: str, *words: str) -> None:
    program = shutil.which(name, path=f"{Path(sys.executable).parent}:{sysconfig.get_path('scripts')}")
    assert program is not None
    subprocess.run([program, *words], check=True, capture_output=True)


@pytest.fixture(scope="module", params=LANGUAGES)
def found(request, tmp_path_factory) -> Path:
    """A language's file with the texts of the sources as they are now."""
    path = tmp_path_factory.mktemp("words") / f"{request.param}.ts"
    shutil.copy(WORDS / path.name, path)
    sources = sorted(map(str, Path(nb2prod_gui.__file__).parent.rglob("*.py")))
    tool("pyside6-lupdate", *sources, "-locations", "none", "-no-obsolete", "-ts", str(path))
    return path


def messages(path: Path):
    for message in ElementTree.parse(path).iter("message"):
        translation = message.find("translation")
        yield message.findtext("source"), translation.text or "", translation.get("type", "")


def test_no_text_is_missing(found):
    missing = [source for source, text, kind in messages(found) if kind or not text.strip()]
    assert missing == [], "make words, and translate them"


def test_no_text_is_left_over(found):
    assert {source for source, _, _ in messages(WORDS / found.name)} == {source for source, _, _ in messages(found)}


def test_places_and_spaces_are_the_same(found):
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{\d[^}]*\}", text))

    different = {source: text for source, text, _ in messages(found) if places(source) != places(text)}
    assert different == {}
    edges = {s: t for s, t, _ in messages(found) if s.startswith(" ") != t.startswith(" ")}
    assert edges == {}


def test_what_is_compiled_is_what_was_written(found, tmp_path):
    tool("pyside6-lrelease", "-silent", str(WORDS / found.name), "-qm", str(tmp_path / "made.qm"))
    assert (tmp_path / "made.qm").read_bytes() == (WORDS / found.name).with_suffix(".qm").read_bytes()


@pytest.mark.parametrize(
    ("choice", "system", "spoken"),
    [
        ("system", "de_AT", "de"),
        ("system", "fr_FR", "en"),
        ("en", "de_DE", "en"),
        ("de", "en_GB", "de"),
        ("", "C", "en"),
    ],
)
def test_the_choice_counts_before_the_system(choice, system, spoken):
    assert language_of(choice, QLocale(system)) == spoken


def test_a_window_speaks_it(qapp, qtbot, tmp_path):
    from nb2prod_gui.flow.walk import Page
    from nb2prod_gui.window import Window
    from PySide6.QtCore import QSettings

    spoken = speak(qapp, "de")
    try:
        window = Window(QSettings(str(tmp_path / "wizard.ini"), QSettings.Format.IniFormat))
        qtbot.addWidget(window)
        assert window.rail.steps[Page.CELLS].text() == "Zellen"
        assert window.rail.steps[Page.CELLS].toolTip() == "Öffnen Sie zuerst ein Notebook."
        window.project.close()
    finally:
        for translator in spoken:
            QCoreApplication.removeTranslator(translator)
