"""A real SMTP server that behaves as the recipient's name asks, for the tests of the mail sender.

    smtp_server.py FOLDER [CERTIFICATE KEY USER PASSWORD]

Prints its port. Whatever it takes is written to FOLDER/N.json, with the message as Python's own parser reads it.
Names that end in a number are served so once, and normally from then on; by what they begin with:

    refuse  550 to RCPT              full  552 after the message         busy  451 to RCPT
    late    451 after the message    cut   connection lost mid-message   lost  taken, but the reply is lost
"""
import asyncio
import json
import logging
import ssl
import sys
import warnings
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

logging.disable()  # what goes wrong is meant to
warnings.simplefilter("ignore")  # the library's own
FOLDER = Path(sys.argv[1])
KINDS = ("refuse", "full", "busy", "late", "cut", "lost")
met = set()
taken = 0


def kind_of(address):
    """What the recipient asks for; None once it was served."""
    kind = next((k for k in KINDS if address.startswith(k)), None)
    if kind is None or address in met:
        return None
    return kind


def serve(address):
    if kind_of(address) not in ("refuse", "full"):
        met.add(address)


def store(envelope, session):
    global taken
    message = message_from_bytes(envelope.original_content, policy=policy.default)
    parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
    record = {
        "from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": message["subject"], "header_from": str(message["from"]),
        "header_to": str(message["to"]), "message_id": message["message-id"], "date": message["date"].datetime.isoformat(),
        "text": parts.get("text/plain"), "html": parts.get("text/html"), "raw": envelope.original_content.decode("utf-8"),
        "defects": [repr(d) for part in message.walk() for d in part.defects], "names": sorted(set(message.keys())),
        "tls": session.ssl is not None, "user": getattr(session, "who", None), "ehlo": session.host_name,
        "longest": max(len(line) for line in envelope.original_content.split(b"\r\n")),
    }
    draft = FOLDER / "draft"
    draft.write_text(json.dumps(record))
    draft.rename(FOLDER / f"{taken}.json")
    taken += 1


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        kind = kind_of(address)
        if kind == "refuse":
            return "550 5.1.1 No such user"
        if kind == "busy":
            serve(address)
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        kind = kind_of(address)
        serve(address)
        if kind == "full":
            return "552 5.3.4 Too much of it"
        if kind == "late":
            return "451 4.3.0 Not now"
        store(envelope, session)
        if kind == "lost":
            server.transport.abort()
        return "250 OK"


class Server(SMTP):
    async def smtp_DATA(self, arg):
        address = self.envelope.rcpt_tos[0] if self.envelope.rcpt_tos else ""
        if kind_of(address) != "cut":
            return await super().smtp_DATA(arg)
        serve(address)
        await self.push("354 Go on")
        await self._reader.readline()
        self.transport.abort()


def authenticate(user, password):
    def check(server, session, envelope, mechanism, data):
        right = data.login == user.encode() and data.password == password.encode()
        session.who = user if right else None
        return AuthResult(success=right, handled=right)
    return check


def options():
    if len(sys.argv) < 4:
        return {}
    certificate, key, user, password = sys.argv[2:6]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticate(user, password)}


async def main():
    loop, more = asyncio.get_running_loop(), options()
    server = await loop.create_server(lambda: Server(Handler(), loop=loop, hostname="mx.test", **more), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
