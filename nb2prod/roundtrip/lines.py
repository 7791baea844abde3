"""What changed between two texts, as lines."""

from difflib import unified_diff


def changed_lines(before: str, after: str, context: int = 3) -> tuple[str, ...]:
    """In the unified form, without the names of files: ``@@ … @@``, then lines with a space, ``-`` or ``+`` before."""
    return tuple(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context))[2:]
