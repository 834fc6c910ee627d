"""What the tests in a browser share."""

from __future__ import annotations

import pytest

from tools.browsing import launch_arguments


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium):
    if not chromium:
        pytest.skip("no Chromium or Chrome is installed, and only root can install one")
    return {"executable_path": chromium, "args": launch_arguments()}
