"""Messages to prompts: merge edits, link upscales, clean, pseudonymise. Every row dropped has a reason."""
