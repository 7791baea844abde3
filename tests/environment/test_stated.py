"""What cells install becomes the reason of a pin, or a warning where the run had another version."""

import pytest

from nb2prod.environment.stated import listed, with_stated
from nb2prod.model.findings import Severity
from nb2prod.model.project import Pin, Requirements
from nb2prod.notebook.ipython import read_code


def requirements(version: str) -> Requirements:
    return Requirements((Pin("scikit-learn", version, ("0",), "imported in a.py", "a.whl"),), ())


@pytest.mark.parametrize(
    ("line", "version", "told"),
    [
        ("!pip install scikit_learn==1.5.0", "1.5.0", False),
        ("!pip install Scikit-Learn==1.5.0", "1.6.0", True),
        ("%conda install scikit-learn=1.5", "1.5.9", False),
        ("%conda install scikit-learn=1.5", "1.6.0", True),
        ("!pip install -U 'scikit-learn>=1.4,<1.6'", "1.6.0", True),
        ("!pip install scikit-learn", "1.6.0", False),
        ("!pip install pandas==1.0", "1.6.0", False),
    ],
)
def test_another_version_is_told(line: str, version: str, told: bool) -> None:
    result, findings = with_stated(requirements(version), read_code(f"x = 1\n{line}", cell=4).installs)
    assert [(f.code, f.severity, f.cell, f.line) for f in findings] == [("NB158", Severity.WARNING, 4, 2)] * told
    assert ("installed in cell 4" in result.serving[0].because) == ("pandas" not in line)
    assert result.serving[0].version == version


def test_a_list_of_requirements() -> None:
    (install,) = read_code("!pip install -r more.txt", cell=2).installs
    assert install.file == "more.txt"
    found = listed(
        "# ours\nscikit-learn==1.5.0  # pinned\n--no-binary x\n-e .\n\npandas>=2 ; python_version > '3'", install
    )
    assert [(i.name, i.specifier, i.cell) for i in found] == [("scikit-learn", "==1.5.0", 2), ("pandas", ">=2", 2)]
