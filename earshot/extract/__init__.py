"""Reading room: a capture in, its documents and addresses out. Knows neither record, lake, network nor brands."""

from earshot.extract.bounded import BoundedExtractor, ReadingLimits

__all__ = ["BoundedExtractor", "ReadingLimits"]
