"""push_faults.py PROGRAM PRELOAD TLS_PROGRAM GATEWAY: pushes through a proxy that does everything wrong, to a real Pushgateway.

PROGRAM is push.cpp, built; PRELOAD preload.cpp as a shared library; TLS_PROGRAM examples/27_push_tls.cpp, or "" without OpenSSL.
After each fault: the answer and its words, the time it took, that the program lives and has no descriptor more, and that the
gateway holds the last value that it has heard of, never an older one.
"""
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from fault_proxy import AMBIGUOUS, GOOD, LOST, FaultProxy
from push import Gateway, Pusher, say, skip, tally

TIMEOUT = 600  # of a push, in milliseconds; what it may take beyond that is the machine's
SLACK = 6.0    # seconds
# What a push says to each fault: any of these.
SAID = {"reset at once": ["closed"], "reset in the head": ["closed"], "reset in the body": ["closed"], "reset before the answer": ["closed"],
        "reset after forwarding": ["closed"], "reset in the answer": ["closed", "bad_response"], "half-close at once": ["closed"],
        "half-close in the answer": ["bad_response"], "silence": ["timeout"], "silence after the request": ["timeout"],
        "silence after forwarding": ["timeout"], "one byte at a time": ["timeout"], "garbage": ["bad_response"],
        "endless headers": ["bad_response"], "endless line": ["bad_response"], "redirect": ["redirected"]}


class Bench:
    """A program, a proxy and a gateway, and the value that is pushed."""
    def __init__(self, program, gateway, **environment):
        self.gateway, self.push = gateway, Pusher(program, **environment)
        self.proxy = FaultProxy(gateway.port)
        self.value = 0

    def next(self, url=None, timeout=TIMEOUT, large=False):
        self.value += 1
        what = "large" if large else "value:%d" % self.value
        begin = time.monotonic()
        r = self.push("push", url or self.proxy.base, what, "j", [("instance", "i")], "timeout %d" % timeout)
        return r, time.monotonic() - begin

    def held(self):
        found = [m for g, m in self.gateway.groups() if g == {"job": "j", "instance": "i"}]
        return float(found[0]["m"][0][1]) if found and "m" in found[0] else 0

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.push.process.pid))

    def end(self):
        self.proxy.stop()
        self.push.process.stdin.close()
        return self.push.process.wait(30)


def each_fault(name, b):
    b.next(timeout=20000)
    before = b.files()
    for fault in LOST + AMBIGUOUS + GOOD + ["one byte at a time"]:
        bad = []
        last_heard = b.held()
        b.proxy.fault = fault
        r, took = b.next(timeout=20000 if fault in GOOD else TIMEOUT)
        now = b.held()
        wanted = SAID.get(fault, ["http_refused"] if fault.startswith("status") else ["ok"])
        if r[0] not in wanted or (fault.startswith("status") and (r[1] != int(fault[7:]) or not r[2].endswith(fault[7:] + ": fault"))):
            bad.append(("it said", r))
        if wanted != ["ok"] and not r[2].startswith(b.proxy.base + "/metrics/job/j/instance/i: "):
            bad.append(("without the address", r))
        if (fault not in GOOD and took > TIMEOUT / 1000 + SLACK) or (wanted == ["timeout"] and took < TIMEOUT / 1000 - 0.01):
            bad.append(("it took", took))
        if now != (last_heard if fault in LOST else b.value):
            bad.append(("the gateway has", now, "of", b.value))
        b.proxy.fault = "none"
        r, _ = b.next(timeout=20000)
        if r[:2] != ("ok", 200) or b.held() != b.value:
            bad.append(("afterwards", r, b.held(), b.value))
        if b.files() != before:
            bad.append(("descriptors", b.files(), before))
        say("%s: %s" % (name, fault), not bad, bad)


def large_bodies(name, b):
    """Four megabytes, so that the fault comes while they are sent."""
    for fault, wanted in (("reset in the body", "closed"), ("status 413", "http_refused"), ("reset before the answer", "closed"), ("none", "ok")):
        b.proxy.fault = fault
        r, took = b.next(large=True, timeout=20000)
        say("%s: of a large body: %s" % (name, fault), r[0] == wanted, (r, took))
    b.proxy.fault = "none"
    b.next(timeout=20000)


