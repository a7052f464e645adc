"""What makes an engine a secured one, under the name that tests use; it lies in `scripts.engines`."""

from scripts.engines.security import PASSWORD, make_certificates, secured_settings

__all__ = ["PASSWORD", "make_certificates", "secured_settings"]
