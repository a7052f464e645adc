"""Logging in to a mail server with a name and password in any script. Knows no connection settings.

`smtplib` sends both as ASCII or not at all; PLAIN (RFC 4616) and LOGIN carry UTF-8.
"""

from __future__ import annotations

import smtplib
from base64 import b64encode

from earshot.errors import MailError
from earshot.harmless import harmless_line

_ACCEPTED = 235
_GO_ON = 334


def log_in(server: smtplib.SMTP, username: str, password: str) -> None:
    """Log in by what the server offers.

    Args:
        server: greeted, EHLO answered, TLS begun where it is to be.
        username: in any script.
        password: likewise.

    Raises:
        MailError: refused, or there is no way to send such a password (is_ours). The password is in no message.
        OSError, smtplib.SMTPException: the connection was lost.
    """
    if "\0" in username + password:
        raise MailError("the mail user name or password holds a NUL character; no mail server takes it", is_ours=True)
    if (username + password).isascii():
        try:
            server.login(username, password)
        except smtplib.SMTPAuthenticationError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        return
    offered = server.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        code, said = server.docmd("AUTH", "PLAIN " + _encoded(f"\0{username}\0{password}"))
    elif "LOGIN" in offered:
        code, said = server.docmd("AUTH", "LOGIN " + _encoded(username))
        if code == _GO_ON:
            code, said = server.docmd(_encoded(password))
    else:
        ways = " ".join(offered) or "none"
        what = "the mail user name or password has characters beyond ASCII, and the server offers no login for them"
        raise MailError(f"{what} (it offers {ways}; PLAIN or LOGIN would do)", is_ours=True)
    if code != _ACCEPTED:
        raise _refused(code, said)


def _encoded(text: str) -> str:
    return b64encode(text.encode("utf-8")).decode("ascii")


def _refused(code: int, said: bytes | str) -> MailError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return MailError(f"login refused: {code} {harmless_line(text)}"[:300], is_ours=True)
