"""The one error that users see."""


class UnspoolError(Exception):
    """An error told in three sentences: what is wrong and where, what was found, what to do.

    `exit_code` is what the command line returns: 1 failed, 2 wrong use, 3 refused for privacy.
    """

    def __init__(self, wrong: str, found: str = "", do: str = "", *, exit_code: int = 1) -> None:
        self.wrong, self.found, self.do, self.exit_code = wrong, found, do, exit_code
        super().__init__(" ".join(part for part in (wrong, found, do) if part))

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process."""
        return (_rebuild, (self.wrong, self.found, self.do, self.exit_code))


def _rebuild(wrong: str, found: str, do: str, exit_code: int) -> UnspoolError:
    return UnspoolError(wrong, found, do, exit_code=exit_code)
