"""The card of an export: what it is, where it comes from, what the audits found, what was taken out."""

from unspool.export import Exported


def card(data: Exported, form: str) -> str:
    """Markdown."""
    return "# A log\n"
