"""Data that flows through the disk: what wrote a file that training reads is part of training."""

import pytest

from tests.plan.equality import analysed, equal_or_refused, findings_of

END = """
# %% request
value = 9
# %% inference
[value, model]
"""


def outcome(training: str, files: dict[str, str] | None = None) -> object:
    return equal_or_refused(f"{training}{END}", files=files or {})


WRITTEN_AND_READ = {
    "text": """
open("x.txt", "w").write("3")
# %% training
model = int(open("x.txt").read())
""",
    "with blocks": """
import json
with open("m.json", "w") as file:
    json.dump({"a": 3}, file)
# %% training
with open("m.json") as file:
    model = json.load(file)["a"]
""",
    "an open file over several statements": """
out = open("x.txt", "w")
out.write("3")
print("4", file=out)
out.close()
# %% training
model = open("x.txt").read()
""",
    "other spellings of a path": """
import os
from pathlib import Path
folder = "data"
os.makedirs(folder, exist_ok=True)
Path(folder, "x.txt").write_text("3")
# %% training
model = open(f"./{folder}/x.txt").read() + open(os.path.join("data", "x.txt")).read()
""",
    "a path in a variable": """
path = "x.txt"
with open(path, "w") as file:
    file.write("3")
# %% training
with open("x.txt") as file:
    model = file.read()
""",
    "a path that is computed": """
names = [f"part{n}.txt" for n in range(3)]
for name in names:
    with open(name, "w") as file:
        file.write(name)
# %% training
model = open("part1.txt").read()
""",
    "functions that write and read": """
def save(text, path="x.txt"):
    with open(path, "w") as file:
        file.write(text)
def load(path):
    with open(path) as file:
        return file.read()
save("3")
save("4", path="y.txt")
# %% training
model = load("x.txt") + load("y.txt")
""",
    "appended": """
open("log.txt", "w").write("a")
# %% training
open("log.txt", "a").write("b")
# %% training
model = open("log.txt").read()
""",
    "written again later": """
open("x.txt", "w").write("3")
# %% training
model = open("x.txt").read()
# %% training
open("x.txt", "w").write("4")
""",
    "copied": """
import shutil
open("x.txt", "w").write("3")
shutil.copy("x.txt", "y.txt")
# %% training
model = open("y.txt").read()
""",
    "an object that saves later": """
class Checkpoint:
    def __init__(self, path):
        self.path = path
    def step(self, value):
        with open(self.path, "w") as file:
            file.write(str(value))
keeper = Checkpoint("best.txt")
keeper.step(3)
# %% training
model = open("best.txt").read()
""",
    "pickled": """
import pickle
fitted = {"a": [1, 2]}
pickle.dump(fitted, open("m.pkl", "wb"))
del fitted
# %% training
model = pickle.load(open("m.pkl", "rb"))
""",
    "joblib and a library that saves later": """
import joblib
import logging
joblib.dump([1, 2], "m.joblib")
keeper = logging.FileHandler("best.txt", mode="w")
log = logging.getLogger("test")
log.addHandler(keeper)
keeper.emit(logging.LogRecord("test", 30, "", 0, "kept", None, None))
keeper.close()
# %% training
model = joblib.load("m.joblib"), open("best.txt").read()
""",
    "a buffer and a database": """
import io
import pickle
import sqlite3
import pandas as pd
buffer = io.BytesIO()
pickle.dump([1, 2], buffer)
con = sqlite3.connect(":memory:")
pd.DataFrame({"a": [1, 2]}).to_sql("rows", con, index=False)
# %% training
buffer.seek(0)
model = pickle.load(buffer), pd.read_sql("select a from rows", con).a.tolist()
""",
    "a database in a file": """
import os
import sqlite3
if os.path.exists("x.db"):
    os.remove("x.db")
con = sqlite3.connect("x.db")
con.execute("create table rows (a int)")
con.execute("insert into rows values (3)")
con.commit()
# %% training
model = sqlite3.connect("x.db").execute("select a from rows").fetchall()
""",
    "a shelf": """
import shelve
with shelve.open("shelf") as shelf:
    shelf["a"] = 3
# %% training
with shelve.open("shelf") as shelf:
    model = shelf["a"]
""",
    "a writer around an open file": """
import csv
file = open("x.txt", "w", newline="")
writer = csv.writer(file)
writer.writerow([1, 2])
file.close()
# %% training
model = list(csv.reader(open("x.txt")))
""",
    "a path made of a path": """
from pathlib import Path
Path("x.csv").with_suffix(".txt").write_text("3")
# %% training
model = open("x.txt").read()
""",
    "a program that reads": """
import subprocess
open("x.txt", "w").write("3")
# %% training
model = subprocess.run(["cat", "x.txt"], capture_output=True, text=True).stdout
""",
    "an array in a file": """
import numpy as np
mapped = np.memmap("a.dat", dtype="int64", mode="w+", shape=3)
mapped[:] = 7
mapped.flush()
# %% training
model = np.fromfile("a.dat", dtype="int64").tolist()
""",
    "an object that reads": """
import configparser
parser = configparser.ConfigParser()
parser["a"] = {"b": "3"}
with open("x.txt", "w") as file:
    parser.write(file)
# %% training
other = configparser.ConfigParser()
other.read("x.txt")
model = other["a"]["b"]
""",
    "numpy adds the suffix": """
import numpy as np
np.save("x", np.arange(3))
# %% training
model = int(np.load("x.npy").sum())
""",
    "frames": """
import pandas as pd
pd.DataFrame({"a": [1, 2]}).to_csv("clean.csv", index=False)
# %% training
model = int(pd.read_csv("clean.csv").a.sum())
""",
    "a list of files": """
import glob
for n in range(2):
    open(f"part{n}.txt", "w").write(str(n))
# %% training
model = [open(path).read() for path in sorted(glob.glob("part*.txt"))]
""",
    "a program": """
import subprocess
subprocess.run("echo 3 > x.txt", shell=True)
# %% training
model = open("x.txt").read()
""",
    "removed in between": """
import os
open("x.txt", "w").write("3")
os.remove("x.txt")
# %% training
model = os.path.exists("x.txt")
""",
}


