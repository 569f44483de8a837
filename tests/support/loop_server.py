# Signpost. Apache-2.0; see LICENSE.
"""The common part of servers that lie on demand: an event loop on a thread of its own, from the beginning of a block to its end.

The test's thread starts and stops what listens, as often as it likes; the subclass says how (`_start` and `_stop`, which run on
the serving thread).
"""
import asyncio
import threading


class LoopServer:
    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._run(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def start(self):
        """Listens (again), at the same place."""
        self._run(self._start())

    def stop(self):
        """Closes sockets and connections, as a killed process does."""
        self._run(self._stop())

    async def _start(self):
        raise NotImplementedError

    async def _stop(self):
        raise NotImplementedError

    def _run(self, coroutine):
        """What it returns when it has run on the serving thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


async def _end_tasks():
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
