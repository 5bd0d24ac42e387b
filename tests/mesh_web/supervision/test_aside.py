"""What is done aside is done once, and leaves nothing in the process that asked."""

import sys

import pytest

from mesh_web.supervision.aside import aside
from mesh_web.supervision.preflight import CannotStart


def test_what_it_loads_stays_aside() -> None:
    def work() -> str:
        import xml.dom.pulldom  # noqa: PLC0415

        return xml.dom.pulldom.__name__

    sys.modules.pop("xml.dom.pulldom", None)
    assert aside(work, "loading") == "xml.dom.pulldom"
    assert "xml.dom.pulldom" not in sys.modules


def test_what_fails_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> str:
        raise ValueError("no room on the disk")

    with pytest.raises(CannotStart, match="preparing failed; what is above says why"):
        aside(work, "preparing")
    assert "no room on the disk" in capfd.readouterr().err
