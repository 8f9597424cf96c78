"""What kinds of messages, merged records and reasons are, in words."""

KIND_NOTES = {
    "grid": "a fresh prompt or a reroll by text",
    "remix": "an edited prompt",
    "prompt": "rows of a table of prompts",
    "upscale": "someone chose an image",
    "start": "a job that waits to start",
    "progress": "a job at work, edited in place",
    "other": "chat and answers that echo no prompt",
}
MERGED_NOTES = {
    "edit": "states of a message that was edited in place",
    "start": "jobs that were announced",
    "progress": "jobs at work",
    "derived": "variations, zooms, pans, regions, videos: into their prompt",
    "upscale": "credited to their prompt",
    "image_row": "images of one prompt",
    "duplicate": "records that came twice",
}
REASON_NOTES = {
    "chatter": "no prompt of a bot line",
    "no_user": "nobody is named",
    "empty": "no text",
    "link_only": "image links only",
    "language": "not English",
    "orphan_upscale": "upscale of a prompt that is not in the log",
    "orphan_derived": "image made from a prompt that is not in the log",
    "excluded": "left out by your settings",
    "malformed": "could not be read",
}
ADVICE = {
    "the time could not be read": "Write times as ISO 8601 or as seconds since 1970, or name another column for them "
    "with --columns time=...",
    "malformed": "Correct the log, or name its format with --source or its columns with --columns; "
    "the table rejects of the study lists the records.",
    "no_user": "Give a log that names its users, or leave user_id out of --columns.",
    "link_only": "Give a log of prompts with words.",
    "empty": "Name the column that holds the prompts with --columns text=...",
    "language": "Add --language any to keep prompts of all languages.",
    "excluded": "Widen --since, --until, --channel or --drop-user.",
    "orphan_upscale": "Export the channel from an earlier day on, so that the prompts are in it.",
    "orphan_derived": "Export the channel from an earlier day on, so that the prompts are in it.",
}
"""What to do where no prompt is left, by what was wrong with most records or else by the reason."""
