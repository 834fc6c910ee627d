"""A built site on the loopback address, as a host would send it: below a folder, compressed, its own page where there is none."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import mimetypes
import threading
from pathlib import Path

PREFIX = "/benchmark/"  # most are published below a folder
COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".csv")


@functools.lru_cache(maxsize=512)
def compressed(file: Path, modified: int) -> bytes:  # a file that is written anew is another one
    """Return a file's content compressed: once, for a browser that starts afresh asks for the charts' bundle each time."""
    return gzip.compress(file.read_bytes())


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with files of `folder`."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self):
        path = self.path.partition("?")[0]
        file = (self.folder / path.removeprefix(PREFIX)).resolve()
        if path.startswith(PREFIX) and file.is_dir():
            file /= "index.html"
        known = path.startswith(PREFIX) and self.folder in file.parents and file.is_file()
        file = file if known else self.folder / "404.html"
        packed = file.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        content = compressed(file, file.stat().st_mtime_ns) if packed else file.read_bytes()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", mimetypes.guess_type(file.name)[0] or "application/octet-stream")
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a browser that leaves a page takes no more
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serving(folder: Path):
    """Serve `folder`, which may be filled later, and give its address."""
    handler = type("Own", (Handler,), {"folder": folder.resolve()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()
        thread.join()
