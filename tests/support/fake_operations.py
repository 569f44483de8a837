# Signpost. Apache-2.0; see LICENSE.
"""What can be done to, and can happen to, a container of FakeEngine: the change of its state and the events, in the
order of a real engine."""
import asyncio
import functools

_DUAL = ("0.0.0.0", "::")


def operation(method):
    """Runs on the engine's thread as one step."""
    @functools.wraps(method)
    def run(self, *arguments, **words):
        return self.engine.act(lambda: method(self, *arguments, **words))
    return run


class FakeContainer:
    """A handle. `kill` is the event of a signal; `die` the end of the process; `stop` and `restart` are whole."""

    def __init__(self, engine, state):
        self.engine, self.state = engine, state

    @property
    def id(self):
        return self.state.id

    @property
    def name(self):
        return self.state.name

    @property
    def port(self):
        """The first host port of the first published port."""
        return next(iter(self.state.bindings.values()))[0][1]

    def address(self, network):
        return self.engine.network_addresses(network, self.state.networks[network])[0]

    def _emit(self, action, **extra):
        self.engine.emit_container(self.state, action, **extra)

    # --- begin and end

    @operation
    def start(self):
        """connect, start; host ports that were left to the engine are new ones."""
        state = self.state
        for network in state.networks:
            state.networks[network] = self.engine.next_address()
            self.engine.emit_network(state, "connect", network)
        self._publish()
        state.state, state.paused, state.oom_killed = "running", False, False
        state.exit_code, state.error, state.pid = 0, "", 4242
        state.started_at = self.engine.stamp()[1]
        state.health = "starting"
        self._emit("start")

    def _publish(self):
        state = self.state
        internal = any(name.startswith("internal") for name in state.networks)
        if not state.has_addresses or internal:
            return
        for address, host_port, port in state.published:
            for host in (address,) if address else _DUAL:
                number = int(host_port) if host_port.isdigit() else self.engine.next_port()
                state.bindings.setdefault(port, []).append((host, number))

    @operation
    def fail_to_start(self):
        state = self.state
        for network in state.networks:
            self.engine.emit_network(state, "connect", network)
            self.engine.emit_network(state, "disconnect", network)
        state.exit_code, state.error = 127, 'exec: "nothing": executable file not found in $PATH'

    @operation
    def kill(self, signal):
        """The event only: what the process does with it is another matter."""
        self._emit("kill", signal=str(signal))

    @operation
    def die(self, code=0, state="exited"):
        """die, disconnect. With auto_remove also destroy."""
        self._end(code, state)
        if self.state.auto_remove and state == "exited":
            self._destroy()

    def _end(self, code, state):
        self.state.exit_code, self.state.state, self.state.paused, self.state.pid = code, state, False, 0
        self.state.finished_at = self.engine.stamp()[1]
        if self.state.has_health:
            self.state.health = "unhealthy"
        self.state.bindings = {}
        networks = [name for name, number in self.state.networks.items() if number is not None]
        for network in networks:
            self.state.networks[network] = None
        self._emit("die", exitCode=str(code))
        for network in networks:
            self.engine.emit_network(self.state, "disconnect", network)

    @operation
    def stop(self, code=0, obeys=True):
        """`docker stop` of a process that obeys, or does not: then the kill signal ends it."""
        self.begin_stop()
        self.end_stop(code, obeys)

    @operation
    def begin_stop(self):
        self.kill(self.state.stop_number)
        if self.state.paused:
            self.unpause()
            self.kill(9)

    @operation
    def end_stop(self, code=0, obeys=True):
        if not obeys:
            self.kill(9)
        self.die(code if obeys else 137)
        self._emit("stop")

    async def stop_slowly(self):
        """The engine's own stop: the process ends `stop_takes` seconds after the signal. On the serving thread."""
        self.begin_stop()
        await asyncio.sleep(self.state.stop_takes)
        self.end_stop()

    @operation
    def restart(self):
        self.stop()
        self.start()
        self._emit("restart")

    @operation
    def remove(self):
        """`docker rm -f`."""
        if self.state.running:
            self.kill(9)
            self._end(137, "exited")
        if not self.state.removed:
            self._destroy()

    def _destroy(self):
        self.state.removed = True
        self.engine.states.pop(self.state.id, None)
        self._emit("destroy")

    @operation
    def crash(self, code=1):
        """One turn of a restart policy: the process ended, the engine waits before it starts it again."""
        self.die(code, state="restarting")

    @operation
    def oom(self):
        self._emit("oom")
        self.state.oom_killed = True
        self.die(137)
        self.state.oom_killed = True

    # --- the life between

    @operation
    def pause(self):
        self.state.paused, self.state.state = True, "paused"
        if self.state.has_health:
            self.state.health = "unhealthy"  # as in the engine: at once, and without an event
        self._emit("pause")

    @operation
    def unpause(self):
        self.state.paused, self.state.state = False, "running"
        self._emit("unpause")

    @operation
    def health(self, status, output=""):
        """A probe ended; an event follows only when the status changed."""
        stamp = self.engine.stamp()[1]
        self.state.health_log.append({"Start": stamp, "End": stamp, "ExitCode": int(status != "healthy"),
                                      "Output": output})
        for action in ("exec_create: true", "exec_start: true", "exec_die"):
            self._emit(action, execID="ab" * 32)
        if self.state.health != status:
            self.state.health = status
            self._emit(f"health_status: {status}")

    @operation
    def rename(self, name):
        old, self.state.name = self.state.name, name
        self._emit("rename", oldName=f"/{old}")

    @operation
    def update(self):
        self._emit("update")

    @operation
    def connect(self, network):
        self.state.networks[network] = self.engine.next_address()
        self.engine.emit_network(self.state, "connect", network)

    @operation
    def disconnect(self, network):
        """Live: the engine tells it twice."""
        del self.state.networks[network]
        self.engine.emit_network(self.state, "disconnect", network)
        self.engine.emit_network(self.state, "disconnect", network)

    @operation
    def touch(self, **changes):
        """Attributes of the state changed without a word."""
        for name, value in changes.items():
            assert hasattr(self.state, name), name
            setattr(self.state, name, value)
