"""The adapters of the MentionIndex port, and what they share: cursors, stored mentions, snippets, timelines.

Knows neither the record nor the pipeline.
"""
