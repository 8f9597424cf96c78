"""One file per stage: which tasks there are, over which buckets, into which tables. The arithmetic is elsewhere."""
