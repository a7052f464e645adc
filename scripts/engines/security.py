"""What makes an engine a secured one: certificates of an authority of its own, and the settings that name them."""

from __future__ import annotations

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

PASSWORD = "loopback-tests-only"


def make_certificates(folder: Path) -> None:
    """Write `ca.pem`, and `node.pem` with `node.key` (PKCS 8) for the loopback."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    node = authority.issue_cert("localhost", "127.0.0.1", common_name="node", organization_name="tests")
    key = load_pem_private_key(node.private_key_pem.bytes(), None)
    (folder / "node.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "node.pem").write_bytes(b"".join(one.bytes() for one in node.cert_chain_pems))


def secured_settings(product: str) -> dict[str, object]:
    """Return the settings of a secured node."""
    found: dict[str, object] = {}
    if product == "elasticsearch":
        found["xpack.security.enrollment.enabled"] = False
        for layer in ("http", "transport"):
            found |= {
                f"xpack.security.{layer}.ssl.enabled": True,
                f"xpack.security.{layer}.ssl.key": "node.key",
                f"xpack.security.{layer}.ssl.certificate": "node.pem",
                f"xpack.security.{layer}.ssl.certificate_authorities": ["ca.pem"],
            }
        return found
    for layer in ("http", "transport"):
        found |= {
            f"plugins.security.ssl.{layer}.pemcert_filepath": "node.pem",
            f"plugins.security.ssl.{layer}.pemkey_filepath": "node.key",
            f"plugins.security.ssl.{layer}.pemtrustedcas_filepath": "ca.pem",
        }
    return found | {
        "plugins.security.ssl.http.enabled": True,
        "plugins.security.ssl.transport.enforce_hostname_verification": False,
        "plugins.security.authcz.admin_dn": ["CN=admin,O=tests"],
        "plugins.security.allow_default_init_securityindex": True,
        "plugins.security.restapi.roles_enabled": ["all_access"],
    }
