"""What a line installs: the requirements that a notebook states itself.

!pip install -q "xgboost>=2" shap==0.44.1      xgboost >=2, shap ==0.44.1
%conda install -c conda-forge lightgbm=4.1     lightgbm ==4.1
!{sys.executable} -m pip install -r more.txt   what more.txt lists
"""

import re

from nb2prod.model.notebook import Install
from nb2prod.notebook.text import shorten, words

_COMMAND = re.compile(
    r"""(?:sudo\s+)?(?:-H\s+)?
        (?:\S*python[\d.]*\s+-m\s+|\{\s*sys\.executable\s*\}\s+-m\s+|\$\{?sys\.executable\}?\s+-m\s+)?
        (?:uv\s+)?(?P<tool>pip[\d.]*|conda|mamba|micromamba)\s+(?:-\S+\s+)*install\b(?P<rest>.*)""",
    re.DOTALL | re.VERBOSE,
)
_UV = re.compile(r"uv\s+(?:add|install)\b(?P<rest>.*)", re.DOTALL)
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*((?:[=<>!~]=?=?\s*[^;\s,]+\s*,?\s*)*)")
_WITH_VALUE = words(
    """
    -c --channel -i --index-url --extra-index-url -f --find-links -t --target -n --name -p --prefix --python
    --trusted-host --constraint --root --src --log --proxy --timeout --retries --progress-bar --cache-dir --platform
    --python-version --no-binary --only-binary --upgrade-strategy --global-option --install-option --default-timeout
    """
)
_LISTS = frozenset({"-r", "--requirement", "--file"})


def installed_by(command: str, cell: int, line: int) -> tuple[Install, ...] | None:
    """What `command` installs; None where it is no installing command, empty where nothing can be told."""
    import shlex  # rare

    match = _COMMAND.match(command) or _UV.match(command)
    if match is None:
        return None
    is_conda = (match.groupdict().get("tool") or "").endswith(("conda", "mamba"))
    try:
        given = shlex.split(match["rest"], comments=True)
    except ValueError:
        given = match["rest"].split()
    found: list[Install] = []
    previous = ""
    for word in given:
        if word in ("|", "&") or word.startswith((">", "2>", "1>", "&>")):
            break
        if word.startswith("-") and "=" in word and word.split("=", 1)[0] in _LISTS:
            found.append(Install("", "", cell, line, file=word.split("=", 1)[1]))
        elif previous in _LISTS:
            found.append(Install("", "", cell, line, file=word))
        elif not word.startswith("-") and previous not in _WITH_VALUE:
            found.append(_requirement(word, cell, line, is_conda=is_conda))
        previous = word
    return tuple(found)


def _requirement(word: str, cell: int, line: int, *, is_conda: bool) -> Install:
    """`word` as a requirement; an address, a folder or a file keeps only its text."""
    name = word.rpartition("::")[2] if is_conda else word
    match = _NAME.fullmatch(name.split(";")[0].strip())
    if match is None or name.endswith((".whl", ".zip", ".gz")):
        return Install("", "", cell, line, text=shorten(word)[1:-1])
    specifier = re.sub(r"\s", "", match[2]).rstrip(",")
    if is_conda and re.match(r"=[^=]", specifier):
        version, _, build = specifier[1:].partition("=")
        specifier = f"=={version}" if build or version.endswith("*") else f"=={version}.*"  # 4.1 is any 4.1
    return Install(match[1], specifier, cell, line, text=shorten(word)[1:-1])
