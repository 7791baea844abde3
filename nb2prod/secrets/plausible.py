"""Which values only look like secrets: examples, templates, words, paths, names of columns.

password = "your-password"      an example            api_key = "{API_KEY}"       a template
token = "[PAD]"                 a word of a tokenizer sep_token = "</s>"          another
"""

import math
import re
from collections import Counter
from itertools import pairwise

from nb2prod.secrets.rules import Filter

_MADE_UP = ("example", "placeholder", "changeme", "change_me", "change-me", "redacted", "dummy", "your_", "your-",
            "xxxx", "****", "....", "abcdefgh", "1234567890", "0123456789", "…", "insert", "goes-here", "goes_here",
            "not-a-secret", "not_a_secret")  # fmt: skip
_WORDS = frozenset(
    """
    password passwd passphrase passwort secret token string object category float integer boolean none null true
    false admin username user test testing pass yourpassword mypassword my_password yourtoken hidden text str label
    default required optional disabled enabled unknown email postgres root guest letmein_example foobar foo
    bar sample demo fake value apikey api_key access_token refresh_token bearer basic anonymous public
    """.split()  # noqa: SIM905
)
_TEMPLATE = re.compile(r"^[<{$%\[(]|\{[^}]*\}|\$\{?\w+|%\(|%s|<[^>]+>|\*{3}")
_PATH = re.compile(
    r"^(?:[.~]{0,2}/|[A-Za-z]:\\|https?://|s3://|gs://|file:)|\.(?:txt|json|ya?ml|pem|csv|py|ini|env|key)$"
)
_NAME_LIKE = re.compile(r"[A-Za-z]+(?:[_.:/ -]+[A-Za-z]+)*[_.:-]?\d{0,3}")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")  # the name of a variable
_QUALIFIED = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+")  # package.module:Name
_SHORTEST_TOKEN = 12


def is_plausible(value: str, filter: Filter) -> bool:
    """Whether `value`, which has the form of a secret, may be one."""
    lower = value.lower()
    if len(set(value)) <= 3 or any(word in lower for word in _MADE_UP):
        return False
    if filter == "key":
        return any(c.isdigit() for c in value) or _entropy(value) > 3.8
    if _TEMPLATE.search(value) or lower.strip("_-. ") in _WORDS or lower.startswith(("your", "my-", "<", "enter ")):
        return False
    if _CONSTANT.fullmatch(value) or (_QUALIFIED.fullmatch(value) and not any(c.isdigit() for c in value)):
        return False
    if filter == "password":
        return _is_password(value)
    return _is_token(value)


def _is_password(value: str) -> bool:
    if " " in value.strip() or _PATH.search(value) or value.endswith((")", "]")):
        return False
    if _NAME_LIKE.fullmatch(value) and any(word in value.lower() for word in ("password", "passphrase", "passwd")):
        return False
    odd = any(not c.isalpha() for c in value)
    mixed = value.lower() != value and value.capitalize() != value and value.upper() != value
    return len(value) >= 5 if odd and not _NAME_LIKE.fullmatch(value) else len(value) >= (6 if mixed or odd else 8)


def _is_token(value: str) -> bool:
    if len(value) < _SHORTEST_TOKEN or any(c.isspace() for c in value) or _PATH.search(value):
        return False
    if _NAME_LIKE.fullmatch(value) and not _is_mixed(value):
        return False
    return any(c.isdigit() for c in value) and _entropy(value) >= 2.8


def _is_mixed(value: str) -> bool:
    """``aB3xK9``: letters and digits change places more often than in words."""
    changes = sum(_sort(a) != _sort(b) for a, b in pairwise(value))
    return changes >= max(4, len(value) // 4)


def _sort(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2 if char.islower() else 3


def _entropy(value: str) -> float:
    """Bits per character."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
