"""Heavy optional back ends: the parser, language models. Each is imported inside functions only."""
