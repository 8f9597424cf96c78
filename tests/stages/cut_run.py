"""A run in small parts and buckets, with worker processes, for the tests that cut it off: LOG STUDY KEY."""

import sys

from unspool import analyses
from unspool.compiling.settings import ReadSettings
from unspool.sources import _messages, midjourney_messages
from unspool.stages import analyze, measure, pieces
from unspool.stages import read as reading
from unspool.stages import thread as threading

if __name__ == "__main__":
    log, study, key = sys.argv[1:]
    midjourney_messages.ROWS, _messages.ROWS, reading.BUCKET_BYTES = 1_500, 500, 300_000
    found = reading.read([log], study, ReadSettings(language="any"), key=key, jobs=2)
    for number, rule in enumerate(("iou", "gap")):
        threading.thread(found, rule, choose=number == 0, jobs=2)
    pieces._ROWS[""] = 500
    measure.measure(found, names=["length", "magic_words"], jobs=1)
    analyze.analyze(found, analyses.Settings(draws=200), ["log", "drift"], jobs=1)
