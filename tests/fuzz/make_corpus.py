#!/usr/bin/python3
# Signpost. Apache-2.0; see LICENSE.
"""Writes the seeds of the fuzz targets into corpus/NAME: small inputs of every kind, from which libFuzzer goes on.

Run it after a change of the formats; the seeds are kept in the repository."""
import json
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33, "AXFR": 252, "ANY": 255}
OPT = bytes.fromhex("0000291000000080000000")
KEEPALIVE = bytes.fromhex("00002904d000000000000c" "000b0000" "000a0004" "01020304")
TSIG = bytes.fromhex("036b657900" "00fa" "00ff" "00000000" "001d" "0b686d61632d73686132353600" "000065a0bc00" "012c" "0000" "0000" "0000" "0000")


def save(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def dns_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def dns_query(name, kind, flags=0x0100, records=(), tail=b""):
    head = struct.pack(">6H", 0x1234, flags, 1, 0, 0, len(records))
    return head + dns_name(name) + struct.pack(">2H", TYPES[kind], 1) + b"".join(records) + tail


def dns_seeds():
    names = ["consul", "service.consul", "web.service.consul", "v1.web.service.dc1.consul", "_web._tcp.service.consul", "_web._tcp.consul",
             "web.connect.consul", "web.ingress.consul", "q.query.consul", "near.query.consul", "foo.node.consul", "b.node.consul",
             "22000000-1111-2222-3333-444444444444.node.consul", "0a000001.addr.consul", "20010db8000000000000000000000001.addr.consul",
             "chain.service.consul", "ring.service.consul", "far.service.consul", "many.service.consul", "web.service.alt.test",
             "lost.service.dc2.consul", "1.0.0.10.in-addr.arpa", "10.in-addr.arpa", "example.com", "a.b.c.d.e.f.consul"]
    for number, name in enumerate(names):
        kind = list(TYPES)[number % len(TYPES)]
        save("dns_query", f"name-{number:02}", bytes([number & 1]) + dns_query(name, kind, records=[OPT] if number % 3 == 0 else []))
    for letter in "abc":
        save("dns_query", f"long-{letter}", b"\0" + dns_query(f"{'.'.join([letter * 60] * 3)}.long.service.consul", "A"))
    for kind in TYPES:
        save("dns_query", f"web-{kind.lower()}", b"\1" + dns_query("WeB.service.consul", kind))
    save("dns_query", "keepalive", b"\1" + dns_query("web.service.consul", "A", records=[KEEPALIVE]))
    save("dns_query", "two-opt", b"\0" + dns_query("web.service.consul", "A", records=[OPT, OPT]))
    save("dns_query", "tsig", b"\0" + dns_query("web.service.consul", "A", records=[OPT, TSIG]))
    save("dns_query", "tail", b"\0" + dns_query("web.service.consul", "A", tail=b"\xc0\x0c" * 10))
    save("dns_query", "notify", b"\0" + dns_query("consul", "SOA", flags=0x2000))
    save("dns_query", "pointer", b"\0" + bytes.fromhex("12340000000100000000" "0000" "c00c00010001"))
    save("dns_query", "stale", b"\4" + dns_query("web.service.consul", "SRV"))
    save("dns_query", "last-try", b"\2" + dns_query("web.service.dc2.consul", "A"))


NODE = {"ID": "11111111-0000-0000-0000-000000000001", "Node": "n1", "Address": "10.0.0.1", "Datacenter": "dc1",
        "TaggedAddresses": {"lan": "10.0.0.1", "wan_ipv4": "203.0.113.1"}, "Meta": {"k": "v"}}
SERVICE = {"ID": "web-1", "Service": "Web", "Tags": ["v1", "a.b"], "Address": "", "Port": 80, "Weights": {"Passing": 10, "Warning": 1},
           "TaggedAddresses": {"lan_ipv4": {"Address": "10.0.0.2", "Port": 8080}}, "Meta": {"x": "y"}}
CHECKS = [{"Node": "n1", "CheckID": "service:web-1", "Status": "passing", "ServiceID": "web-1", "ServiceName": "Web"},
          {"Node": "n1", "CheckID": "_node_maintenance", "Status": "critical", "ServiceID": "", "ServiceName": ""}]
ENTRY = {"Node": NODE, "Service": SERVICE, "Checks": CHECKS}


def json_seeds():
    bodies = {0: [ENTRY], 1: {"web": ["v1", "v2"], "consul": []}, 2: [NODE], 3: {"Node": NODE, "Services": {"web-1": SERVICE}}, 4: CHECKS,
              5: {"Service": "web", "Nodes": [ENTRY], "DNS": {"TTL": "10s"}, "Datacenter": "dc2", "Failovers": 1},
              6: {"Query": {"Name": "q", "Service": {"Service": "web", "Near": "_agent"}}}, 7: ["dc1", "dc2"],
              8: {"Config": {"Datacenter": "dc1", "NodeName": "n1"}, "Member": {}}}
    for reader, body in bodies.items():
        text = json.dumps(body, separators=(",", ":")).encode()
        save("consul_json", f"reader-{reader}", bytes([reader]) + text)
        save("consul_json", f"reader-{reader}-cut", bytes([reader]) + text[:len(text) // 2])
        save("consul_json", f"reader-{reader}-null", bytes([reader]) + b"null")
    save("consul_json", "deep", b"\0" + b"[" * 300)
    save("consul_json", "numbers", b"\0" + json.dumps([{"Node": NODE, "Service": {**SERVICE, "Port": 70000, "Weights": {"Passing": -1, "Warning": 1e99}}, "Checks": None}]).encode())


def text(value):
    return bytes([len(value)]) + value.encode()


def snapshot_file(body, version=1):
    checksum = 0xcbf29ce484222325
    for byte in body:
        checksum = (checksum ^ byte) * 0x100000001b3 % 2**64
    return b"SGNPSNAP" + struct.pack("<IQQ", version, len(body), checksum) + body


def snapshot_seeds():
    node = text("id-1") + text("n1") + text("10.0.0.1") + text("dc1") + b"\1" + text("wan") + text("203.0.113.1") + b"\0" + b"\1" + text("k") + text("v")
    instance = b"\0" + text("web-1") + text("web") + text("") + b"\x50" + b"\x0a\x01" + b"\0" + b"\1" + text("v1") + b"\0" + b"\0"
    service = b"\0" + text("dc1") + text("web") + b"\0" + b"\1" + instance
    head = b"\x07" + b"\x80\x80\x01" + text("dc1") + b"\2" + text("dc1") + text("dc2")
    full = head + b"\1\1" + node + b"\1" + service
    save("snapshot", "empty", snapshot_file(head + b"\0\0\0"))
    save("snapshot", "full", snapshot_file(full))
    save("snapshot", "newer", snapshot_file(full, 2))
    save("snapshot", "cut", snapshot_file(full)[:-9])
    save("snapshot", "foreign", b"not a snapshot")


def http_seeds():
    requests = {
        "get": b"GET /v1/agent/self?dc=dc1&stale HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "put": b"PUT /v1/kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "pipelined": b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /%20b HTTP/1.0\r\n\r\n",
        "expect": b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
        "close": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "two-lengths": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "smuggle": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
        "bare-lf": b"GET / HTTP/1.1\nHost: a\n\n",
        "fold": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    }
    for name, request in requests.items():
        save("http_request", name, b"\x03" + request)


def filter_seeds():
    expressions = {
        "equal": (0, 'Node == n1'), "meta": (0, 'Meta["rack"] != `r1` and Meta.rack is not empty'), "in": (0, 'v1 in Node or "a b" not in Meta'),
        "numbers": (1, 'ServicePort == "0x1F" or ServicePort != -1'), "tags": (2, 'Tags contains v1 and not Tags is empty'),
        "matches": (3, 'Status matches `^(pass|warn)ing$` or Output not matches "(?i)\\x41"'), "bad-pattern": (3, 'Node matches `(a{1001}|[b-a]`'),
        "checks": (4, '(Checks.Status == passing and Service.Port == 80) or not Node.Meta.rack == r1'),
        "addresses": (4, 'Service.TaggedAddresses.lan.Port == 8080'), "proxy": (2, 'Proxy.Upstreams.LocalBindPort == 5432 or Proxy.Expose.Checks == t'),
        "services": (5, 'Services.Tags contains v1'), "words": (0, 'not not in Meta or in in Meta'), "open": (0, "(" * 80), "index": (0, 'Meta["x'),
        "deep": (0, "not (" * 30 + "Node==x" + ")" * 30), "escapes": (0, r'Node == "\x41\u00e9\U0001F600\101\q"'), "utf8": (0, 'Node == "\u00e9\U0001F600"'),
    }
    for name, (schema, expression) in expressions.items():
        save("filter", name, bytes([schema]) + expression.encode())


def body_seeds():
    check = {"Name": "c", "Notes": "n", "Status": "passing", "ServiceID": "w", "DeregisterCriticalServiceAfter": "90m", "OutputMaxSize": 100,
             "SuccessBeforePassing": 2, "FailuresBeforeCritical": 3, "Timeout": 3000000000}
    kinds = {"ttl": {"TTL": "1h30m"}, "http": {"HTTP": "http://h/", "Method": "PUT", "Header": {"A": ["b"]}, "Body": "x", "Interval": "1.5s"},
             "tcp": {"TCP": "h:1", "Interval": "10s"}, "grpc": {"GRPC": "h:1/s", "GRPCUseTLS": True, "tls_skip_verify": True, "Interval": "10s"},
             "script": {"Args": ["ls"], "Interval": "10s"}, "docker": {"script_args": ["ls"], "docker_container_id": "d", "Shell": "sh", "Interval": "1m"},
             "alias": {"AliasService": "w"}, "none": {}, "both": {"TTL": "1s", "Interval": "1s"}, "time": {"TTL": "1d"}}
    for kind, fields in kinds.items():
        save("registry_body", f"check-{kind}", b"\1" + json.dumps({**check, **fields}).encode())
    proxy = {"DestinationServiceName": "x", "Config": {"a": [1, 2.5, None]}, "Upstreams": [{"DestinationName": "u", "LocalBindPort": 5}],
             "MeshGateway": {"Mode": "local"}, "Expose": {"Checks": True, "Paths": [{"Path": "/x", "ListenerPort": 1, "LocalPathPort": 2}]}}
    service = {"Name": "w", "ID": "w1", "Tags": ["a", None], "Port": 80, "Address": "10.0.0.1", "Meta": {"k": "v"}, "Weights": {"Passing": 5, "Warning": 1},
               "TaggedAddresses": {"wan": {"Address": "h", "Port": 2}}, "EnableTagOverride": True, "Connect": {"Native": True},
               "Check": {"TTL": "10s"}, "Checks": [{"TTL": "10s"}, {"TCP": "h:1", "Interval": "1s", "CheckID": "c2"}]}
    save("registry_body", "service", b"\0" + json.dumps(service).encode())
    save("registry_body", "service-trailing", b"\0" + json.dumps({"name": "w", "address": "2001:db8::1"}).encode() + b" x")
    save("registry_body", "service-proxy", b"\0" + json.dumps({"Name": "p", "Kind": "connect-proxy", "Port": 1, "Proxy": proxy}).encode())
    save("registry_body", "service-gateway", b"\0" + json.dumps({"Name": "g", "Kind": "mesh-gateway", "Proxy": proxy}).encode())
    save("registry_body", "service-wrong", b"\0" + json.dumps({"Name": "w", "Port": 1.5, "Weights": {"Passing": "x"}}).encode())
    snake = {"name": "w", "enable_tag_override": True, "tagged_addresses": {"lan": {"address": "h"}}, "check": {"id": "c", "ttl": "1s", "grpc_use_tls": True}}
    save("registry_body", "file", b"\2// a\n" + json.dumps({"service": snake, "services": [snake], "checks": [{"name": "c", "ttl": "1s"}]}).encode())
    for name, text in {"escape": r'"\u00e9\n\"" x', "numbers": "[-0.5e+3,0,1E9]", "cut": '{"a":[{', "literal": "nul"}.items():
        save("registry_body", f"json-{name}", b"\3" + text.encode())



DOCKER = pathlib.Path(__file__).parent.parent / "cases" / "docker"


def docker_seeds():
    """Of what a real engine sent, and what Podman would."""
    stream = (DOCKER / "events.ndjson").read_bytes().splitlines(keepends=True)
    kinds = {}
    for line in stream:
        event = json.loads(line)
        kinds.setdefault((event["Type"], event["Action"].split(":")[0]), line)
    for (kind, action), line in kinds.items():
        save("docker_events", f"{kind}-{action}", b"\x10" + line)
    save("docker_events", "several", b"\x63" + b"".join(stream[:4]) + b"\r\n \n{\n")
    podman = {"Type": "container", "Action": "health_status", "Actor": {"ID": "c1", "Attributes": {"health_status": "healthy"}}, "time": "7"}
    save("docker_events", "podman", b"\0" + json.dumps(podman).encode() + b"\n" + json.dumps({**podman, "Action": "died"}).encode())
    for name in ("two_networks", "restart_backoff", "host_network", "two_bindings", "sctp", "health_stopped", "dual_stack"):
        save("docker_inspect", f"inspect-{name}", b"\0" + (DOCKER / "inspect" / f"{name}.json").read_bytes())
    save("docker_inspect", "inspect-podman", b"\0" + json.dumps(
        {"Id": "c1", "Name": "web", "State": {"Status": "paused", "ExitCode": "0", "Healthcheck": {"Status": "healthy", "Log": None}},
         "Config": {"StopSignal": 15, "StopTimeout": -1, "Env": ["A"], "Healthcheck": {"Test": ["NONE"]}},
         "NetworkSettings": {"Ports": {"80/tcp": [{"HostPort": 8080}], "81": None}}}).encode())
    for name in ("list_paused", "list_unhealthy"):
        save("docker_inspect", name, b"\1" + (DOCKER / f"{name}.json").read_bytes())
    save("docker_inspect", "info", b"\2" + (DOCKER / "info.json").read_bytes())
    for number, time in enumerate(("2026-11-22T23:23:48.35802516Z", "0001-01-01T00:00:00Z", "2026-11-23T01:23:48+02:00")):
        save("docker_inspect", f"time-{number}", b"\3" + time.encode())


def label_seeds():
    """See fuzz_labels.cc for the lines. 1 no IPv4, 2 IPv6, 4 --ip, 0x10 --internal, 0x40 Registrator's ways, 0x80 all bindings."""
    two = "P80/tcp er 0.0.0.0>8080 ::>8080\nP443/tcp er 0.0.0.0>8443\nP53/udp e\nP53/tcp er 127.0.0.1>53\n"
    base = "Cweb.1\nIteam/api:1.2\nMnet1\nNnet1 198.51.100.2 2001:db8::2\nNnet2 198.51.100.66 \n" + two
    sets = {
        "plain": "", "names": "LSERVICE_NAME=web\nLSERVICE_443_IGNORE=true\nESERVICE_80_NAME=http\nLSERVICE_53_udp_NAME=dns\n",
        "tags": "LSERVICE_TAGS= a ,b\\,c,,{{toUpper .Name}}\nTx,{{.Config.Hostname}},{{index .Config.Labels \"SERVICE_TAGS\"}}\n",
        "meta": "LSERVICE_traefik.enable=true\nLSERVICE_=x\nLSERVICE_consul-x=y\nLSERVICE_META_rack=r\x1f1\nLSERVICE_LONG=" + "x" * 600 + "\n",
        "many": "".join(f"LSERVICE_KEY{i}=v\n" for i in range(80)), "ids": "LSERVICE_ID=x\nLSERVICE_53_ID=dns\n",
        "checks": "LSERVICE_CHECK_HTTP=h\nLSERVICE_CHECK_INTERVAL=10\nLSERVICE_CHECK_TIMEOUT=1s\nLSERVICE_CHECK_INITIAL_STATUS=ok\n"
                  "LSERVICE_CHECK_2_TCP=true\nLSERVICE_CHECK_3_TTL=30s\nLSERVICE_CHECK_DEREGISTER_AFTER=10m\nS\n",
        "script": "LSERVICE_CHECK_SCRIPT=nc $SERVICE_IP '$SERVICE_PORT' \\\" x\nLSERVICE_443_CHECK_GRPC=true\nLSERVICE_443_CHECK_GRPC_USE_TLS=1\n",
        "docker": "LSERVICE_CHECK_DOCKER=/bin/true\nLSERVICE_CHECK_DOCKER_SHELL=/bin/sh\nLSERVICE_CHECK_HTTP_HEADER_Host=x\n",
        "address": "LSERVICE_IP=10.1.2.3\nLSERVICE_80_NETWORK=net2\nLSERVICE_FAMILY=6\nLip=10.1.2.3/24\n", "port": "LSERVICE_PORT=0\n",
        "range": "LSERVICE_1-100_IGNORE=true\nLSERVICE_400-500_NAME=r\n", "alias": "LSERVICE_ALIAS=a,b\nLSERVICE_NAME=x,y\n",
        "weight": "LSERVICE_WEIGHT=0\nLSERVICE_WEIGHT_WARNING=70000\nLSERVICE_DRAIN=5\nLSERVICE_REGISTER_WHEN=healthy\nLSERVICE_HEALTH=off\n",
        "dotted": "Lregistrar.name=a\nLregistrar.80.check.http=/h\nLregistrar.80.tcp.tags=t\n",
        "host": "Mhost\nLSERVICE_PORTS=80,443/tcp,53/udp\n", "digest": "Iteam/api@sha256:abcd\n", "odd": "C\nI\nLSERVICE_NAME=\xff\x80\n",
    }
    for number, (name, lines) in enumerate(sets.items()):
        switches = [0, 2, 4, 0x12, 0x40, 0x82, 0xffff][number % 7]
        save("labels", name, struct.pack("<H", switches) + (base + lines).encode("latin-1"))
    save("labels", "none", b"\0\0")


def lb_case_bytes(name):
    """What the cases of tests/cases/NAME send, by case."""
    sent = {}
    for line in (CORPUS.parent.parent / "cases" / name).read_text().splitlines():
        word, _, text = line.strip(" ").partition(" ") if line.startswith(" ") else ("", "", line)
        if not word and line and line[0] != "#":
            case = line.split(" ")[0]
            sent[case] = b""
        times = 1
        if word == "repeat":
            times, _, text = text.partition(" ")
        if word in ("line", "send", "repeat"):
            data = text.replace("\\s", " ").encode().decode("unicode_escape").encode("latin-1")
            sent[case] += data * int(times) + (b"\r\n" if word == "line" else b"")
    return sent


def lb_http_seeds():
    for target, name in (("lb_request", "lb_http_requests.cases"), ("lb_response", "lb_http_responses.cases")):
        for number, (case, data) in enumerate(lb_case_bytes(name).items()):
            if len(data) < 1000 and (target == "lb_response" or "." not in case):
                save(target, case, bytes([1 + number % 9, number % 16]) + data)


def proxy_header_seeds():
    v4 = bytes.fromhex("c0000201c633640204d20050")
    v6 = bytes.fromhex("20010db8" + "00" * 11 + "01" + "00" * 15 + "01" + "04d20050")
    start = b"\r\n\r\n\0\r\nQUIT\n"
    seeds = {
        "v1-4": b"PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\r\nGET", "v1-6": b"PROXY TCP6 2001:db8::1 ::1 65535 0\r\n",
        "v1-unknown": b"PROXY UNKNOWN x y z\r\n", "v1-bad": b"PROXY TCP4 192.0.2.1 198.51.100.2 01234 80\r\n",
        "v2-4": start + b"\x21\x11\0\x0c" + v4 + b"GET", "v2-6": start + b"\x21\x21\0\x24" + v6,
        "v2-tlv": start + b"\x21\x11\0\x11" + v4 + b"\x01\0\x02h2", "v2-local": start + b"\x20\0\0\0",
        "v2-unix": start + b"\x21\x31\0\xd8" + b"p" * 216, "v2-unspec": start + b"\x21\0\0\x03abc",
    }
    for name, data in seeds.items():
        save("proxy_header", name, data)


def client_hello_seeds():
    def sized(width, data):
        return len(data).to_bytes(width, "big") + data

    def hello(extensions, piece):
        body = b"\x03\x03" + b"r" * 32 + sized(1, b"s" * 32) + sized(2, b"\x13\x01\x13\x02") + sized(1, b"\0") + extensions
        message = b"\x01" + sized(3, body)
        return b"".join(b"\x16\x03\x01" + sized(2, message[at : at + piece]) for at in range(0, len(message), piece))

    name = b"\0\0" + sized(2, sized(2, b"\0" + sized(2, b"Web.Example")))
    other = b"\0\x10" + sized(2, b"\0\x03\x02h2")
    for seed, data in {"name": hello(sized(2, other + name), 9999), "pieces": hello(sized(2, name), 7), "none": hello(sized(2, other), 99),
                       "old": hello(b"", 9999), "twice": hello(sized(2, name + name), 9999), "http": b"GET / HTTP/1.1\r\n"}.items():
        save("client_hello", seed, data)


def srv_answer_seeds():
    def record(owner, kind, data, ttl=30):
        return owner + struct.pack(">2HIH", TYPES[kind], 1, ttl, len(data)) + data

    here = b"\xc0\x0c"  # the question's name
    srv = record(here, "SRV", struct.pack(">3H", 1, 10, 8080) + b"\2n1" + b"\xc0\x10")
    root = record(here, "SRV", struct.pack(">3H", 0, 0, 0) + b"\0")
    alias = record(here, "CNAME", dns_name("other.consul"))
    address = record(dns_name("n1.service.consul"), "A", bytes([10, 0, 0, 1]))
    long = record(dns_name("n1.service.consul"), "AAAA", bytes(15) + b"\1")
    text = record(dns_name("i._web._tcp.consul"), "TXT", b"\x0btags=a,http\0")
    pointer = record(dns_name("_web._tcp.consul"), "PTR", dns_name("i._web._tcp.consul"))
    soa = record(b"\0", "SOA", here + here + struct.pack(">5I", 1, 2, 3, 4, 5))
    for seed, (sections, data) in {"plain": ((1, 0, 2), srv + address + long), "two": ((2, 0, 0), srv + srv), "absent": ((1, 0, 0), root),
                                   "alias": ((2, 0, 0), alias + srv), "browse": ((1, 0, 1), pointer + text), "negative": ((0, 1, 0), soa),
                                   "lies": ((9, 9, 9), srv), "empty": ((0, 0, 0), b"")}.items():
        save("srv_answer", seed, b"\1" + struct.pack(">3H", *sections) + data)
    save("srv_answer", "whole", b"\0" + dns_query("web.service.consul", "SRV", flags=0x8400))
    save("srv_answer", "refused", b"\0" + struct.pack(">6H", 0x1234, 0x8001, 0, 0, 0, 0))


def cookie_seeds():
    for name, switches, cookie in [("client", 0, 8), ("both", 0, 24), ("short", 0, 12), ("long", 0, 41), ("none", 0, 0), ("alone", 2, 8),
                                   ("six", 1, 24), ("mapped", 5, 24), ("largest", 2, 40)]:
        address = bytes(10) + b"\xff\xff\xc0\0\2\1" if switches & 4 else bytes(range(16))
        save("dns_cookie", name, bytes([switches]) + address + bytes.fromhex("5cf79f11") + bytes(range(1, 9))[:cookie] +
             bytes.fromhex("010000005cf79f111f8130c3eee29480")[:max(0, cookie - 8)] + bytes(max(0, cookie - 24)))


def upstream_reply_seeds():
    def record(kind, data, owner=b"\xc0\x0c", ttl=60):
        return owner + struct.pack(">2HIH", kind, 1, ttl, len(data)) + data

    def reply(seed, question, flags, counts, data, switches=0):
        save("upstream_reply", seed, bytes([question | 8 | switches]) + struct.pack(">H3H", flags, *counts) + data)

    host = dns_name("a.example.com")
    address, long = bytes([192, 0, 2, 1]), bytes(15) + b"\1"
    soa = record(6, host + host + struct.pack(">5I", 1, 2, 3, 4, 60), b"\xc0\x10")
    signature = struct.pack(">H", 1) + bytes(16) + b"\0\xaa"
    reply("addresses", 0, 0x0180, (3, 0, 0), record(1, address) + record(1, b"\x7f\0\0\1") + record(1, address, ttl=0xFFFFFFFF))
    reply("filtered", 0, 0x0180, (1, 0, 0), record(1, b"\x7f\0\0\1"), 32)
    reply("chain", 0, 0x0180, (2, 0, 0), record(1, address, host) + record(5, host))
    reply("chase", 0, 0x0180, (1, 0, 0), record(5, b"\1b\xc0\x10"))
    reply("home", 0, 0x0180, (1, 0, 0), record(5, dns_name("web.consul")))
    reply("loop", 0, 0x0180, (2, 0, 0), record(5, host) + record(5, b"\xc0\x0c", host))
    reply("dname", 0, 0x0180, (2, 0, 0), record(39, dns_name("example.net"), b"\xc0\x10") + record(1, address, dns_name("www.example.net")))
    reply("srv", 2, 0x0180, (2, 0, 2), record(33, struct.pack(">3H", 1, 2, 80) + host) * 2 + record(1, address, host) + record(28, long, host))
    reply("mx", 3, 0x0180, (1, 0, 1), record(15, b"\0\x0a\1a\xc0\x0c") + record(1, address, host))
    reply("txt", 4, 0x0180, (2, 0, 0), record(16, text("hello")) + record(16, text("x" * 200) * 6))
    reply("cname", 5, 0x0180, (1, 0, 0), record(5, host))
    reply("ptr", 6, 0x0180, (1, 0, 0), record(12, host))
    reply("any", 7, 0x0180, (4, 0, 0), record(1, address) + record(28, long) + record(16, text("x")) + record(65, b"\0\1\0\0\1\0\3\2h2"))
    reply("none", 0, 0x0180, (0, 1, 0), soa)
    reply("nxdomain", 0, 0x0183, (0, 1, 1), soa + OPT)
    reply("referral", 0, 0x0180, (0, 1, 1), record(2, host) + record(1, address, host))
    reply("signed", 0, 0x0180, (2, 0, 1), record(1, address) + record(46, signature) + OPT, 16)
    reply("proof", 0, 0x0183, (0, 3, 0), soa + record(47, b"\0\0\1\x40", b"\xc0\x10") + record(46, b"\0\x2f" + signature[2:], b"\xc0\x10"), 16)
    reply("explained", 0, 0x0182, (0, 0, 1), bytes.fromhex("00002904d000000000000a" "000f0006" "0017" "64656164"))
    reply("cut", 0, 0x0380, (1, 0, 0), record(1, address)[:9])
    save("upstream_reply", "whole", b"\0" + b"\x47\x11" + dns_query("www.example.com", "A", flags=0x8180)[2:])
    save("upstream_reply", "header", b"\0" + struct.pack(">6H", 0x4711, 0x8181, 0, 0, 0, 0))


ZONE_ENTRIES = {
    "address": "a 5 A 192.0.2.1\n  AAAA 2001:db8::1\n", "chain": "a CNAME b\nb CNAME *.w\n*.w MX 1 a.b\n", "loop": "a CNAME b\nb CNAME A\n",
    "dname": "d DNAME e.d2\n$ORIGIN d2.t.\n@ DNAME t.\na.e TXT x\n", "cut": "s NS ns.s\nns.s A 192.0.2.1\ns DS 1 8 2 00\nx.s TXT t\n",
    "text": 'a TXT ( "x;(" ; comment\n \\065\\" )\nb HINFO "" ""\nc CAA 0 issue "x"\n', "generic": "a TYPE65280 \\# 3 01 0203\nb A \\# 4 c0000201\n",
    "service": "_x._tcp SRV 1 2 3 h\nh HTTPS 1 . alpn=\"h2,h3\" port=443\nn NAPTR 1 2 S x \"\" .\n", "units": "$TTL 1h\n$ORIGIN a.t.\n@ 1w2d IN LOC 1 2 3 N 4 5 6 W 7m\n",
    "security": "a RRSIG A 8 1 5 20260101000000 20250101000000 1 t. AQID\na NSEC b A TYPE300\na NSEC3 1 0 1 aa 2vptu5timamqttgl4luu9kg21e0aor3s A\n",
    "rare": "a APL 1:192.0.2.0/24 !2:2001:db8::/32\nb IPSECKEY 1 1 2 192.0.2.1 AQID\nc WKS 192.0.2.1 6 smtp\nd CERT PGP 1 8 AQID\ne EUI48 01-02-03-04-05-06\n",
    "wrong": "$GENERATE 1-2 a$ A 192.0.2.$\n", "include": "$INCLUDE f\n", "open": "a TXT ( \"x", "bytes": "a TXT \xff\x01\r\n"}


def zone_seeds():
    for name, entries in ZONE_ENTRIES.items():
        save("zone_file", name, b"\1" + entries.encode("latin-1"))
    save("zone_file", "whole", b"\0@ 60 SOA ns h (1 2h 3m 4 30)\n NS ns\nns A 192.0.2.1\n")


dns_seeds()
zone_seeds()
cookie_seeds()
json_seeds()
snapshot_seeds()
http_seeds()
filter_seeds()
body_seeds()
docker_seeds()
label_seeds()
lb_http_seeds()
proxy_header_seeds()
client_hello_seeds()
srv_answer_seeds()
upstream_reply_seeds()
