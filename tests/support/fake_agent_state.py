# Signpost. Apache-2.0; see LICENSE.
"""The services and checks of FakeAgent, with the rules of a Consul 1.8.7 agent. Plain data, no I/O, no clock of its own."""
import hashlib
import json
import re

_SERVICE_FIELDS = {"Kind", "ID", "Name", "Tags", "Meta", "Port", "Address", "TaggedAddresses", "Weights",
                   "EnableTagOverride", "Check", "Checks", "Token", "Proxy", "Connect"}
_CHECK_FIELDS = {"CheckID", "ID", "Name", "Notes", "Status", "Interval", "Timeout", "TTL", "HTTP", "Method", "Header",
                 "Body", "TCP", "GRPC", "GRPCUseTLS", "TLSSkipVerify", "Args", "ScriptArgs", "DockerContainerID",
                 "Shell", "AliasNode", "AliasService", "DeregisterCriticalServiceAfter", "SuccessBeforePassing",
                 "FailuresBeforeCritical", "OutputMaxSize"}
_DURATIONS = ("Interval", "Timeout", "TTL", "DeregisterCriticalServiceAfter")
_STATUSES = ("passing", "warning", "critical")
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_NO_REASON = ("Maintenance mode is enabled for this service, but no reason was provided. "
              "This is a default message.")
MAINTENANCE = "_service_maintenance:"


