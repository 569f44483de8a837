# Signpost. Apache-2.0; see LICENSE.
"""Containers as people write them, and what must stand in the registry.

Words in braces are filled in: {a} {b} {c} {d} free host ports in a row, {host} an address of this host, {net1} {net2}
{net6} networks, {image_id} the ID of the image. After the start also {ip} {ip1} {ip2} {ip6} {ip6_v6}: the container's
addresses on the default bridge and on these networks; {p80} {p80_v6}: the host ports of container port 80; {id}.
A published port has `192.0.2.10` for an address unless an option says otherwise.
"""
import collections

Case = collections.namedtuple("Case", "number title options run lines image then", defaults=("", ()))

PLAIN = {}
V4_AND_V6 = {"ip": "192.0.2.10,2001:db8::10"}
INTERNAL = {"internal": True}
TAGS = {"tags": "x,y"}
COMPAT = {"compat": "registrator"}
EXPLICIT = {"explicit": True}
LABEL = {"use_ip_from_label": "ip"}

ONE = "node1:web.1:80 | signpost-test | 192.0.2.10:{a}"
TWO_PORTS = "-p {a}:80 -p {b}:443"
WEB = "-p {a}:80 -l SERVICE_NAME=web"
TAGGED = r"-l 'SERVICE_TAGS=a,b\,c,,d'"
DNS = "-p {a}:53/tcp -p {a}:53/udp -l SERVICE_NAME=dns"

