# Signpost. Apache-2.0; see LICENSE.
"""The rival: nginx, rendered anew and reloaded for each change of the catalog, as consul-template would do it."""
import pathlib
import shutil
import signal
import tempfile
import threading

import requests

from support.ports import free_port
from support.process import Process
from support.wait import eventually, quiet

CONFIG = """\
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
worker_processes 2;
pid {home}/pid;
error_log {home}/error.log warn;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  upstream front {{
{front}
    keepalive 64;
  }}
  server {{
    listen 127.0.0.1:{http_port};
    location / {{
      proxy_pass http://front;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
stream {{
  upstream echo {{
{echo}
  }}
  server {{ listen 127.0.0.1:{tcp_port}; proxy_pass echo; }}
}}
"""


class ReloadedNginx:
    """`services`: the HTTP one and the TCP one. `reloads` counts what was written after the first configuration."""

    def __init__(self, catalog, services):
        self._catalog, self._services = catalog, services
        self._home = tempfile.TemporaryDirectory(prefix="rival-")
        self.http_port, self.tcp_port, self.reloads = free_port(), free_port(), -1
        self._sets, self._lock, self._over = {}, threading.Lock(), threading.Event()
        for service in services:
            self._read(service, 0)
        self._write()
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self._process = Process([nginx, "-p", self._home.name, "-c", f"{self._home.name}/nginx.conf"], f"{self._home.name}/log")
        answers = quiet(lambda: requests.get(f"http://127.0.0.1:{self.http_port}/", timeout=2).ok, requests.RequestException)
        eventually(answers, 10, self._process.log)
        self._threads = [threading.Thread(target=self._follow, args=(service,), daemon=True) for service in services]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._process.stop()
        for thread in self._threads:
            thread.join(10)
        self._home.cleanup()

    @property
    def http(self):
        return ("127.0.0.1", self.http_port)

    def workers(self):
        """Processes, those that are about to end included."""
        return len(pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split())

    # The renderer.

    def _follow(self, service):
        index = 0
        while not self._over.is_set():
            index, changed = self._read(service, index)
            if changed and not self._over.is_set():
                self._write()
                self._process.send(signal.SIGHUP)

    def _read(self, service, index):
        reply = requests.get(f"{self._catalog.url}/v1/health/service/{service}", timeout=30,
                             params={"passing": "1", "index": index, "wait": "2s"})
        found = sorted(f"{entry['Service']['Address'] or entry['Node']['Address']}:{entry['Service']['Port']}"
                       for entry in reply.json())
        with self._lock:
            changed = self._sets.get(service) != found
            self._sets[service] = found
        return int(reply.headers["X-Consul-Index"]), changed

    def _write(self):
        path = pathlib.Path(self._home.name, "nginx.conf")
        with self._lock:
            self.reloads += 1
            front, echo = ("\n".join(f"    server {address};" for address in self._sets[service] or ["127.0.0.1:1 down"])
                           for service in self._services)
            path.with_suffix(".new").write_text(CONFIG.format(home=self._home.name, front=front, echo=echo,
                                                              http_port=self.http_port, tcp_port=self.tcp_port))
            path.with_suffix(".new").rename(path)
