"""What the tests in a browser share."""

from __future__ import annotations

import pytest

from tools.browsing import DESKTOP, build_for, launch_arguments, watch_shifts
from tools.served import serving


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium):
    if not chromium:
        pytest.skip("no Chromium or Chrome is installed, and only root can install one")
    return {"executable_path": chromium, "args": launch_arguments()}


@pytest.fixture(scope="session")
def site(whole_run, tmp_path_factory):
    """The address and the folder of the sample's site, built for this very address, as instant navigation wants it."""
    folder = tmp_path_factory.mktemp("site")
    with serving(folder) as address:
        build_for(address, whole_run[0] / "build" / "mkdocs.yml", folder)
        yield address, folder


@pytest.fixture(scope="session")
def windows():
    """The windows that one test leaves to the next, one on a phone and one on a desktop: to open one costs more than a page."""
    return {}


@pytest.fixture
def visit(site, browser, new_context, windows):
    """Open a page and return it; what it asks of other hosts, its errors and its failed requests fail the test."""
    wrong, left = [], {}

    def asked(request):
        if not request.url.startswith((site[0], "data:", "blob:")):
            wrong.append(f"asked for {request.url}")

    def answered(response):
        if response.status >= 400 and not response.request.is_navigation_request():
            wrong.append(f"{response.status}: {response.url}")

    def said(message):
        if message.type in {"error", "warning"} and "404 (Not Found)" not in message.text:
            wrong.append(f"console: {message.text}")

    def raised(error):
        wrong.append(f"script: {error}")

    listeners = {"request": asked, "response": answered, "console": said, "pageerror": raised}

    def visit(path, like=DESKTOP, *, first=False, **more):
        """Visit as a reader of whom nothing is known where it is the `first` time, or who is like no other."""
        own = first or bool(more) or like["viewport"]["width"] in left
        window = None if own else windows.pop(like["viewport"]["width"], None)
        if not window:
            window = (new_context if own else browser.new_context)(**like | more).new_page()
            watch_shifts(window)
        if not own:
            left[like["viewport"]["width"]] = window
            window.set_viewport_size(like["viewport"])
            window.emulate_media(color_scheme=like["color_scheme"])
        for event, listener in listeners.items():
            window.on(event, listener)
        window.goto(site[0] + path)
        return window

    yield visit
    for window in left.values():
        window.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        for event, listener in listeners.items():
            window.remove_listener(event, listener)
        window.goto("about:blank")
    windows |= left
    assert not wrong
