"""The language of the window's texts: that of the system where there is one, or the one chosen in the menu.

English is in the sources; the others are in `words/`, made by `make words`. What the engine says (findings, errors, the
log) stays English in every language: it is what documentation and searches speak of.
"""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

WORDS = Path(__file__).parents[1] / "words"
NAMES = {"en": "English", "de": "Deutsch"}
"""Each in its own language."""


def language_of(choice: str, system: QLocale) -> str:
    """A key of `NAMES`. `choice` is one of them or anything else for the system's; English where neither is there."""
    wanted = choice if choice in NAMES else system.name().partition("_")[0]
    return wanted if wanted in NAMES else "en"


def speak(application: QCoreApplication, language: str) -> tuple[QTranslator, ...]:
    """Windows made from now on are in this language, a key of `NAMES`. To be held as long as it is spoken."""
    if language == "en":
        return ()
    own, toolkit = QTranslator(application), QTranslator(application)
    own.load(str(WORDS / f"{language}.qm"))
    toolkit.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    for translator in (toolkit, own):
        application.installTranslator(translator)
    return own, toolkit
