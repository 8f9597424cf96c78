"""Text of a log in a page: escaped, what cannot be seen made visible, cut to a length, changes marked."""

import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape

from unspool.edits.words import Span

LONGEST = 700
JOINERS = "\u200c\u200d"
"""Marks that stay as they are: they join the parts of an emoji and of letters in many scripts."""
TAGS = {"kept": "", "added": "ins", "removed": "del"}
_NAMES = {"\n": "↵", "\t": "⇥", "\r": "␍"}


def shown(text: str, longest: int = LONGEST) -> Markup:
    """A text as it may stand in a page, at most `longest` characters of it.

    Line ends and tabs become arrows; other control characters, direction marks and their like stand as their code
    points. The rest is escaped.
    """
    left = f"… ({len(text) - longest:,} more characters)" if len(text) > longest else ""
    text = text[:longest]
    return (escape(text) if text.isprintable() else Markup("").join(map(_shown, text))) + left


def label(text: str, longest: int = 120) -> Markup:
    """The same for an attribute, where no tag can stand: what cannot be seen is replaced."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:longest]))


def _shown(character: str) -> Markup:
    if character.isprintable() or character in JOINERS or unicodedata.category(character) == "Zs":
        return escape(character)
    if character in _NAMES:
        return Markup('<span class="unseen">{}</span>').format(_NAMES[character])
    name = unicodedata.name(character, "control character").lower()
    return Markup('<span class="unseen" title="{}">U+{:04X}</span>').format(name, ord(character))


def changed(spans: Iterable[Span], longest: int = LONGEST) -> Markup:
    """Spans of an edit, one after the other: what was added in <ins>, what was removed in <del>."""
    parts, room, last = [], longest, "kept"
    for what, words in spans:
        if room <= 0:
            parts.append(Markup(" …"))
            break
        blank = " " if (last, what) == ("removed", "added") and not parts[-1].endswith(" ") else ""
        parts += [Markup(blank), _span(what, words, room)]
        room, last = room - len(words), what
    return Markup("").join(parts)


def _span(what: str, words: str, room: int) -> Markup:
    """A span in its tag, the blanks around it outside."""
    tag, core = TAGS[what], words.strip()
    if not tag or not core:
        return shown(words, room)
    before, _, after = words.partition(core)
    tags = Markup(f"<{tag}>"), Markup(f"</{tag}>")
    return shown(before) + tags[0] + shown(core, room) + tags[1] + shown(after)
