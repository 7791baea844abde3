"""`nb2prod gui [NOTEBOOK]`, `nb2prod-gui [NOTEBOOK]`."""

import sys
from pathlib import Path

LIBRARIES = "libgl1 libegl1 libxkbcommon0 libglib2.0-0 libfontconfig1 libdbus-1-3 libxcb-cursor0"


def main() -> int:
    """Run the wizard until its window is closed. The exit code."""
    try:
        from PySide6.QtCore import QCoreApplication, QLocale, QSettings
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        hint = f"On Debian: apt-get install {LIBRARIES}" if ".so" in str(error) else "pip install 'nb2prod[gui]'"
        sys.stderr.write(f"error: the wizard cannot start: {error}.\n{hint}\n")
        return 4
    from nb2prod_gui.look.language import language_of, speak
    from nb2prod_gui.look.theme import theme
    from nb2prod_gui.window import Window

    QCoreApplication.setOrganizationName("nb2prod")
    QCoreApplication.setApplicationName("nb2prod")
    application = QApplication(sys.argv[:1])
    settings = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "nb2prod", "wizard")
    choice = settings.value("theme", "system")
    theme.choose(choice if choice in ("light", "dark") else "system")
    theme.follow_system()
    speak(application, language_of(str(settings.value("language", "system")), QLocale.system()))
    window = Window(settings)
    window.show()
    window.start.examine()
    if len(sys.argv) > 1:
        window.open(Path(sys.argv[1]).absolute())
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main())