def nobody_there(name, b):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        r, took = b.next("http://127.0.0.1:%d" % held.getsockname()[1])
        say(name + ": refused", r[0] == "system" and "Connection refused" in r[2] and took < SLACK, (r, took))
        held.listen(0)  # full with one: what more asks is not answered
        fill = []
        for _ in range(3):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(held.getsockname())
            fill.append(s)
        r, took = b.next("http://127.0.0.1:%d" % held.getsockname()[1])
        say(name + ": black hole", r[0] == "timeout" and "while connecting" in r[2] and 0.29 < took < SLACK, (r, took))
        for s in fill:
            s.close()
    r, took = b.next("http://no-such-host.invalid:9091")
    say(name + ": a name that does not resolve", r[0] in ("no_such_host", "timeout") and took < TIMEOUT / 1000 + SLACK, (r, took))


def ends(name, b):
    """A periodic pusher that ends while a push is in flight: the last value is there, or the stated time was kept."""
    def now():
        found = [m for g, m in b.gateway.groups() if g == {"job": "edge", "instance": "i"}]
        return {k: float(v[0][1]) for k, v in found[0].items() if v[0][1] is not None} if found else {}

    call = lambda verb, timeout: b.push("periodic_" + verb, b.proxy.base, "thread", "edge", options="timeout %d" % timeout)
    for fault in ("silence", "silence after the request", "silence after forwarding", "one byte at a time"):
        # Only the first connection meets it: the one that is in flight at the end.
        seen = len(b.proxy.log)
        b.proxy.plan = lambda number: fault if number == seen else "none"
        call("begin", 15000)
        end = time.monotonic() + 20
        while len(b.proxy.log) == seen and time.monotonic() < end:
            time.sleep(0.01)
        begin = time.monotonic()
        call("end", 0)
        took = time.monotonic() - begin
        sequences = [c.sequence for c in b.proxy.log[seen:] if c.forwarded]
        say("%s: ended in flight, %s: the last value is there" % (name, fault), now().get("ticks") == 1 and took < 10 and
            len(b.proxy.log) == seen + 2 and sequences == sorted(sequences), (now(), took, sequences))
        b.push("delete_group", b.gateway.base, "one", "edge", [("instance", "i")])
        b.gateway.gone({"job": "edge", "instance": "i"})
    b.proxy.plan = lambda number: b.proxy.fault
    b.proxy.fault = "silence after the request"
    call("begin", 800)
    begin = time.monotonic()
    call("end", 0)
    took = time.monotonic() - begin
    say(name + ": ended with a gateway that never answers: the stated time is kept", took < 0.8 + SLACK, took)
    b.proxy.fault = "none"


def clock_jumps(name, program, preload, gateway):
    b = Bench(program, gateway, LD_PRELOAD=preload, JUMPING_CLOCK="1")
    b.proxy.fault = "silence"
    r, took = b.next()
    good = r[0] == "timeout" and TIMEOUT / 1000 - 0.01 < took < TIMEOUT / 1000 + SLACK
    b.proxy.fault = "none"
    call = lambda verb: b.push("periodic_" + verb, b.proxy.base, "thread", "jumps")
    seen = len(b.proxy.log)
    call("begin")
    time.sleep(3.5)  # a push each second, whatever the date is
    call("end")
    log = [c for c in b.proxy.log[seen:] if c.sequence is not None]
    order = [c.sequence for c in log]
    say(name + ": the clock jumps a year back and forth: deadlines, pace and order stay", good and 2 <= len(log) <= 6 and
        order == sorted(set(order)) and all(c.delivered for c in log[:-2] + log[-1:]), (r, took, order))  # the end breaks off what is under way
    b.push("delete_group", b.gateway.base, "one", "jumps", [("instance", "i")])
    code = b.end()
    say(name + ": and the program ends as it should", code == 0, code)


