"""Settings of the Scrapy project. What depends on a batch (limits, proxy, user agent) is laid over them by `child`."""

from __future__ import annotations

from typing import Any

BOT_NAME = "earshot"
SPIDER_MODULES = ["spiders.crawl"]

# No consoles, no state, no guesses: one batch, then the process ends.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
JOBDIR = None
COOKIES_ENABLED = False
AUTOTHROTTLE_ENABLED = False
EXTENSIONS: dict[str, Any] = {
    "spiders.budget.BodyBudget": 100,
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.memdebug.MemoryDebugger": None,
    "scrapy.extensions.closespider.CloseSpider": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
    "scrapy.extensions.throttle.AutoThrottle": None,
}

# Only http and https, certificates checked.
DOWNLOAD_HANDLERS: dict[str, Any] = {
    "http": "spiders.headers.BoundedHandler",
    "https": "spiders.headers.BoundedHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TLS_MIN_VERSION = "TLSv1.2"
DOWNLOAD_FAIL_ON_DATALOSS = True
DOWNLOAD_WARNSIZE = 0

# Retries are the pipeline's, redirects, robots.txt, codings and the proxy the spider's own.
DOWNLOADER_MIDDLEWARES_BASE: dict[str, Any] = {}
DOWNLOADER_MIDDLEWARES = {"spiders.middlewares.GuardMiddleware": 900}
SPIDER_MIDDLEWARES_BASE: dict[str, Any] = {}
ITEM_PIPELINES = {"spiders.pipelines.LakePipeline": 300}
RETRY_ENABLED = False
REDIRECT_ENABLED = False
ROBOTSTXT_OBEY = False
HTTPPROXY_ENABLED = False
COMPRESSION_ENABLED = False
HTTPCACHE_ENABLED = False

# Turns, delays and numbers are `politeness`'; Scrapy's own queues let everything through.
CONCURRENT_REQUESTS = 0
CONCURRENT_REQUESTS_PER_DOMAIN = 64
DOWNLOAD_DELAY = 0
DOWNLOAD_DELAY_JITTER = 0.0

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
TWISTED_DNS_RESOLVER = "spiders.resolver.GuardedResolver"
REACTOR_THREADPOOL_MAXSIZE = 64  # name servers that do not answer hold a thread each

LOG_LEVEL = "WARNING"
LOG_VERSIONS: list[str] = []
STATS_DUMP = False
