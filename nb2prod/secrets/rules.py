"""What secrets look like: one rule per kind, precise rather than many.

A rule is tried only where one of its `anchors` occurs in the text, so that searching costs little more than looking for
a few words. The secret itself is the group ``secret``; a group ``name`` is the end of the name it is assigned to. Most
issuers give their keys a fixed beginning and length; those rules hardly ever err. The others (a password that is
assigned, a URL that holds one) are filtered in `nb2prod.secrets.plausible`.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Filter = Literal["key", "password", "token"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`variable` is the environment variable that the remedy proposes; where empty, the name it was assigned to.

    `anchors` are lower case. `filter` says which values are no secrets after all: for a ``key`` only what is plainly
    made up, for a ``password`` and a ``token`` also words, paths and templates.
    """

    kind: str
    variable: str
    anchors: tuple[str, ...]
    regex: str
    filter: Filter = "key"

    @property
    def pattern(self) -> re.Pattern[str]:
        return _compiled(self.regex)


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    """Compiled when first needed: most texts need few, and all of them take as long as a start of Python."""
    return re.compile(regex)


def _rule(kind: str, variable: str, anchors: str, pattern: str, filter: Filter = "key") -> Rule:
    return Rule(kind, variable, tuple(anchors.split()), pattern, filter)


def _issued(kind: str, variable: str, anchors: str, pattern: str) -> Rule:
    """A key that is known by how it begins."""
    return _rule(kind, variable, anchors, rf"(?<![A-Za-z0-9_-])(?P<secret>{pattern})(?![A-Za-z0-9_])")


_PASSWORDS = r"password|passwd|passphrase|passwort|pwd"
_TOKENS = (
    r"api[_-]?key|access[_-]?key(?:[_-]?id)?|(?:secret|account|auth|private)[_-]?key|client[_-]?secret|secret|token|"
    r"credentials?|webhook"
)
_QUOTED = r"[rbuRBU]{0,2}(?P<quote>[\"'])(?P<secret>[^\"'\n\\]{4,400})(?P=quote)"
_IS = r"(?:\\?[\"']\s*\])?(?:\\?[\"'])?\s*(?::\s*(?:str|Final)[^=\n]{0,20}=|[:=])\s*\(?\s*"
_BY_CALL = r"(?:getenv|setdefault|environ\.get|putenv|setenv|set_key)\(\s*[\"']"


def _assigned(words: str) -> str:
    """``db_password = "…"``, ``dbPassword``, ``"password": "…"``, ``os.environ["DB_PASSWORD"] = "…"``"""
    return rf"(?P<name>(?i:{words})\d?){_IS}{_QUOTED}"


