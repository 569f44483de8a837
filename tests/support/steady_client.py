# Signpost. Apache-2.0; see LICENSE.
"""A client that never stops asking: what it saw is the evidence that no fault reached the users.

    with SteadyClient(dnsd.dns, "web.service.consul") as client:
        ...                                  # break something
    client.assert_only("NOERROR")            # every question so far was answered, and answered so
"""
import collections
import threading
import time

from support.ask import BadReply, NoReply, ask
from support.wait import eventually

Seen = collections.namedtuple("Seen", "when name rcode ttl answer")  # rcode "SILENT" when nothing came back


class SteadyClient:
    """Asks the names in turn for their A records, `pace` seconds apart, on a thread of its own."""

    def __init__(self, server, *names, kind="A", pace=0.005):
        self.server, self.names, self.kind, self.pace = server, names, kind, pace
        self.seen = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.ask_all_again()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.is_set():
            for name in self.names:
                self.seen.append(self._ask(name))
            self._end.wait(self.pace)

    def _ask(self, name):
        when = time.monotonic()
        try:
            reply = ask(self.server, name, self.kind, timeout=2)
        except (NoReply, BadReply, OSError):
            return Seen(when, name, "SILENT", 0, ())
        ttls = [record.ttl for record in reply.answer]
        return Seen(when, name, reply.rcode, max(ttls, default=0), tuple(sorted(r.text for r in reply.answer)))

    def ask_all_again(self, rounds=2):
        """Returns when every name was asked again, from now on, and answered or given up."""
        start = time.monotonic()
        enough = rounds * len(self.names)
        eventually(lambda: sum(1 for s in self.seen[-enough:] if s.when >= start) >= enough, 10, "more questions asked")

    def since(self, when):
        return [seen for seen in list(self.seen) if seen.when >= when]

    def rcodes(self, since=0.0):
        return collections.Counter(seen.rcode for seen in self.since(since))

    def assert_only(self, *rcodes, since=0.0):
        """Something was asked and every question got one of `rcodes`."""
        counts = self.rcodes(since)
        assert counts, "the client asked nothing"
        assert set(counts) <= set(rcodes), f"{dict(counts)} while only {rcodes} are allowed"