CASES = [
    Case(1, "published", PLAIN, "-p {a}:80", ["node1:web.1:80 | api | 192.0.2.10:{a}"], image="team/api:1.2"),
    Case(2, "registry and path in the image", PLAIN, "-p {a}:80", ["node1:web.1:80 | api | 192.0.2.10:{a}"],
         image="reg:5000/a/b/api:2"),
    Case(4, "image ID, compose service", PLAIN, "-p {a}:80 -l com.docker.compose.service=orders",
         ["node1:web.1:80 | orders | 192.0.2.10:{a}"], image="{image_id}"),
    Case(5, "short image ID", PLAIN, "-p {a}:80", ["node1:web.1:80 | web.1 | 192.0.2.10:{a}"], image="{image_hex}"),
    Case(6, "two ports", PLAIN, TWO_PORTS, ["node1:web.1:80 | signpost-test-80 | 192.0.2.10:{a}",
                                            "node1:web.1:443 | signpost-test-443 | 192.0.2.10:{b}"]),
    Case(8, "two ports, two names", PLAIN, TWO_PORTS + " -l SERVICE_80_NAME=http -l SERVICE_443_NAME=https",
         ["node1:web.1:80 | http | 192.0.2.10:{a}", "node1:web.1:443 | https | 192.0.2.10:{b}"]),
    Case(9, "one of two ignored", PLAIN, TWO_PORTS + " -l SERVICE_NAME=web -l SERVICE_443_IGNORE=true",
         ["node1:web.1:80 | web | 192.0.2.10:{a}"]),
    Case(9, "one of two ignored, as Registrator", COMPAT, TWO_PORTS + " -l SERVICE_NAME=web -l SERVICE_443_IGNORE=true",
         ["node1:web.1:80 | web-80 | 192.0.2.10:{a}"]),
    Case(10, "label beats environment", PLAIN, "-p {a}:80 -e SERVICE_NAME=a -l SERVICE_NAME=b",
         ["node1:web.1:80 | b | 192.0.2.10:{a}"]),
    Case(12, "attribute of one port", PLAIN, TWO_PORTS + " -l SERVICE_NAME=web -l SERVICE_443_SNI=on",
         ["node1:web.1:80 | web-80 | 192.0.2.10:{a}", "node1:web.1:443 | web-443 | 192.0.2.10:{b} | meta sni=on"]),
    Case(13, "tags in order", PLAIN, WEB + " " + TAGGED, [r"node1:web.1:80 | web | 192.0.2.10:{a} | tags a,b\,c,d"]),
    Case(13, "tags as Registrator", COMPAT, WEB + " " + TAGGED,
         [r"node1:web.1:80 | web | 192.0.2.10:{a} | tags d,b\,c,a"]),
    Case(14, "tags of all three kinds", TAGS, "-p {a}:80/udp -l SERVICE_NAME=web " + TAGGED,
         [r"node1:web.1:80:udp | web | 192.0.2.10:{a} | tags a,b\,c,d,x,y,udp"]),
    Case(19, "explicit with one named port", EXPLICIT, TWO_PORTS + " -l SERVICE_80_NAME=web",
         ["node1:web.1:80 | web | 192.0.2.10:{a}"]),
    Case(23, "one port, two protocols", PLAIN, DNS, ["node1:web.1:53 | dns-53 | 192.0.2.10:{a}",
                                                     "node1:web.1:53:udp | dns-53 | 192.0.2.10:{a} | tags udp"]),
    Case(26, "a name for one protocol", PLAIN, DNS + " -l SERVICE_53_udp_NAME=dns-udp",
         ["node1:web.1:53 | dns-53 | 192.0.2.10:{a}", "node1:web.1:53:udp | dns-udp | 192.0.2.10:{a} | tags udp"]),
    Case(27, "random ports of both families", V4_AND_V6, "-P --expose 80",
         ["node1:web.1:80 | signpost-test | 192.0.2.10:{p80} | lan_ipv6 2001:db8::10:{p80_v6}"]),
    Case(28, "two bindings", PLAIN, "-p {b}:100 -p {a}:100", ["node1:web.1:100 | signpost-test | 192.0.2.10:{a}"]),
    Case(28, "all bindings", {"all_bindings": True}, "-p {b}:100 -p {a}:100",
         ["node1:web.1:100 | signpost-test | 192.0.2.10:{a}", "node1:web.1:100@{b} | signpost-test | 192.0.2.10:{b}"]),
    Case(29, "published on loopback", PLAIN, "-p 127.0.0.1:{a}:80", []),
    Case(29, "loopback on request", {"publish_loopback": True}, "-p 127.0.0.1:{a}:80",
         ["node1:web.1:80 | signpost-test | 127.0.0.1:{a}"]),
    Case(30, "published on one address", PLAIN, "-p {host}:{a}:80", ["node1:web.1:80 | signpost-test | {host}:{a}"]),
    Case(30, "another address by force", {"ip_force": True}, "-p {host}:{a}:80", [ONE]),
    Case(31, "published on IPv6 loopback", PLAIN, "-p [::1]:{a}:80", []),
    Case(32, "port out of a range", PLAIN, "-p {a}-{c}:80", ["node1:web.1:80 | signpost-test | 192.0.2.10:{p80}"]),
    Case(33, "range of ports", PLAIN, "-p {a}-{c}:90-92 -l SERVICE_NAME=web",
         ["node1:web.1:90 | web-90 | 192.0.2.10:{a}", "node1:web.1:91 | web-91 | 192.0.2.10:{b}",
          "node1:web.1:92 | web-92 | 192.0.2.10:{c}"]),
    Case(34, "exposed only, internal", INTERNAL, "--expose 8080", ["node1:web.1:8080 | signpost-test | {ip}:8080"]),
    Case(35, "no ports", PLAIN, "", []),
    Case(35, "address only", PLAIN, "-l SERVICE_PORT=0", ["node1:web.1:0 | signpost-test | 192.0.2.10:0"]),
    Case(36, "host network", PLAIN, "--network host --expose 9000 -p 9001:9001",
         ["node1:web.1:9001 | signpost-test | 192.0.2.10:9001"]),
    Case(36, "host network, exposed ports", {"host_ports": "exposed"},
         "--network host --expose 9000 -p 9001:9001 -l SERVICE_NAME=web",
         ["node1:web.1:9000 | web-9000 | 192.0.2.10:9000", "node1:web.1:9001 | web-9001 | 192.0.2.10:9001"]),
    Case(37, "no network", PLAIN, "--network none --expose 9002", []),
    Case(38, "internal network", PLAIN, "--network shut -p {a}:80", []),
    Case(39, "user-defined network", PLAIN, "--network {net1} -p {a}:80", [ONE]),
    Case(40, "user-defined network, internal", INTERNAL, "--network {net1} -p {a}:80",
         ["node1:web.1:80 | signpost-test | {ip1}:80"]),
    Case(41, "two networks, one chosen", INTERNAL, "--network {net1} --expose 80 -l SERVICE_NETWORK={net2}",
         ["node1:web.1:80 | signpost-test | {ip2}:80"], then=("network connect {net2} web.1",)),
    Case(42, "two networks, none chosen", INTERNAL, "--network {net2} --expose 80",
         ["node1:web.1:80 | signpost-test | {ip2}:80"], then=("network connect {net1} web.1",)),
    Case(43, "network by its ID", INTERNAL, "--network {net1_id} --expose 80",
         ["node1:web.1:80 | signpost-test | {ip1}:80"]),
    Case(45, "dual stack", INTERNAL, "--network {net6} --expose 80",
         ["node1:web.1:80 | signpost-test | {ip6}:80 | lan_ipv6 {ip6_v6}:80"]),
    Case(45, "dual stack, IPv6 asked for", {"internal": True, "family": "6"}, "--network {net6} --expose 80",
         ["node1:web.1:80 | signpost-test | {ip6_v6}:80"]),
    Case(46, "address from a label", LABEL, "-p {a}:80 -l ip=10.1.2.3/24",
         ["node1:web.1:80 | signpost-test | 10.1.2.3:{a}"]),
    Case(58, "key that Consul refuses", PLAIN, WEB + " -l SERVICE_traefik.enable=true",
         ["node1:web.1:80 | web | 192.0.2.10:{a} | meta traefik_enable=true"]),
    Case(60, "weight of zero", PLAIN, WEB + " -l SERVICE_WEIGHT=0", ["node1:web.1:80 | web | 192.0.2.10:{a}"]),
    Case(60, "weights", PLAIN, WEB + " -l SERVICE_WEIGHT=7 -l SERVICE_WEIGHT_WARNING=2",
         ["node1:web.1:80 | web | 192.0.2.10:{a} | weights 7/2"]),
    Case(61, "any text", PLAIN, WEB + """ -l 'SERVICE_NOTE=<a href="x">&amp; äöü €' -l 'SERVICE_TAGS=<b>&"q"'""",
         ['node1:web.1:80 | web | 192.0.2.10:{a} | tags <b>&"q" | meta note=<a href="x">&amp; äöü €']),
    Case(62, "labels named like attributes of events", PLAIN,
         "-p {a}:80 -l exitCode=99 -l signal=15 -l name=other -l image=other", [ONE]),
    Case(64, "range ignored", PLAIN, "-p {a}-{d}:10000-10003/udp -l SERVICE_10001-10003_IGNORE=true -l SERVICE_NAME=rtp",
         ["node1:web.1:10000:udp | rtp | 192.0.2.10:{a} | tags udp"]),
]

# Container names: letters, digits, _ . - and at least two characters.
NAMES = ["ab", "a_b", "a.b", "a-b_c.d"]
