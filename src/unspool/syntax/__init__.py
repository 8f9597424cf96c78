"""Prompt languages: bot lines, parameters, weights, links and mentions."""
