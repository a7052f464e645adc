"""The spiders, and nothing else: Scrapy looks here for them."""
