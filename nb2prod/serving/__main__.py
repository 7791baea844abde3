"""`python -m nb2prod.serving PACKAGE.service:app [--host HOST] [--port PORT]`: one process, one application.

Without keys or tokens (`nb2prod.serving.access`) it binds to loopback only. Exit codes: 0 stopped, 1 the application or
its model cannot be served, 2 usage, 130 interrupted.
"""

import argparse
import contextlib
import faulthandler
import gc
import importlib
import ipaddress
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import uvicorn

from nb2prod.serving.access import API_KEY, Access
from nb2prod.serving.access.tls import harden, tls_files, watch_certificate
from nb2prod.serving.log import configure_logs
from nb2prod.serving.server.drain import DrainingServer
from nb2prod.serving.server.guard import SPARE_CONNECTIONS, Guard
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings

RESERVED_FILES = SPARE_CONNECTIONS + 24
"""Open files that are no connections, and connections beyond the limit which are told so."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nb2prod.serving", description="Serve a generated package.")
    parser.add_argument("target", metavar="PACKAGE.service:app")
    parser.add_argument("--host", help="default: 0.0.0.0 where callers need a key, else 127.0.0.1")
    parser.add_argument("--port", type=_port, default=8080, help="default: 8080; 0 picks a free one")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
        is_guarded = Access(settings, os.environ).is_configured
        tls_files(settings)
    except ValueError as error:
        return _refuse(f"{error}.")
    host = options.host if options.host is not None else ("0.0.0.0" if is_guarded else "127.0.0.1")  # noqa: S104
    if not is_guarded and not is_loopback(host):
        return _refuse(f"{host!r} is reachable from outside and {API_KEY} is not set. Set a key, or use 127.0.0.1.")
    # As process 1 of a container, SIGTERM would otherwise be ignored until uvicorn looks after it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # reload: nothing is loaded yet
    faulthandler.enable()  # a crash below Python names the line that it happened in
    try:
        app = import_app(options.target)
    except NoSuchAppError as error:
        return _refuse(str(error))
    except Exception as error:
        sys.stderr.write(f"error: {options.target} cannot be imported: {type(error).__name__}: {error}\n")
        return 1
    return serve(app, host, options.port)


def serve(app: Any, host: str, port: int) -> int:
    """Run uvicorn until a signal, then let requests in flight finish. The exit code."""
    service: Service[Any, Any] | None = getattr(app.state, "service", None)
    settings: Settings = getattr(app.state, "settings", Settings())
    try:
        configure_logs(settings.audit_log)
    except OSError as error:
        return _refuse(f"NB2PROD_AUDIT_LOG: {error}.")
    guard = Guard(settings, max_connections=max(4, min(settings.max_connections, open_files() - RESERVED_FILES)))
    tls = tls_files(settings)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=guard.protocol,  # type: ignore[arg-type]  # called with keywords, as a class would be
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,  # type: ignore[arg-type]  # handed to loop.call_later
        timeout_graceful_shutdown=settings.drain_seconds,  # type: ignore[arg-type]  # handed to asyncio.wait_for
        ssl_certfile=tls[0] if tls is not None else None,
        ssl_keyfile=tls[1] if tls is not None else None,
    )  # loop: uvloop where it is installed
    if tls is not None:
        config.load()
        assert config.ssl is not None
        harden(config.ssl)
        app.state.background.append(partial(watch_certificate, config.ssl, *tls))

    def drain() -> bool:
        if service is None:
            return False
        service.draining = True
        return service.state == "ready"

    server = DrainingServer(config, guard, drain)
    failed = False

    def give_up() -> None:
        nonlocal failed
        failed = server.should_exit = True

    if service is not None:
        # What is loaded now stays: looking through it for garbage would stop everything for a tenth of a second.
        service.on_ready = gc.freeze
        service.on_failure = give_up
    # uvicorn raises the signal again once it has drained; by then it has done its work.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        server.run()
    except KeyboardInterrupt:
        return 130
    return 1 if failed else 0


def open_files() -> int:
    """How many files this process may open, after asking for as many as it is allowed (POSIX)."""
    try:
        import resource
    except ImportError:
        return 8192
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 65_536
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, 65_536)), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class NoSuchAppError(Exception):
    """The command line names no application."""


def import_app(target: str) -> Any:
    """The application at ``module:attribute``. Raises NoSuchAppError, or what the module raises."""
    module_name, _, attribute = target.partition(":")
    if not (attribute.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise NoSuchAppError(f"{target!r} is not of the form PACKAGE.service:app.")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise NoSuchAppError(f"there is no module {error.name!r} on the Python path.") from None
        raise
    if not hasattr(module, attribute):
        raise NoSuchAppError(f"module {module_name!r} has no {attribute!r}.")
    return getattr(module, attribute)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server bound to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 65_536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")


def _refuse(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
