"""Advice for a notebook without tags: a role for each cell, with what was seen and how sure that is. Pure."""

from nb2prod.advise.roles import suggest_roles
from nb2prod.advise.suggestion import Advice, Alternative, Suggestion

__all__ = ["Advice", "Alternative", "Suggestion", "suggest_roles"]