@pytest.mark.parametrize("way", WRITTEN_AND_READ)
def test_the_writer_comes_along(way: str) -> None:
    # even where the file of an earlier run lies there
    stale = {"x.txt": "stale", "clean.csv": "a\n100\n", "m.json": '{"a": 7}'}
    stale = {} if way in ("other spellings of a path", "removed in between") else stale
    assert outcome(f"# %% evaluation{WRITTEN_AND_READ[way]}", stale) == "equal"


def test_a_file_that_only_lies_there_is_read_as_it_is() -> None:
    assert outcome('# %% training\nmodel = open("data/x.txt").read()', {"data/x.txt": "5"}) == "equal"


def written(training: str) -> set[int]:
    selection = analysed(f"{training}{END}")[2]
    assert selection is not None
    return set(selection.training)


def test_files_that_nothing_reads_stay_behind() -> None:
    assert written("""
# %% training
model = pow(3, 1)
open("report.txt", "w").write(str(model))
with open("x.txt") as file:
    model = model + len(file.read())
""") == {0, 2}  # fmt: skip


def test_what_is_overwritten_stays_behind() -> None:
    assert written("""
# %% training
with open("x.txt", "w") as file:
    file.write("3")
with open("x.txt", "w") as file:
    file.write("4")
model = open("x.txt").read()
""") == {1, 2}  # fmt: skip


def test_a_program_that_only_looks_stays_behind() -> None:
    assert written("""
# %% training
import subprocess
subprocess.run("ls -la | head", shell=True)
model = open("x.txt").read()
""") == {2}  # fmt: skip


def test_what_is_read_from_a_buffer_is_no_file() -> None:
    assert equal_or_refused("""
# %% training
import io
import pandas as pd
model = pow(3, 1)
# %% request
text = "a,b\\n1,2\\n"
# %% inference
[int(x) for x in pd.read_csv(io.StringIO(text)).a * model]
""") == "equal"  # fmt: skip


def test_a_prediction_that_reads_a_file_in_each_call() -> None:
    found = findings_of("""
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
rates = open("rates.txt").read()
value * model * len(rates)
""")["NB392"]
    assert "`rates.txt`" in found.message
    assert (found.cell, found.line) == (3, 1)
    assert "training" in found.hint


def test_a_prediction_whose_function_reads_a_file() -> None:
    assert equal_or_refused("""
# %% functions
def rate():
    with open("rates.txt") as file:
        return float(file.read())
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
value * model * rate()
""", files={"rates.txt": "2"}) == ("NB392",)  # fmt: skip


def test_the_working_folder_is_changed() -> None:
    text = f"""
# %% imports
import os
# %%
os.chdir("data")
# %% training
model = open("x.txt").read()
{END}"""
    found = findings_of(text)["NB391"]
    assert (found.cell, found.line) == (2, 1)
    assert "cell 3, line 1" in found.message


def test_the_working_folder_is_changed_for_nothing() -> None:
    assert outcome("""
# %% training
import os
model = pow(3, 1)
os.chdir(".")
""") == "equal"  # fmt: skip


@pytest.mark.parametrize("path", ["/home/me/x.csv", "~/x.csv", "C:\\\\data\\\\x.csv"])
def test_a_path_of_this_machine(path: str) -> None:
    found = findings_of(f'# %% training\nimport pandas as pd\nmodel = pd.read_csv("{path}").a.sum()\n{END}')["NB393"]
    assert (found.cell, found.line) == (1, 2)
    assert found.severity == "warning"


def test_an_address() -> None:
    address = "https://example.org/x.csv"
    found = findings_of(f'# %% training\nimport pandas as pd\nmodel = pd.read_csv("{address}").a.sum()\n{END}')["NB394"]
    assert address in found.message
    assert found.severity == "info"


def test_paths_of_plots_and_columns_are_no_files_of_the_prediction() -> None:
    assert equal_or_refused("""
# %% training
import pandas as pd
rows = pd.DataFrame({"a.b": [1, 2], "c": [3, 4]})
rows = rows.rename(columns={"c": "c.d"})
rows.to_csv("eda.csv")
model = rows.drop("a.b", axis=1).sum().to_dict()
# %% request
asked = [1.5]
# %% inference
[x * model["c.d"] for x in asked]
""", files={}) == "equal"  # fmt: skip
