"""Where things lie: in a checkout, and where the package is installed."""

from __future__ import annotations

from benchmark import layout
from tests.conftest import ROOT


def test_a_checkout_works_in_itself_and_an_installed_package_where_one_is(monkeypatch, tmp_path):
    assert layout.work_folder() == ROOT
    assert layout.shipped("templates") == ROOT / "templates"
    monkeypatch.setattr(layout, "PACKAGE", tmp_path / "site-packages" / "benchmark")
    monkeypatch.chdir(tmp_path)
    assert layout.work_folder() == tmp_path
    assert layout.shipped("templates") == tmp_path / "site-packages" / "benchmark" / "templates"
