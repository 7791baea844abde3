"""The ceiling: JSON in, the same JSON out, nothing else; uvicorn with uvloop and httptools."""

import msgspec

decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    content = encode(decode(body)) if body else b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
