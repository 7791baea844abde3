"""What is found, what is not, and how it is shown. The keys are made here: none stands in the repository."""

import random
import string

import pytest

from nb2prod.secrets import find_secrets, mask_of

DRAW = random.Random(7)


def key(length: int, letters: str = string.ascii_letters + string.digits) -> str:
    return "".join(DRAW.choice(letters) for _ in range(length - 2)) + "7Q"


HEX = "0123456789abcdef"
ISSUED = {
    "an AWS access key id": "AKIA" + "".join(DRAW.choice("ABCDEFGHJKLMNPQR234567") for _ in range(16)),
    "a Google API key": "AIza" + key(35),
    "an Azure client secret": "aZ1" + "8Q~" + key(34),
    "an Anthropic API key": "sk-ant-" + "api03-" + key(80),
    "an OpenAI API key": "sk-" + "proj-" + key(60),
    "a Hugging Face token": "hf_" + key(34),
    "a GitHub token": "ghp_" + key(36),
    "a GitLab token": "glpat-" + key(20),
    "a Slack token": "xoxb-" + key(11, string.digits) + "-" + key(24),
    "a Stripe key": "sk_live_" + key(24),
    "a SendGrid key": "SG." + key(22) + "." + key(43),
    "a Databricks token": "dapi" + "".join(DRAW.choice(HEX) for _ in range(32)),
    "a JSON Web Token": "eyJ" + key(20) + ".eyJ" + key(40) + "." + key(43),
    "a PyPI token": "pypi-Ag" + key(80),
}
PLACES = {
    "code": 'client = Client("{}")',
    "a call": "login(token='{}', add=True)",
    "a text": "The key is {}, do not tell.",
    "JSON": '{{"a": 1, "value": "{}"}}',
    "a line of its own": "\n{}\n",
    "an f-string": 'url = f"https://x/{{y}}?k={}"',
    "shell": "!curl -H 'X: {}' https://x",
    "a comment": "# {}",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ISSUED)
def test_a_key_is_found_wherever_it_stands(kind: str, place: str) -> None:
    (found,) = find_secrets(PLACES[place].format(ISSUED[kind]))
    assert found.value == ISSUED[kind]
    assert found.kind == kind or place == "an f-string"


PASSWORD = "hunter2" * 2
RANDOM = key(24)


@pytest.mark.parametrize(
    ("text", "value", "variable"),
    [
        (f'password = "{PASSWORD}"', PASSWORD, "PASSWORD"),
        (f"db_password: str = '{PASSWORD}'", PASSWORD, "DB_PASSWORD"),
        (f'connect(user="me", passwd="{PASSWORD}")', PASSWORD, "PASSWD"),
        (f'{{"Password": "{PASSWORD}"}}', PASSWORD, "PASSWORD"),
        (f'os.environ["WEATHER_API_KEY"] = "{RANDOM}"', RANDOM, "WEATHER_API_KEY"),
        (f'api_key = os.getenv("WEATHER_TOKEN", "{RANDOM}")', RANDOM, "WEATHER_TOKEN"),
        (f"%env WEATHER_TOKEN={RANDOM}", RANDOM, "WEATHER_TOKEN"),
        (f'openai.api_key = "{RANDOM}"', RANDOM, "API_KEY"),
        (f'headers = {{"Authorization": "Bearer {RANDOM}"}}', RANDOM, "ACCESS_TOKEN"),
        (f'create_engine("postgresql://me:{PASSWORD}@db.host/x")', PASSWORD, "DATABASE_URL"),
        (f"jdbc:mysql://db.host/x?user=me&password={PASSWORD}", PASSWORD, "DATABASE_PASSWORD"),
        (f"Driver=X;Server=db;Uid=me;Pwd={PASSWORD};", PASSWORD, "DATABASE_PASSWORD"),
        (f"machine api.host login me password {PASSWORD}", PASSWORD, "NETRC"),
        (f'get("https://api.host/v1?q=3&api_key={RANDOM}")', RANDOM, "API_KEY"),
        ("AccountName=x;AccountKey=" + "aB3/" * 21 + "a7==;", "aB3/" * 21 + "a7==", "AZURE_STORAGE_CONNECTION_STRING"),
        ('aws_secret_access_key = "' + "aB3/xY7+Qw" * 4 + '"', "aB3/xY7+Qw" * 4, "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_is_assigned_or_sent_is_found_with_its_remedy(text: str, value: str, variable: str) -> None:
    (found,) = find_secrets(text)
    assert (found.value, found.variable) == (value, variable)


def test_a_private_key_is_found_also_inside_json() -> None:
    body = "\n".join(key(64) for _ in range(4))
    block = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    escaped = block.replace("\n", "\\n")
    for text in (block, '{"type": "service_account", "private_key": "' + escaped + '"}'):
        (found,) = find_secrets(text)
        assert found.shown == "-----BEGIN RSA PRIVATE KEY-----…"


@pytest.mark.parametrize(
    "text",
    [
        'openai.api_key = os.environ["OPENAI_API_KEY"]',
        "password = getpass.getpass()",
        'api_key = "YOUR_API_KEY"',
        'api_key = "sk-..."',
        'token = "<your token here>"',
        'password = "changeme"',
        'dtype = {"password": "object", "token": "category"}',
        'df.rename(columns={"pwd": "Password", "passwd": "password"})',
        'pad_token, sep_token = "[PAD]", "</s>"',
        'eos_token = "<|reserved_special_token_250|>"',
        'tokenizer = "bert-base-uncased-v1-2024"',
        'secret_name = "projects/x/secrets/y"',
        'API_KEY_NAME = token = "WEATHER_API_KEY"',
        'url = f"postgresql://{user}:{password}@{host}/db"',
        "postgresql://user:password@localhost/db",
        'headers = {"Authorization": f"Bearer {token}"}',
        'credentials = "service-account.json"',
        "digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        '<div class="sk-toggleable__label-arrow sk-container-id-1 sk-estimator-doc-link">',
        "AKIAIOSFODNN7EXAMPLE",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert find_secrets(text) == ()


def test_a_line_can_say_that_it_is_none() -> None:
    found = find_secrets(f'a = 1\ntoken = "{RANDOM}"  # nb2prod: not a secret\npassword = "{PASSWORD}"')
    assert [(secret.line, secret.allowed) for secret in found] == [(2, True), (3, False)]


def test_the_mask_leaves_how_a_key_begins_and_ends_and_nothing_of_a_password() -> None:
    token = ISSUED["an OpenAI API key"]
    text = mask_of(("from-the-environment",))(f'{token} password = "{PASSWORD}" from-the-environment')
    assert text == f'sk-…{token[-2:]} password = "…" fro…nt'


@pytest.mark.parametrize(
    "unit",
    ["aZ3-bY_4", "key token password ", "-----BEGIN PRIVATE KEY----- a", "http://a:b", "server;password= ",
     "machine a login b ", "https://a?key=a&", '"key": "value", ', "eyJaaaaaaaaa."],
)  # fmt: skip
def test_no_text_keeps_the_search_busy(unit: str) -> None:
    """A rule that looked at a text again from each place would take hours for these."""
    assert find_secrets(unit * (2_000_000 // len(unit))) == ()


def test_a_long_text_is_searched_to_its_end() -> None:
    token = ISSUED["a GitHub token"]
    for size in (999_990, 2_000_000 - 20):
        (found,) = find_secrets("x" * size + f"\n{token}\n" + "y" * 10)
        assert (found.value, found.line) == (token, 2)
