"""Charts to SVG, PDF and PNG, without a browser and without the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCALE = 3
"""Dots of a PNG per unit of the chart: 340 units are 1,020 dots."""


@contextmanager
def unchecked() -> Iterator[None]:
    """Make charts without holding each part against the schema of Vega-Lite, which takes as long as all the rest."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        yield


def _spec(chart: Any) -> Any:
    """The chart as Vega-Lite; not validated again, which would take longer than drawing it."""
    return chart.to_dict(validate=False)


def svg(chart: Any) -> str:
    """The chart as SVG text."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_spec(chart), allowed_base_urls=[]))


def pdf(chart: Any) -> bytes:
    """The chart as a page of PDF, of its own size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_pdf(_spec(chart), allowed_base_urls=[]))


def png(chart: Any) -> bytes:
    """The chart as PNG, three dots per unit."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_spec(chart), scale=SCALE, allowed_base_urls=[]))
