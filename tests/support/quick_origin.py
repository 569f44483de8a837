# Signpost. Apache-2.0; see LICENSE.
"""An origin for load: a process of its own with one loop, because threads of the test's process would wait for each other.

    with QuickOrigin("http") as origin: ...      # answers each request with 200 and "ok\\n", keeps the connection
    with QuickOrigin("fickle") as origin: ...    # the same, but closes every connection after 1, 2, ... 7 answers in turn
    with QuickOrigin("echo") as origin: ...      # TCP: sends back what comes, and the FIN
"""
import pathlib
import select
import socket
import subprocess
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


class QuickOrigin:
    def __init__(self, kind):
        self._child = subprocess.Popen([sys.executable, str(pathlib.Path(__file__)), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self._child.stdout.readline())
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._child.stdin.close()  # which ends it
        self._child.wait(10)
        self._child.stdout.close()


class _Connection:
    def __init__(self, accepted, number):
        self.socket, self.left, self.input = accepted, number % 7 + 1, b""

    def http(self):
        """Answers what is complete."""
        self.input += self.socket.recv(65536)
        requests = self.input.count(b"\r\n\r\n")
        self.input = self.input[self.input.rfind(b"\r\n\r\n") + 4:] if requests else self.input
        if requests:
            self.socket.sendall(ANSWER * requests)
        return True

    def fickle(self):
        self.http()
        self.left -= 1
        return self.left > 0

    def echo(self):
        data = self.socket.recv(65536)
        self.socket.sendall(data)
        return bool(data)


def serve(kind):
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poll, connections, number = select.epoll(), {}, 0
    poll.register(listener, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN)
    while True:
        for descriptor, events in poll.poll():
            if descriptor == sys.stdin.fileno():
                return
            if descriptor == listener.fileno():
                try:
                    accepted, _ = listener.accept()
                except OSError:
                    continue
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                number += 1
                connections[accepted.fileno()] = _Connection(accepted, number)
                poll.register(accepted, select.EPOLLIN | select.EPOLLRDHUP)
                continue
            connection = connections[descriptor]
            try:
                over = not getattr(connection, kind)() or (events & select.EPOLLRDHUP and kind != "echo")
            except OSError:
                over = True
            if over:
                del connections[descriptor]
                connection.socket.close()


if __name__ == "__main__":
    serve(sys.argv[1])
