# Signpost. Apache-2.0; see LICENSE.
"""One container of FakeEngine: its state, and the JSON by which a Docker Engine 20.10 shows it."""
import secrets

NEVER = "0001-01-01T00:00:00Z"
_SIGNALS = {"SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGKILL": 9, "SIGUSR1": 10, "SIGTERM": 15}
_WITHOUT_ADDRESSES = ("host", "none")


def new_id():
    return secrets.token_hex(32)


class ContainerState:
    """What `docker run` was told (`ports` as for -p, `expose` as for --expose), and what became of it. Plain data; the
    engine changes it. `health`: has a health check. `inspect_extra` is merged into the inspect document, last."""

    def __init__(self, name, image="team/web:1", ports=(), expose=(), labels=None, env=None, network_mode="default",
                 stop_signal=None, stop_timeout=None, health=False, restart="no", auto_remove=False, ipv6=False,
                 inspect_extra=None):
        self.id, self.name, self.image = new_id(), name, image
        self.labels = dict(labels or {})
        self.env = None if env is None else [f"{k}={v}" for k, v in env.items()] if isinstance(env, dict) else list(env)
        self.network_mode = network_mode
        self.stop_signal, self.stop_timeout = stop_signal, stop_timeout
        self.restart_policy, self.auto_remove, self.ipv6 = restart, auto_remove, ipv6
        self.inspect_extra = inspect_extra or {}
        self.published = [parse_port(text) for text in ports]  # (host address, host port text, container port)
        self.exposed = sorted({port for _, _, port in self.published} | {with_protocol(text) for text in expose})
        self.networks = self._first_networks()  # name -> number of the address, None while it does not run
        self.has_health = health
        self.health, self.health_log = "starting", []
        self.state, self.exit_code, self.error = "created", 0, ""
        self.paused = self.oom_killed = False
        self.started_at = self.finished_at = NEVER
        self.created = NEVER
        self.pid = 0
        self.bindings = {}  # "80/tcp" -> [(host address, port)], while it runs
        self.stop_takes = 0.0  # how long its process goes on after the stop signal
        self.removed = False

    def _first_networks(self):
        if self.network_mode.startswith("container:"):
            return {}
        return {"bridge" if self.network_mode == "default" else self.network_mode: None}

    @property
    def running(self):
        return self.state in ("running", "paused", "restarting")

    @property
    def stop_number(self):
        return _SIGNALS.get(self.stop_signal or "SIGTERM", 15)

    # --- documents

    def inspect(self, engine):
        document = {
            "Id": self.id, "Created": self.created, "Path": "/bin/server", "Args": [], "State": self._state(),
            "Image": "sha256:" + "ab" * 32, "Name": f"/{self.name}", "RestartCount": 0, "Driver": "overlay2",
            "Platform": "linux", "MountLabel": "", "ProcessLabel": "", "ExecIDs": None,
            "HostConfig": {"Binds": None, "NetworkMode": self.network_mode, "PortBindings": self._port_bindings(),
                           "RestartPolicy": {"Name": self.restart_policy, "MaximumRetryCount": 0},
                           "AutoRemove": self.auto_remove, "PublishAllPorts": False, "Dns": []},
            "Mounts": [], "Config": self._config(), "NetworkSettings": self._network_settings(engine)}
        return merged(document, self.inspect_extra)

    def _state(self):
        state = {"Status": self.state, "Running": self.running, "Paused": self.paused,
                 "Restarting": self.state == "restarting", "OOMKilled": self.oom_killed, "Dead": self.state == "dead",
                 "Pid": self.pid, "ExitCode": self.exit_code, "Error": self.error, "StartedAt": self.started_at,
                 "FinishedAt": self.finished_at}
        if self.has_health:
            streak = 0 if self.health == "healthy" else len(self.health_log)
            state["Health"] = {"Status": self.health, "FailingStreak": streak, "Log": self.health_log[-5:]}
        return state

    def _config(self):
        config = {"Hostname": self.id[:12], "Domainname": "", "User": "", "AttachStdin": False, "Tty": False,
                  "Env": self.env, "Cmd": None, "Image": self.image, "Volumes": None, "WorkingDir": "",
                  "Entrypoint": None, "OnBuild": None, "Labels": self.labels}
        if self.exposed:
            config["ExposedPorts"] = {port: {} for port in self.exposed}
        if self.has_health:
            config["Healthcheck"] = {"Test": ["CMD-SHELL", "true"], "Interval": 1000000000}
        if self.stop_signal:
            config["StopSignal"] = self.stop_signal
        if self.stop_timeout is not None:
            config["StopTimeout"] = self.stop_timeout
        return config

    def _port_bindings(self):
        bindings = {}
        for address, host_port, port in self.published:
            bindings.setdefault(port, []).append({"HostIp": address, "HostPort": host_port})
        return bindings

    def _network_settings(self, engine):
        top = {"Bridge": "", "SandboxID": "", "Ports": self._ports(), "SecondaryIPAddresses": None,
               "SecondaryIPv6Addresses": None, "IPAddress": "", "GlobalIPv6Address": "", "MacAddress": "",
               "Networks": {name: self._network(engine, name, number) for name, number in self.networks.items()}}
        if "bridge" in self.networks:
            top["IPAddress"] = top["Networks"]["bridge"]["IPAddress"]
        return top

    def _network(self, engine, name, number):
        v4, v6 = engine.network_addresses(name, number)
        return {"IPAMConfig": None, "Links": None, "Aliases": None, "NetworkID": engine.network_id(name),
                "EndpointID": "" if number is None else f"{self.id[:32]}{engine.network_id(name)[:32]}",
                "Gateway": "", "IPAddress": v4, "IPPrefixLen": 16,
                "IPv6Gateway": "", "GlobalIPv6Address": v6 if self.ipv6 else "", "GlobalIPv6PrefixLen": 0,
                "MacAddress": "", "DriverOpts": None}

    def _ports(self):
        if not self.bindings and not (self.state in ("running", "paused") and self.has_addresses):
            return {}
        return {port: [{"HostIp": address, "HostPort": str(number)} for address, number in self.bindings[port]]
                if port in self.bindings else None for port in self.exposed}

    @property
    def has_addresses(self):
        return any(name not in _WITHOUT_ADDRESSES for name in self.networks)

    def list_entry(self, engine):
        return {"Id": self.id, "Names": [f"/{self.name}"], "Image": self.image, "ImageID": "sha256:" + "ab" * 32,
                "Command": "/bin/server", "Created": 1, "Ports": self._list_ports(), "Labels": self.labels,
                "State": self.state, "Status": self._status_text(),
                "HostConfig": {"NetworkMode": self.network_mode},
                "NetworkSettings": {"Networks": {name: self._network(engine, name, number)
                                                 for name, number in self.networks.items()}}, "Mounts": []}

    def _list_ports(self):
        if self.state not in ("running", "paused"):
            return []
        listed = []
        for port in self.exposed:
            number, protocol = port.split("/")
            entry = {"PrivatePort": int(number), "Type": protocol}
            listed += [{"IP": address, **entry, "PublicPort": host} for address, host in self.bindings.get(port, ())] \
                or [entry]
        return listed

    def _status_text(self):
        if self.state == "created":
            return "Created"
        if self.state in ("exited", "restarting"):
            return f"{self.state.capitalize()} ({self.exit_code}) 1 second ago"
        health = f" ({self.health})" if self.has_health else ""
        return f"Up 1 second{health}" + (" (Paused)" if self.paused else "")


def with_protocol(port):
    return str(port) if "/" in str(port) else f"{port}/tcp"


def parse_port(text):
    """(host address, host port as text, "80/tcp") of what stands behind -p."""
    text, _, protocol = str(text).partition("/")
    host, _, container_port = text.rpartition(":")
    address, _, host_port = host.rpartition(":")
    return address.strip("[]"), host_port, f"{container_port}/{protocol or 'tcp'}"


def merged(document, extra):
    """`document` with `extra` laid over it; dictionaries are merged member by member."""
    if not isinstance(document, dict) or not isinstance(extra, dict):
        return extra
    return {**document, **{key: merged(document[key], value) if key in document else value
                           for key, value in extra.items()}}
