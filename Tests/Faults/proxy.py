# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy before a database, which cuts connections where it hurts. Standard library only."""
import asyncio
import collections
import contextlib
import random
import socket
import struct
import threading
import time

# What a question has in it that takes a turn or writes, and what ends an answer: then a letter says
# whether the transaction has ended, too.
WRITES, READY = (b"COMMIT\0", b"WITH moved AS", b"FOR UPDATE"), b"Z\0\0\0\5"


class Cut(Exception):
    """A connection that ends here."""


class Proxy:
    """Cuts at random bytes of questions and answers, and swallows answers of commits."""

    def __init__(self, port, seed, mean_bytes=12000, swallow=0.1, halve=0.02):
        self.target, self.random = port, random.Random(seed)
        self.mean_bytes, self.swallow, self.halve = mean_bytes, swallow, halve
        # Misfortunes come together: until when most questions are cut, after an answer was lost.
        self.spell = 0.0
        self.counts, self.calm = collections.Counter(), True
        self.loop, self.port = asyncio.new_event_loop(), None
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self.listen(), self.loop).result()

    def fate(self, question):
        """Whether to swallow the answer to a question, or to pass on a part of the question."""
        if self.calm:
            return None
        if any(text in question for text in WRITES) and self.random.random() < self.swallow:
            return "swallow"
        chance = 0.5 if time.monotonic() < self.spell else self.halve
        return "halve" if self.random.random() < chance else None

    async def listen(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.server = server

    async def serve(self, reader, writer):
        """Passes both directions on until one of them ends, or is cut."""
        try:
            above, below = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(self, reader, writer, above, below)
        ways = [asyncio.ensure_future(way) for way in (link.ask(), link.answer())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for result in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(result, Cut):
                self.counts[str(result)] += 1
        link.close()


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, reader, writer, above, below):
        self.proxy, self.random = proxy, proxy.random
        self.reader, self.writer, self.above, self.below = reader, writer, above, below
        # How many bytes of answers it lets pass.
        self.left = int(self.random.expovariate(1 / proxy.mean_bytes))
        self.swallows, self.answered = False, b""

    async def ask(self):
        """What the client says."""
        while data := await self.reader.read(65536):
            fate = self.proxy.fate(data)
            if fate == "halve":
                await self.send(self.below, data[:self.random.randrange(len(data))])
                raise Cut("questions cut")
            # A long question comes in parts.
            self.swallows = self.swallows or fate == "swallow"
            await self.send(self.below, data)

    async def answer(self):
        """What the server says."""
        while data := await self.above.read(65536):
            if self.swallows:
                self.answered += data
                if self.answered[-6:-1] == READY:
                    ended = self.answered.endswith(b"I")
                    if self.random.random() < 0.3:
                        self.proxy.spell = time.monotonic() + self.random.uniform(0, 0.2)
                    raise Cut("answers of commits lost" if ended else "answers of turns lost")
                continue
            if not self.proxy.calm and self.left < len(data):
                await self.send(self.writer, data[:self.left])
                raise Cut("answers cut")
            self.left -= 0 if self.proxy.calm else len(data)
            await self.send(self.writer, data)

    @staticmethod
    async def send(writer, data):
        with contextlib.suppress(OSError):
            writer.write(data)
            await writer.drain()

    def close(self):
        """Ends both sides, by a reset or in good order."""
        for writer in (self.writer, self.below):
            if self.random.random() < 0.5:
                place = writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    place.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.close()
