# Signpost. Apache-2.0; see LICENSE.
"""Servers to check: HTTP and HTTPS, gRPC health, and sockets that say nothing."""
import collections
import concurrent.futures
import contextlib
import http.server
import socket
import ssl
import threading

import grpc


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.command, self.path, self.headers, self.rfile.read(length)))
        words = self.path.split("?")[0].strip("/").split("/")
        if words[0] == "hang":
            self.server.released.wait(30)
        elif words[0] == "flap":
            self._send(self.server.flap, b"flap")
        elif words[0] == "big":
            self._send(200, b"".join(b"%06d\n" % i for i in range(2000)))
        elif words[0] == "hop":
            left = int(words[1])
            self._send(302 if left else 200, b"arrived", f"/hop/{left - 1}")
        else:
            self._send(int(words[0] or 200), b"body of %s" % words[0].encode())

    def _send(self, code, body, location=None):
        self.send_response(code)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and code != 204:
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _answer

    def log_message(self, *_):
        pass


class HttpTarget:
    """/CODE answers with that status, /hop/N redirects N times, /big is long, /hang never ends, /flap as `flap` says."""

    def __init__(self, certificate=None):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.seen = collections.deque(maxlen=10000)
        self._server.released = threading.Event()
        self._server.flap = 200
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.released.set()
        self._server.shutdown()
        self._server.server_close()

    def answer_flap_with(self, code):
        self._server.flap = code

    def requests(self, path):
        """(method, path, headers, body) of all requests for `path` so far."""
        return [request for request in list(self._server.seen) if request[1] == path]


@contextlib.contextmanager
def grpc_target(statuses, certificate=None):
    """Port of a health service: name -> number of a ServingStatus; other names are not found. Written without the
    generated classes: a request is field 1 with the name, a reply field 1 with the number.
    """
    def check(request, context):
        name = request[2:].decode() if request else ""
        if name not in statuses:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return bytes([8, statuses[name]])

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)})])
    if certificate:
        chain, key = (open(path, "rb").read() for path in certificate)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait(5)


@contextlib.contextmanager
def silent_target():
    """Port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def closed_port():
    """Port that nobody listens on and nobody else gets."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
