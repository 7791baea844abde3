"""What every answer tells a browser: guess no types, embed nothing, keep nothing, tell nobody where you were.

There are no CORS headers, so scripts of other sites can read nothing here.
"""

SECURITY_HEADERS: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]

NO_STORE = (b"cache-control", b"no-store")

STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
"""Where the process itself speaks TLS."""