def killed(name, program, preload, gateway):
    """A program that is killed between writing what no gateway took and putting it in its place: the one before is whole, and is delivered."""
    nobody = "http://127.0.0.1:1"
    value = lambda: [float(m["ticks"][0][1]) for g, m in gateway.groups() if g["job"] == "killed"]
    with tempfile.TemporaryDirectory() as folder:
        spool = "spool " + folder

        def run(**environment):
            push = Pusher(program, LD_PRELOAD=preload, **environment)
            push.process.stdin.write("periodic_begin %s %s - - %s\n" % (nobody, b"killed".hex(), spool))
            for _ in range(environment and 2 or 1):  # so that a body that was put in its place would differ
                push.process.stdin.write("periodic_tick %s %s - - %s\n" % (nobody, b"killed".hex(), spool))
            push.process.stdin.write("periodic_end %s %s - - %s\n" % (nobody, b"killed".hex(), spool))
            push.process.stdin.close()
            return push.process.wait(30)

        files = lambda: {f.name: f.read_bytes() for f in pathlib.Path(folder).iterdir()}
        first, whole = run(), files()
        second, then = run(KILLED_AT_RENAME="1"), files()
        kept = {k: v for k, v in then.items() if not k.startswith(".")}
        say(name + ": killed between the spool's write and rename: the body before is whole", first == 0 and second == -signal.SIGKILL and
            len(whole) == 1 and kept == whole and len(then) == 2, (first, second, whole, then))
        push = Pusher(program)
        r = push("drain", gateway.base, options=spool)
        say(name + ": and is delivered", r[:2] == ("ok", 100) and value() == [2] and not [f for f in files() if not f.startswith(".")], (r, value(), files()))
        push("delete_group", gateway.base, "one", "killed", [("instance", "i")])
        push.process.stdin.close()
        push.process.wait(30)


def restarts(name, b, binary):
    with tempfile.TemporaryDirectory() as folder:
        for persistence in ("", os.path.join(folder, "kept")):
            how = "with its file" if persistence else "without a file"
            gw = Gateway(binary, persistence=persistence)
            try:
                first, _ = b.next(gw.base, timeout=20000)
                gw.stop(signal.SIGTERM)
                r, _ = b.next(gw.base)
                down = r[0] == "system"
                again = gw.start()
                kept = [float(m["m"][0][1]) for _, m in gw.groups()]
                good = kept == ([b.value - 1] if persistence else [])
                then, _ = b.next(gw.base, timeout=20000)
                now = [float(m["m"][0][1]) for _, m in gw.groups()]
                say("%s: restarts %s: the next push is there" % (name, how), first[0] == "ok" and down and again and good and
                    then[0] == "ok" and now == [b.value], (first, r, kept, then, now))
            finally:
                gw.stop()


def crowded(name, b, binary):
    gw = Gateway(binary)
    try:
        lines = "".join("other_%d %d\n" % (i, i) for i in range(50)).encode()
        for i in range(200):
            urllib.request.urlopen(urllib.request.Request("%s/metrics/job/other/instance/%d" % (gw.base, i), lines, method="PUT"), timeout=30).read()
        r, took = b.next(gw.base, timeout=20000)
        say(name + ": full of others' groups, ours is taken", r[:2] == ("ok", 200) and len(gw.groups()) == 201, (r, took))
        begin = time.monotonic()
        r = b.push("crowd", gw.base, "-", "crowd", options="timeout 30000")
        ours = {int(g["instance"]): float(m["m"][0][1]) for g, m in gw.groups() if g["job"] == "crowd"}
        say(name + ": 100 pushers at once, each value is there", r[1] == 0 and ours == {i: i for i in range(100)}, (r, len(ours), time.monotonic() - begin))
    finally:
        gw.stop()


