"""Numbers in, numbers out: statistics on arrays, with the user as the unit that is drawn again."""
