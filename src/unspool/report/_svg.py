"""A drawing within a page: its own ids, a text alternative, and what each mark says when pointed at."""

import re
from collections.abc import Collection
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
_NUMBER = re.compile(r"-?\d+\.\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_ROUNDED = ("d", "transform", "x", "y", "x2", "y2", "width", "height")
_DROPPED = ("role", "pointer-events", "font-family", "stroke-miterlimit", "class")


def inline(svg: str, name: str, alt: str, told: Collection[str]) -> str:
    """The SVG as an element of a page: `name` makes its ids unique, `alt` is what it says to a screen reader.

    `told`: what its marks are described by; what Vega makes up of column names for the others is taken out.

    It scales with its place (a viewBox and no size), numbers are rounded to a tenth, and marks that are described carry
    a <title>.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    ids = {element.get("id"): f"{name}-{number}" for number, element in enumerate(root.iter()) if element.get("id")}
    for element in root.iter():
        _clean(element, ids, told)
    for parent in list(root.iter()):
        for child in [child for child in parent if _empty(child)]:
            parent.remove(child)
    root.attrib = {"viewBox": root.get("viewBox", ""), "role": "img", "aria-label": alt}
    return ElementTree.tostring(root, encoding="unicode")


def _clean(element: ElementTree.Element, ids: dict[str | None, str], told: Collection[str]) -> None:
    label = element.get("aria-label")
    if label in told:
        ElementTree.SubElement(element, f"{{{SVG}}}title").text = label
    for key, value in list(element.attrib.items()):
        if key.startswith("aria-") or key in _DROPPED:
            del element.attrib[key]
        elif key in _ROUNDED:
            element.set(key, _NUMBER.sub(_tenth, value))
        elif key == "id":
            element.set(key, ids[value])
        else:
            element.set(key, _REFERENCE.sub(lambda found: f"url(#{ids[found[1]]})", value))


def _tenth(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _empty(element: ElementTree.Element) -> bool:
    """Paths that draw nothing: Vega's backgrounds and foregrounds of groups."""
    drawn = element.get("stroke") or element.get("fill")
    return element.tag == f"{{{SVG}}}path" and not len(element) and not drawn
