"""`nb2prod doctor`: what a build needs, whether it is there, and how to get it."""

from pathlib import Path

import click

from nb2prod.cli.session import global_options, session_of


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("build"))
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
@global_options
@click.pass_context
def doctor(context: click.Context, folder: Path, as_json: bool) -> None:
    """Say what is installed, what is missing, and how to get it.

    FOLDER is where projects will be made [build]. Exit code 1 where something is missing that every build needs.
    """
    import os
    from dataclasses import asdict

    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.cli.probes import examine
    from nb2prod.config import find_settings_file, resolve_settings
    from nb2prod.console.doctor import doctor_lines

    checks = examine(folder.absolute(), resolve_settings(find_settings_file(folder), os.environ).settings)
    fit = all(check.ok for check in checks if check.needed)
    if as_json:
        session_of(context).answered = True
        write_stdout(json_text({"status": "ok" if fit else "failed", "checks": [asdict(check) for check in checks]}))
    elif session_of(context).verbosity >= 0:
        print_lines(doctor_lines(checks))
    context.exit(0 if fit else 1)