class Refused(Exception):
    """A request that the agent refuses: status and text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


def seconds(text):
    """Of a Go duration; Refused without a unit."""
    if text in ("", None):
        return 0.0
    parts = re.findall(r"([\d.]+)(ns|us|ms|s|m|h)", str(text))
    if "".join(number + unit for number, unit in parts) != text:
        raise Refused(400, f'Request decode failed: time: missing unit in duration "{text}"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


class AgentState:
    """`now`: a function of monotonic seconds. `scripts`: script checks are enabled."""

    def __init__(self, node, now, scripts=False):
        self.node, self.now, self.scripts = node, now, scripts
        self.services = {}  # ID -> document as /v1/agent/services shows it
        self._checks = {}  # check ID -> document, with "_ttl" and "_deadline" beside
        self.index = 10  # of the node in the catalog; moves with services, not with checks

    # --- reading

    def checks(self):
        now = self.now()
        for check in self._checks.values():
            if check["_deadline"] is not None and now > check["_deadline"] and check["Status"] != "critical":
                check["Status"], check["Output"] = "critical", "TTL expired"
        return {key: {name: value for name, value in check.items() if name[0] != "_"}
                for key, check in self._checks.items()}

    def checks_of(self, service_id):
        return {key: check for key, check in self.checks().items() if check["ServiceID"] == service_id}

    def in_maintenance(self, service_id):
        return MAINTENANCE + service_id in self._checks

    def content_hash(self, service_id):
        return hashlib.sha256(json.dumps(self.services[service_id], sort_keys=True).encode()).hexdigest()[:15]

    # --- writing

    def register(self, body, replace_checks=False):
        definitions = _checked(body, self.scripts)
        service = _normalised(body)
        service_id = service["ID"]
        if self.services.get(service_id) != service:
            self.index += 1
        self.services[service_id] = service
        wanted = set()
        for number, definition in enumerate(definitions, 1):
            default = f"service:{service_id}" + (f":{number}" if len(definitions) > 1 else "")
            wanted.add(self._put_check(service, definition, default))
        if replace_checks:
            for key in [k for k, c in self._checks.items() if c["ServiceID"] == service_id and k not in wanted]:
                del self._checks[key]

    def _put_check(self, service, definition, default_id):
        check_id = definition.get("CheckID") or definition.get("ID") or default_id
        before = self._checks.get(check_id)
        ttl = seconds(definition.get("TTL"))
        # As in Consul: a check that is there keeps its status and output, whatever the definition says.
        self._checks[check_id] = {
            "Node": self.node, "CheckID": check_id,
            "Name": definition.get("Name") or f"Service '{service['Service']}' check",
            "Status": before["Status"] if before else definition.get("Status") or "critical",
            "Notes": definition.get("Notes", ""), "Output": before["Output"] if before else "",
            "ServiceID": service["ID"], "ServiceName": service["Service"], "ServiceTags": service["Tags"],
            "Type": _check_type(definition), "Definition": {}, "CreateIndex": 0, "ModifyIndex": 0,
            "_ttl": ttl, "_deadline": self.now() + ttl if ttl else None, "_definition": definition}
        return check_id

    def deregister(self, service_id):
        """False when there is none."""
        if self.services.pop(service_id, None) is None:
            return False
        self._checks = {k: c for k, c in self._checks.items() if c["ServiceID"] != service_id}
        self.index += 1
        return True

    def maintenance(self, service_id, enable, reason):
        if service_id not in self.services:
            raise Refused(404, f'No service registered with ID "{service_id}"')
        service, key = self.services[service_id], MAINTENANCE + service_id
        if not enable:
            self._checks.pop(key, None)
        elif key not in self._checks:
            self._checks[key] = {
                "Node": self.node, "CheckID": key, "Name": "Service Maintenance Mode", "Status": "critical",
                "Notes": reason or _NO_REASON,
                "Output": "", "ServiceID": service_id, "ServiceName": service["Service"],
                "ServiceTags": service["Tags"], "Type": "maintenance", "Definition": {}, "CreateIndex": 0,
                "ModifyIndex": 0, "_ttl": 0, "_deadline": None, "_definition": {}}

    def update_check(self, check_id, status, output):
        if status not in _STATUSES:
            raise Refused(400, f"Invalid check status: '{status}'")
        check = self._checks.get(check_id)
        if check is None or not check["_ttl"]:
            raise Refused(500, f'CheckID "{check_id}" does not have associated TTL')
        check.update(Status=status, Output=output, _deadline=self.now() + check["_ttl"])

    def drop_check(self, check_id):
        self._checks.pop(check_id, None)

    def definition(self, check_id):
        """What a check was registered with; Consul itself never shows it."""
        return self._checks[check_id]["_definition"]

    def restarted(self):
        """A restart with the data kept: checks that the agent runs are critical until their first run."""
        for check in self._checks.values():
            if check["Type"] in ("http", "tcp", "grpc", "script", "docker"):
                check["Status"], check["Output"] = "critical", ""


def _check_type(definition):
    for field, kind in (("HTTP", "http"), ("TCP", "tcp"), ("GRPC", "grpc"), ("TTL", "ttl"), ("DockerContainerID", "docker"),
                        ("Args", "script"), ("ScriptArgs", "script"), ("AliasService", "alias")):
        if definition.get(field):
            return kind
    return ""


def _normalised(body):
    """The service as the agent shows it."""
    address, port = body.get("Address") or "", body.get("Port") or 0
    tagged = {key: {"Address": value.get("Address", ""), "Port": value.get("Port", 0)}
              for key, value in (body.get("TaggedAddresses") or {}).items()}
    if address and re.fullmatch(r"[\d.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", address):
        family = "ipv6" if ":" in address else "ipv4"
        for side in ("lan", "wan"):
            tagged.setdefault(f"{side}_{family}", {"Address": address, "Port": port})
    weights = body.get("Weights") or {"Passing": 1, "Warning": 1}
    service = {"ID": body.get("ID") or body["Name"], "Service": body["Name"], "Tags": body.get("Tags") or [],
               "Meta": body.get("Meta") or {}, "Port": port, "Address": address,
               "Weights": {"Passing": weights.get("Passing", 0), "Warning": weights.get("Warning", 0)},
               "EnableTagOverride": bool(body.get("EnableTagOverride"))}
    return {**service, "TaggedAddresses": tagged} if tagged else service


def _checked(body, scripts):
    """The check definitions of a registration that the agent accepts; Refused otherwise."""
    if not isinstance(body, dict):
        raise Refused(400, "Request decode failed: not an object")
    _known(body, _SERVICE_FIELDS)
    if not body.get("Name"):
        raise Refused(400, "Missing service name")
    if body.get("Address") in ("0.0.0.0", "::", "[::]"):
        raise Refused(400, "Invalid service address")
    _check_meta(body.get("Meta") or {})
    weights = body.get("Weights")
    if weights is not None and weights.get("Passing", 0) < 1:
        raise Refused(400, "Invalid Weights: Passing must be greater than 0")
    if weights is not None and max(weights.get("Passing", 0), weights.get("Warning", 0)) > 65535:
        raise Refused(400, "Invalid Weights: must be less or equal than 65535")
    found = [body["Check"]] if body.get("Check") else []
    found += body.get("Checks") or []
    return [check for check in found if _check_one(check, scripts)]


def _known(document, fields):
    for name in document:
        if name not in fields:
            raise Refused(400, f'Request decode failed: json: unknown field "{name}"')


def _check_meta(meta):
    if len(meta) > 64:
        raise Refused(400, "Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs")
    for key, value in meta.items():
        wrong = ("Key cannot be blank" if not key else
                 "Key contains invalid characters" if not re.fullmatch(r"[A-Za-z0-9_-]+", key) else
                 "Key is too long (limit: 128 characters)" if len(key) > 128 else
                 "Key prefix 'consul-' is reserved for internal use" if key.startswith("consul-") else
                 "Value is too long (limit: 512 characters)" if len(value.encode()) > 512 else None)
        if wrong:
            raise Refused(400, f"Invalid Service Meta: Couldn't load metadata pair ('{key}', '{value}'): {wrong}")


def _check_one(check, scripts):
    """False: the agent takes it for no check at all."""
    _known(check, _CHECK_FIELDS)
    times = {field: seconds(check.get(field)) for field in _DURATIONS}
    kind = _check_type(check)
    if check.get("Status", "") not in ("", *_STATUSES):
        raise Refused(400, "Status for checks must 'passing', 'warning', 'critical'")
    if kind == "" and check.get("Status"):
        raise Refused(400, "Invalid check: Must provide TTL, Script, HTTP, TCP, or GRPC")
    if kind == "" or (kind == "ttl" and not times["TTL"]):
        return False
    if kind == "ttl" and times["Interval"]:
        raise Refused(400, "Invalid check: Interval and TTL cannot both be specified")
    if kind not in ("ttl", "alias") and not times["Interval"]:
        raise Refused(400, "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks")
    if kind in ("script", "docker") and not scripts:
        raise Refused(500, "Scripts are disabled on this agent from remote calls; to enable, configure "
                           "'enable_script_checks' to true")
    return True
