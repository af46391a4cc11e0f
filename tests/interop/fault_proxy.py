"""A proxy before a Pushgateway that does to each connection what it is told: FaultProxy(gateway port).fault = "name of a fault".

It speaks HTTP only as far as the faults need it. Everything that it does is in its log, a Connection each. With a `plan`, a function
that is asked for each connection, the faults may be drawn from a seeded generator. With an ssl.SSLContext it speaks TLS to its clients.
"""
import re
import select
import socket
import struct
import threading
import time

STATUSES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 413: "Content Too Large", 429: "Too Many Requests",
            500: "Internal Server Error", 503: "Service Unavailable"}
# What the gateway has heard, and the client has not: it may try again, and nothing may go backwards then.
AMBIGUOUS = ["reset after forwarding", "reset in the answer", "silence after forwarding", "half-close in the answer"]
# The gateway hears nothing of it.
LOST = ["reset at once", "reset in the head", "reset in the body", "reset before the answer", "silence", "silence after the request",
        "half-close at once", "garbage", "endless headers", "endless line", "redirect"] + ["status %d" % s for s in STATUSES]
# Success in an unusual shape.
GOOD = ["none", "chunked", "close-delimited", "HTTP/1.0", "interim answer", "slow"]  # and "one byte at a time", as slow as byte_pause says


class Connection:
    def __init__(self, number, fault):
        self.number, self.fault = number, fault
        self.verb = self.path = self.sequence = None
        self.books = {}         # of the body: what a periodic_pusher tells of itself, without "narthex_push_", summed over its labels
        self.forwarded = False  # the gateway has answered
        self.status = 0         # what it has answered
        self.size = 0           # of the body
        self.order = 0          # of the requests that the gateway has heard
        self.over = False
        self.delivered = False  # the whole answer went to the client


class FaultProxy:
    def __init__(self, gateway_port, plan=None, context=None, byte_pause=1.0):
        self.gateway_port, self.context, self.byte_pause = gateway_port, context, byte_pause
        self.fault = "none"
        self.plan = plan or (lambda number: self.fault)
        self.log, self.lock, self.ended = [], threading.Lock(), threading.Event()
        self.heard = 0
        self.groups = {}  # path of a group -> a lock: what reaches the gateway has an order
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.base = "%s://127.0.0.1:%d" % ("https" if context else "http", self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.ended.set()
        self.listener.close()

    def accept(self):
        while not self.ended.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                c = Connection(len(self.log), None)
                c.fault = self.plan(c.number)
                self.log.append(c)
            threading.Thread(target=self.serve, args=(client, c), daemon=True).start()

    def serve(self, client, c):
        try:
            client.settimeout(60)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            self.act(client, c)
        except OSError:
            pass  # the client has gone, or does not like our certificate
        finally:
            client.close()
            c.over = True

    # ---- pieces ----
    @staticmethod
    def reset(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def idle(self, client):
        """Until the client goes, or the proxy does."""
        client.settimeout(0.2)
        while not self.ended.is_set():
            try:
                if not client.recv(65536):
                    return
            except TimeoutError:
                continue

    @staticmethod
    def read_head(client):
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(65536)
            if not more:
                raise OSError("the client has gone")
            data += more
        return data

    def read_request(self, client, c):
        data = self.read_head(client)
        head, body = data.split(b"\r\n\r\n", 1)
        c.verb, c.path = head.decode("latin-1").split(" ")[:2]
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        while len(body) < length:
            more = client.recv(65536)
            if not more:
                raise OSError("the client has gone")
            body += more
        c.size = length
        for name, value in re.findall(rb"^narthex_push_(\w+)(?:{[^}]*})? (\S+)", body, re.M):
            c.books[name.decode()] = c.books.get(name.decode(), 0) + float(value)
        c.sequence = c.books.get("sequence")
        return data[:len(head) + 4] + body

    def must_be_there(self, client):
        if self.context:
            return  # TLS cannot be looked into
        if select.select([client], [], [], 0)[0] and not client.recv(1, socket.MSG_PEEK):
            raise OSError("the client has gone")

    def forward(self, request, c):
        with socket.create_connection(("127.0.0.1", self.gateway_port), timeout=30) as gateway:
            gateway.sendall(request)
            answer = b""
            while True:
                more = gateway.recv(65536)
                if not more:
                    break
                answer += more
        if not re.match(rb"HTTP/1\.1 \d\d\d ", answer):
            raise OSError("no answer")
        with self.lock:
            self.heard += 1
            c.order = self.heard
        c.forwarded, c.status = True, int(answer[9:12])
        return answer

    # ---- faults ----
    def act(self, client, c):
        fault = c.fault
        if fault == "reset at once":
            return self.reset(client)
        if fault == "silence":
            return self.idle(client)
        if fault == "half-close at once":
            client.shutdown(socket.SHUT_WR)
            return self.idle(client)
        if fault == "reset in the head":
            client.recv(20)
            return self.reset(client)
        if fault == "reset in the body":
            self.read_head(client)
            return self.reset(client)
        if fault == "status 413":  # early: before the body is read
            self.read_head(client)
            client.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 6\r\nConnection: close\r\n\r\nfault\n")
            client.shutdown(socket.SHUT_WR)
            return self.idle(client)
        request = self.read_request(client, c)
        if fault == "reset before the answer":
            return self.reset(client)
        if fault == "silence after the request":
            return self.idle(client)
        if fault.startswith("status "):
            code = int(fault[7:])
            return client.sendall(b"HTTP/1.1 %d %s\r\nContent-Length: 6\r\n\r\nfault\n" % (code, STATUSES[code].encode()))
        if fault == "redirect":
            return client.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % self.port)
        if fault == "garbage":
            client.sendall(bytes(range(256)) * 8)
            return self.idle(client)
        if fault in ("endless headers", "endless line"):
            client.sendall(b"HTTP/1.1 200 OK\r\n" + (b"X: " if fault == "endless line" else b""))
            while not self.ended.is_set():
                client.sendall(b"x" * 4096 if fault == "endless line" else b"X-Filler: " + b"x" * 100 + b"\r\n")
            return None

        with self.lock:
            group = self.groups.setdefault(c.path, threading.Lock())
        with group:
            # A client that has reset its connection sends something newer by now: what it took back must not follow that.
            self.must_be_there(client)
            answer = self.forward(request, c)
        head, body = answer.split(b"\r\n\r\n", 1)
        first = head.split(b"\r\n")[0]
        if fault == "reset after forwarding":
            return self.reset(client)
        if fault == "silence after forwarding":
            return self.idle(client)
        if fault in ("reset in the answer", "half-close in the answer"):
            client.sendall(answer[:12])
            if fault == "reset in the answer":
                time.sleep(0.02)
                return self.reset(client)
            client.shutdown(socket.SHUT_WR)
            return self.idle(client)
        if fault == "chunked":
            answer = first + b"\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\nword\r\n0\r\nTrailer: x\r\n\r\n"
        elif fault == "close-delimited":
            answer = first + b"\r\n\r\nsome words"
        elif fault == "HTTP/1.0":
            answer = first.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n\r\n"
        elif fault == "interim answer":
            answer = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer
        if fault in ("slow", "one byte at a time"):
            for i in range(len(answer)):
                client.sendall(answer[i:i + 1])
                if self.ended.wait(self.byte_pause if fault == "one byte at a time" else 0.002):
                    return None
        else:
            client.sendall(answer)
        c.delivered = True
        return None
