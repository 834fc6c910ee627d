"""The built site on the loopback address."""

from __future__ import annotations

import functools
import http.server
from pathlib import Path

from benchmark.command import Command
from benchmark.errors import BenchmarkError, NoResultsError
from benchmark.faults import is_of_machine
from benchmark.swap import standing

USUAL, LAST = 8000, 65535  # ports


def serve(build_dir: Path, port: int) -> None:
    """Show the built site on the loopback address until interrupted.

    Raises
    ------
    NoResultsError
        If there is no site.
    BenchmarkError
        If the port is taken.

    """
    folder = standing(build_dir / "site")
    if not (folder / "index.html").exists():
        raise NoResultsError(f"{folder} holds no site", remedy=(Command("site"), ", or ", Command("bench")))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if is_of_machine(error):
            raise
        other = port + 1 if USUAL <= port < LAST else USUAL  # below 1024 another one is as forbidden
        raise BenchmarkError(
            f"port {port} cannot be used", found=error.strerror or "", remedy=Command("serve", port=other)
        ) from None
    print(f"http://127.0.0.1:{port}/ (Ctrl-C ends it)")
    with server:
        server.serve_forever()
