"""From an echoed prompt to the text that a person wrote, its parameters, weights and image links."""

import polars as pl

from unspool.syntax.parameters import split_parameters

_LINKS = r"<link>"


def split_text(echo: pl.Series) -> pl.DataFrame:
    """Columns text, params, n_weights, n_image_links of scrubbed echoes, one row each.

    `text` has no parameters, links or bold debris (`**`); single blanks where a link stood; "" where nothing is left.
    Weights (`::2`) and permutations stay in the text, as written. `n_weights`: number of `::`. `n_image_links`: links
    before the parameters.
    """
    parts = split_parameters(echo)
    body = pl.col("body")
    has_links = body.str.contains(_LINKS, literal=True)
    without = body.str.replace_all(rf"\s*{_LINKS}\s*", " ").str.replace_all(r"^[\s,]+|(?:\s+,)+", "")
    return parts.select(
        text=pl.when(has_links)
        .then(without)
        .otherwise(body)
        .str.replace_all("**", "", literal=True)
        .str.strip_chars()
        .fill_null(""),
        params="params",
        n_weights=body.str.count_matches("::", literal=True).fill_null(0).cast(pl.UInt16),
        n_image_links=body.str.count_matches(_LINKS, literal=True).fill_null(0).cast(pl.UInt16),
    )
