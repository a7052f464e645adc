"""The lake: captures in WARC files, in a folder or in object storage. Knows no batch, no record, no Scrapy."""

from earshot.lake.store import Login
from earshot.lake.warclake import WarcLake

__all__ = ["Login", "WarcLake"]
