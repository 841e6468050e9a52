"""A mail server for tests: aiosmtpd with a handler that answers by the recipient's name.

nobody@: refused for ever; later@: put off; vanish@: taken, and the connection closed instead of an answer.
Everything that is taken lies in a folder, a file for each letter.
"""

import itertools
import pathlib


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("tmp", "new"):
            (self.folder / name).mkdir(parents=True)
        self.numbers = itertools.count()

    @classmethod
    def from_cli(cls, parser, *args):
        return cls(args[0])

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "nobody":
            return "550 5.1.1 no such mailbox"
        if name == "later":
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        name = f"{next(self.numbers):08}"
        written = self.folder / "tmp" / name
        written.write_bytes(envelope.original_content)
        written.rename(self.folder / "new" / name)
        if any(address.startswith("vanish@") for address in envelope.rcpt_tos):
            server.transport.abort()
        return f"250 2.0.0 OK: queued as T{name}"