def certificates(folder):
    """An authority, a server's certificate of its, one for another name, one that has expired, one by another authority."""
    def run(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    for ca in ("ca", "other-ca"):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", ca + ".key", "-out", ca + ".pem", "-subj", "/CN=" + ca, "-days", "2")
    for what, ca, names, days in (("good", "ca", "DNS:localhost,IP:127.0.0.1", "1"), ("name", "ca", "DNS:elsewhere.test", "1"),
                                  ("expired", "ca", "DNS:localhost,IP:127.0.0.1", "-1"), ("stranger", "other-ca", "DNS:localhost,IP:127.0.0.1", "1")):
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", what + ".key", "-out", what + ".csr", "-subj", "/CN=" + what)
        (pathlib.Path(folder) / "ext").write_text("subjectAltName=%s\n" % names)
        run("x509", "-req", "-in", what + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-CAcreateserial", "-days", days, "-extfile", "ext",
            "-out", what + ".pem")


def tls(name, program, gateway):
    group = {"job": "nightly_batch", "instance": "db-3"}
    with tempfile.TemporaryDirectory() as folder:
        certificates(folder)

        def push(proxy, host="127.0.0.1", scheme="https"):
            begin = time.monotonic()
            r = subprocess.run([program, "%s://%s:%d" % (scheme, host, proxy.port), folder + "/ca.pem"], capture_output=True, text=True, timeout=60)
            return r.returncode, r.stdout.strip(), time.monotonic() - begin

        def front(certificate):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("%s/%s.pem" % (folder, certificate), "%s/%s.key" % (folder, certificate))
            return FaultProxy(gateway.port, context=context)

        good = front("good")
        for host in ("127.0.0.1", "localhost"):
            r = push(good, host)
            held = [m for g, m in gateway.groups() if g == group]
            say("%s: https to %s: taken" % (name, host), r[:2] == (0, "pushed") and held and held[0]["batch_records"][0][1] == "1234", (r, held))
            urllib.request.urlopen(urllib.request.Request(gateway.base + "/metrics/job/nightly_batch/instance/db-3", method="DELETE"), timeout=10).read()
            gateway.gone(group)
        for fault, words in (("reset before the answer", "closed"), ("half-close in the answer", "closed"), ("status 503", "HTTP status 503: fault")):
            good.fault = fault
            r = push(good)
            say("%s: https, %s" % (name, fault), r[0] == 1 and words in r[1] and r[2] < SLACK, r)
        good.fault = "none"
        plain = FaultProxy(gateway.port)
        urllib.request.urlopen(urllib.request.Request(gateway.base + "/metrics/job/nightly_batch/instance/db-3", method="DELETE"), timeout=10).read()
        gateway.gone(group)
        for certificate, words in (("name", "IP address mismatch"), ("expired", "certificate has expired"), ("stranger", "unable to get local issuer certificate")):
            proxy = front(certificate)
            r = push(proxy)
            say("%s: https, a certificate that is %s: refused in words, and nothing was sent" % (name, certificate), r[0] == 1 and
                "the transport refused: " + words in r[1] and not [c for c in proxy.log if c.verb], r)
            proxy.stop()
        r = push(front("name"), "localhost")
        say(name + ": https, a certificate for another name", r[0] == 1 and "hostname mismatch" in r[1], r)
        r = push(plain, scheme="http")
        say(name + ": nothing goes out in the clear, whatever the URL says", r[0] == 1 and not [c for c in plain.log if c.verb], r)
        say(name + ": and the gateway has heard of none of these", not [g for g, _ in gateway.groups() if g == group], gateway.groups())
        good.stop()
        plain.stop()


def main(program, preload, tls_program, binary):
    version = subprocess.run([binary, "--version"], capture_output=True, text=True)
    name = "Faults, Pushgateway " + re.search(r"version (\S+?)[ ,+]", version.stdout + version.stderr).group(1)
    gateway = Gateway(binary)
    try:
        b = Bench(program, gateway)
        each_fault(name, b)
        large_bodies(name, b)
        nobody_there(name, b)
        ends(name, b)
        restarts(name, b, binary)
        crowded(name, b, binary)
        say(name + ": the program has lived through all of it", b.push.process.poll() is None and b.end() == 0)
        clock_jumps(name, program, preload, gateway)
        killed(name, program, preload, gateway)
        if tls_program and subprocess.run(["openssl", "version"], stdout=subprocess.DEVNULL).returncode == 0:
            tls(name, tls_program, gateway)
        else:
            skip(name + ": https", "OpenSSL is not here")
    finally:
        gateway.stop()
    return 1 if tally["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
