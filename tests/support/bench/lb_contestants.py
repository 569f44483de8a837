# Signpost. Apache-2.0; see LICENSE.
"""The balancers that `tools/bench lb` compares, and the origin behind them all. Each has a name, a pid, `http_port`,
`tcp_port` and close(); each has one worker on the server's core, upstream keep-alive, no access log, and three endpoints.
"""
import re
import resource
import shutil
import subprocess

import requests

from support.bench import measure
from support.lb import Lb
from support.ports import free_port
from support.process import Process
from support.program import ROOT, binary
from support.wait import eventually, quiet

ENDPOINTS = 3
DESCRIPTORS = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
HAPROXY_MOST = min(DESCRIPTORS // 2 - 500, 32768)  # it wants two descriptors for each connection
BODY = "x" * 99 + "\\n"  # 100 bytes
NGINX_HEAD = """\
daemon off;
master_process off;
worker_processes 1;
pid {home}/pid;
error_log {home}/error.log crit;
worker_rlimit_nofile {descriptors};
events {{ worker_connections {descriptors}; }}
"""
ORIGIN_CONFIG = NGINX_HEAD + """\
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path {home}/body;
  server {{
{listens}
    location / {{ default_type text/plain; return 200 "{body}"; }}
    location /files/ {{ alias {home}/files/; }}
  }}
}}
"""
NGINX_CONFIG = "load_module {modules}/ngx_stream_module.so;\n" + NGINX_HEAD + """\
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  upstream origin {{
{servers}
    keepalive 64;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{http_port} backlog=4096;
    location / {{
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
stream {{
  upstream origin {{
{servers}
  }}
  server {{
    listen 127.0.0.1:{tcp_port} backlog=4096;
    proxy_pass origin;
    proxy_half_close on;
  }}
}}
"""
HAPROXY_CONFIG = """\
global
  nbthread 1
  maxconn {most}
defaults
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend http
  mode http
  bind 127.0.0.1:{http_port} backlog 4096
  default_backend http_origin
backend http_origin
  mode http
  option forwardfor
  http-reuse always
{servers}
frontend tcp
  mode tcp
  bind 127.0.0.1:{tcp_port} backlog 4096
  default_backend tcp_origin
backend tcp_origin
  mode tcp
{servers}
"""


class Origin:
    """nginx that answers everything with 100 bytes, on as many ports as there are endpoints; on the generator's core."""

    def __init__(self, home):
        self.home = home / "origin"
        (self.home / "files").mkdir(parents=True)
        self.ports = [free_port() for _ in range(ENDPOINTS)]
        listens = "\n".join(f"    listen 127.0.0.1:{port} backlog=4096;" for port in self.ports)
        config = self.home / "nginx.conf"
        config.write_text(ORIGIN_CONFIG.format(home=self.home, listens=listens, body=BODY, descriptors=DESCRIPTORS))
        self._process = Process([_nginx(), "-p", self.home, "-c", config], home / "origin.log", preexec=measure.pin_generator)
        self.pid = self._process.pid
        _wait_answers(self.ports[0], self._process)

    @property
    def addresses(self):
        return [f"127.0.0.1:{port}" for port in self.ports]

    def close(self):
        self._process.kill()


class _Balancer:
    """A rival with a config file."""

    def _start(self, home, command, config, text):
        config.write_text(text)
        self._process = Process(command, home / f"{self.name}.log", preexec=measure.pin_server)
        self.pid = self._process.pid
        _wait_answers(self.http_port, self._process)

    def close(self):
        self._process.kill()


class Nginx(_Balancer):
    name = "nginx"

    def __init__(self, home, origin):
        self.http_port, self.tcp_port = free_port(), free_port()
        own = home / "nginx"
        own.mkdir()
        servers = "\n".join(f"    server {address};" for address in origin.addresses)
        text = NGINX_CONFIG.format(home=own, servers=servers, http_port=self.http_port, tcp_port=self.tcp_port,
                                   modules="/usr/lib/nginx/modules", descriptors=DESCRIPTORS)
        self._start(home, [_nginx(), "-p", own, "-c", own / "nginx.conf"], own / "nginx.conf", text)


class Haproxy(_Balancer):
    name = "HAProxy"

    def __init__(self, home, origin):
        self.http_port, self.tcp_port = free_port(), free_port()
        servers = "\n".join(f"  server s{number} {address}" for number, address in enumerate(origin.addresses))
        config = home / "haproxy.cfg"
        text = HAPROXY_CONFIG.format(servers=servers, http_port=self.http_port, tcp_port=self.tcp_port, most=HAPROXY_MOST)
        self._start(home, ["haproxy", "-db", "-f", config], config, text)


class SignpostLb:
    """lb with one thread and `services` services of one virtual host each, all on the same origin."""

    def __init__(self, home, origin, services=1):
        del home
        self.services = services
        self.name = "lb" if services == 1 else f"lb, {services:,} services"
        self.tcp_port = free_port()
        names = [service_name(number) for number in range(services)]
        routes = [{"host": host_name(number), "service": name} for number, name in enumerate(names)]
        routes += [{"host": "*", "service": names[0]}, {"tcp": self.tcp_port, "service": names[0]}]
        self._lb = Lb(services={name: {"endpoints": origin.addresses} for name in names}, routes=routes, preexec=measure.pin_server,
                      options={"threads": 1, "client-requests": 1_000_000_000, "default": {"keepalive_requests": "1000000000"}})
        self.pid, self.http_port = self._lb.pid, self._lb.http_listen_port

    def close(self):
        self._lb.close(check=False)


def service_name(number):
    return f"svc-{number:05}"


def host_name(number):
    return f"svc-{number:05}.example.com"


def _nginx():
    return shutil.which("nginx") or "/usr/sbin/nginx"


def _wait_answers(port, process):
    def answers():
        assert process.exit_code is None, process.log_tail()
        return requests.get(f"http://127.0.0.1:{port}/", timeout=2).status_code == 200

    eventually(quiet(answers, requests.RequestException), 10, lambda: f"port {port} answers\n{process.log_tail()}")


def versions():
    """What ran, as the programs themselves say."""
    def version(*command):
        result = subprocess.run(command, capture_output=True, text=True)
        return re.search(r"(\d+\.\d+[\w.+-]*)", result.stdout + result.stderr).group(1)

    return {"lb": version(str(binary("lb")), "--version"), "nginx": version(_nginx(), "-v"),
            "HAProxy": version("haproxy", "-v"), "wrk": version("wrk", "-v")}


def require():
    """One sentence for everything that is missing."""
    missing = [tool for tool in ("nginx", "haproxy", "wrk") if not shutil.which(tool) and not shutil.which(f"/usr/sbin/{tool}")]
    assert not missing, f"not installed: {', '.join(missing)}; run tools/setup"


def build():
    """Configures and builds the release binary."""
    if not (ROOT / "build/release/build.ninja").exists():
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True)
    subprocess.run(["cmake", "--build", "build/release", "--target", "lb_program"], cwd=ROOT, check=True)
