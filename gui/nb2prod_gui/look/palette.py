"""Colours, type scale and spacing: the only place where they are chosen.

Text on the surfaces it stands on has a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3); a test checks each pair.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nb2prod.model.findings import Severity
from nb2prod.model.roles import Role

SMALL, BODY, LARGE, TITLE, DISPLAY = 12, 14, 16, 20, 28
"""Type scale in pixels."""
TIGHT, NEAR, GAP, WIDE, FAR = 4, 8, 12, 20, 32
"""Spacing in pixels."""
RADIUS = 8
SANS = ("Inter", "Segoe UI", "SF Pro Text", "Cantarell", "Noto Sans", "DejaVu Sans")
MONO = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "DejaVu Sans Mono")


@dataclass(frozen=True, eq=False)
class Palette:
    """`ground` is behind everything, `surface` what content stands on, `raised` fields and buttons."""

    name: str
    ground: str
    surface: str
    raised: str
    hover: str
    selected: str
    line: str
    strong_line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_hover: str
    good: str
    warning: str
    bad: str
    info: str
    code_ground: str
    lit: str
    """Behind lines that go to production."""
    keyword: str
    string: str
    comment: str
    number: str
    function: str
    roles: Mapping[Role, str]

    def severity(self, severity: Severity) -> str:
        return {Severity.ERROR: self.bad, Severity.WARNING: self.warning, Severity.INFO: self.info}[severity]


LIGHT = Palette(
    name="light",
    ground="#f4f5f8",
    surface="#ffffff",
    raised="#ffffff",
    hover="#eceff5",
    selected="#e3eafd",
    line="#dfe3ea",
    strong_line="#8a94a6",
    text="#1a2130",
    muted="#566073",
    accent="#2f55d4",
    on_accent="#ffffff",
    accent_hover="#2446b8",
    good="#15703f",
    warning="#8a5a00",
    bad="#bb2020",
    info="#2a6099",
    code_ground="#f8f9fb",
    lit="#e9f5ec",
    keyword="#8a1f9b",
    string="#17693a",
    comment="#666f80",
    number="#9c4a00",
    function="#2450b8",
    roles=MappingProxyType(
        {
            Role.PARAMETERS: "#6b4fbb",
            Role.IMPORTS: "#566073",
            Role.FUNCTIONS: "#7a5200",
            Role.PREPROCESSING: "#00696b",
            Role.TRAINING: "#2f55d4",
            Role.EVALUATION: "#8a3a8f",
            Role.REQUEST: "#a03d00",
            Role.INFERENCE: "#15703f",
            Role.TEST: "#7c4a2d",
            Role.SKIP: "#5c6574",
        }
    ),
)

DARK = Palette(
    name="dark",
    ground="#12151b",
    surface="#1a1f28",
    raised="#222935",
    hover="#283040",
    selected="#26345c",
    line="#2c3442",
    strong_line="#6d7a90",
    text="#e7ebf2",
    muted="#a3aec0",
    accent="#84a3ff",
    on_accent="#0d1530",
    accent_hover="#a3bbff",
    good="#6fd39b",
    warning="#eebb55",
    bad="#ff8f8f",
    info="#86bdf0",
    code_ground="#161b23",
    lit="#1a3326",
    keyword="#d6a3f0",
    string="#8fd6a3",
    comment="#909cb0",
    number="#f0b27a",
    function="#8fb4ff",
    roles=MappingProxyType(
        {
            Role.PARAMETERS: "#b9a5f5",
            Role.IMPORTS: "#a3aec0",
            Role.FUNCTIONS: "#e5c07b",
            Role.PREPROCESSING: "#6fd0d2",
            Role.TRAINING: "#84a3ff",
            Role.EVALUATION: "#dd9be0",
            Role.REQUEST: "#f5a878",
            Role.INFERENCE: "#6fd39b",
            Role.TEST: "#d9a98a",
            Role.SKIP: "#98a3b5",
        }
    ),
)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours ``#rrggbb``, 1 to 21 (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """`one` with `share` (0 to 1) of `other`."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