RULES: tuple[Rule, ...] = (
    # clouds
    _issued("an AWS access key id", "AWS_ACCESS_KEY_ID", "akia asia", r"A(?:KIA|SIA)[A-Z2-7]{16}"),
    _rule("an AWS secret access key", "AWS_SECRET_ACCESS_KEY", "aws_secret secret_access secretaccess",
          r"(?i:aws_?secret_?(?:access_?)?key|secret_?access_?key)[\"'\]\s]{0,4}[:=,][\s\"'(]{0,4}"
          r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"),
    _issued("a Google API key", "GOOGLE_API_KEY", "aiza", r"AIza[A-Za-z0-9_-]{35}"),
    _issued("a Google OAuth token", "GOOGLE_OAUTH_TOKEN", "ya29.", r"ya29\.[A-Za-z0-9_-]{20,}"),
    _issued("a Google client secret", "GOOGLE_CLIENT_SECRET", "gocspx-", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    _rule("an Azure storage key", "AZURE_STORAGE_CONNECTION_STRING", "accountkey=",
          r"AccountKey=(?P<secret>[A-Za-z0-9+/]{86}==)"),
    _rule("an Azure shared access key", "AZURE_CONNECTION_STRING", "sharedaccesskey=",
          r"SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{43}=)"),
    _rule("an Azure shared access signature", "AZURE_SAS_TOKEN", "sig=",
          r"[?&;]sig=(?P<secret>[A-Za-z0-9%/+]{40,}(?:%3[dD]|=))"),
    _issued("an Azure client secret", "AZURE_CLIENT_SECRET", "8q~ 7q~ 6q~ 5q~ 4q~ 3q~ 2q~ 1q~ 0q~ 9q~",
            r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
    _issued("a DigitalOcean token", "DIGITALOCEAN_TOKEN", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    # models and data
    _issued("an Anthropic API key", "ANTHROPIC_API_KEY", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    _issued("an OpenAI API key", "OPENAI_API_KEY", "sk-",
            r"sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|(?:or-v1-)?[A-Za-z0-9]{32,})"),
    _issued("a Hugging Face token", "HF_TOKEN", "hf_", r"hf_[A-Za-z]{30,40}|hf_[A-Za-z0-9]{34}"),
    _issued("a Groq API key", "GROQ_API_KEY", "gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    _issued("a Replicate token", "REPLICATE_API_TOKEN", "r8_", r"r8_[A-Za-z0-9]{37}"),
    _issued("a Pinecone API key", "PINECONE_API_KEY", "pcsk_", r"pcsk_[A-Za-z0-9_]{40,}"),
    _issued("a LangSmith API key", "LANGSMITH_API_KEY", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    _issued("a Databricks token", "DATABRICKS_TOKEN", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    _rule("a Kaggle key", "KAGGLE_KEY", "kaggle \"username\"",
          r"[\"']key[\"']\s*:\s*[\"'](?P<secret>[0-9a-f]{32})[\"']|KAGGLE_KEY\W{1,6}(?P<other>[0-9a-f]{32})"),
    _rule("a Weights & Biases key", "WANDB_API_KEY", "wandb",
          r"(?:WANDB_API_KEY|wandb\.login)\W{1,8}(?:key\s*=\s*[\"'])?(?P<secret>[0-9a-f]{40})(?![0-9a-f])"),
    # code, chat, payment
    _issued("a GitHub token", "GITHUB_TOKEN", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
            r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _issued("a GitLab token", "GITLAB_TOKEN", "glpat- glptt- glrt- gldt-", r"gl(?:pat|ptt|rt|dt)-[A-Za-z0-9_.-]{20,}"),
    _issued("a Slack token", "SLACK_TOKEN", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xapp-",
            r"(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,}"),
    _issued("a Slack webhook", "SLACK_WEBHOOK_URL", "hooks.slack.com",
            r"https://hooks\.slack\.com/(?:services|workflows)/T\w+/[AB]\w+/[\w/]{16,}"),
    _issued("a Discord webhook", "DISCORD_WEBHOOK_URL", "/api/webhooks/",
            r"https://discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,}"),
    _issued("a Telegram bot token", "TELEGRAM_TOKEN", ":aa", r"\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    _issued("a Stripe key", "STRIPE_API_KEY", "k_live_ k_test_ whsec_",
            r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{32,}=*"),
    _issued("a SendGrid key", "SENDGRID_API_KEY", "sg.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _issued("an npm token", "NPM_TOKEN", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _issued("a PyPI token", "PYPI_TOKEN", "pypi-ag", r"pypi-Ag[A-Za-z0-9_-]{50,}"),
    _issued("a Docker token", "DOCKER_TOKEN", "dckr_pat_", r"dckr_pat_[A-Za-z0-9_-]{27,}"),
    # forms
    _rule("a private key", "PRIVATE_KEY_FILE", "private key",
          r"(?P<secret>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|[\sA-Za-z0-9+/=:,.()-]){40,}?"
          r"(?:-----END [A-Z0-9 ]*-----|\Z|(?=[\"'])))"),
    _issued("a JSON Web Token", "ACCESS_TOKEN", "eyj",
            r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    _rule("a bearer token", "ACCESS_TOKEN", "bearer authorization",
          r"(?i:bearer\s+|authorization[\"']?\s*[:=,]\s*[\"']?(?:basic|token)\s+)(?P<secret>[A-Za-z0-9._~+/=-]{16,})",
          "token"),
    _rule("a password in a URL", "DATABASE_URL", "://",
          r"(?<![A-Za-z0-9])[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s:/@\"'<>]{0,100}:(?P<secret>[^\s/@\"'<>]{3,100})@[\w\[$.-]",
          "password"),
    _rule("a key in a URL", "API_KEY", "key= token= secret=",
          r"https?://[^\s\"'<>]{1,400}[?&](?:[a-z_-]{0,20}key|[a-z_-]{0,20}token|client_secret)=(?P<secret>[\w~%.-]{12,400})",
          "token"),
    _rule("a password in a connection string", "DATABASE_PASSWORD", "password= pwd=",
          r"(?i:(?:server|host|driver|data source|dsn|jdbc:[^\s\"']+|dbname|user id|uid|user)\b[^\n\"']{0,300}"
          r"[;?&\s](?:password|pwd)=)(?P<secret>[^\s;&\"']{4,100})", "password"),
    _rule("a password of .netrc", "NETRC", "machine", r"machine\s+\S+\s+login\s+\S+\s+password\s+(?P<secret>\S{4,100})",
          "password"),
    _rule("a password", "", "password passwd passphrase passwort pwd", _assigned(_PASSWORDS), "password"),
    _rule("a secret or token", "", "key secret token credential webhook", _assigned(_TOKENS), "token"),
    _rule("a secret or token", "", "getenv setdefault environ.get putenv setenv set_key",
          rf"{_BY_CALL}(?P<name>[A-Za-z0-9_]*(?i:{_TOKENS}|{_PASSWORDS}))[\"']\s*,\s*{_QUOTED}", "token"),
    _rule("a secret or token", "", "%env %set_env export",
          r"(?m:^\s*!?\s*(?:%env|%set_env|export))\s+(?P<name>[A-Za-z0-9_]*(?i:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD))"
          r"[= ]\s*[\"']?(?P<secret>[^\s\"'#]{6,400})", "token"),
)  # fmt: skip
"""The first rule that fits a place names it; the general ones come last."""

ANCHORS: dict[str, tuple[int, ...]] = {
    anchor: tuple(n for n, rule in enumerate(RULES) if anchor in rule.anchors)
    for anchor in dict.fromkeys(a for rule in RULES for a in rule.anchors)
}
"""Anchor -> the rules to try where it occurs."""
