"""Proof: the generated tests, run in the project's own environment, and how good they are.

result = run_tests(project, python, emit=…, cancel=…)
made, caught, survivors = measure_mutants(project, python, package="churn", limit=30, emit=…, cancel=…)
"""

from nb2prod.proof.measure import measure_mutants
from nb2prod.proof.mutants import Mutant, choose_mutants, make_mutants
from nb2prod.proof.places import Places, explain, read_places
from nb2prod.proof.suite import run_tests

__all__ = [
    "Mutant",
    "Places",
    "choose_mutants",
    "explain",
    "make_mutants",
    "measure_mutants",
    "read_places",
    "run_tests",
]
