"""The edits of threads: adjacent prompts aligned, the kind of each edit, and of each word added or removed."""
