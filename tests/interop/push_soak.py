"""push_soak.py PROGRAM GATEWAY SECONDS [SEED]: random faults between pushing programs and a real Pushgateway, and what is left in the end.

PROGRAM is push_soak.cpp, built. The faults are drawn from the seed; two of three connections meet one, and the gateway restarts now and
then, with nothing. In the end the network is calm, and the gateway holds exactly the last value of every live program and nothing
of those that ended; and what the programs count is what the proxy has seen.
"""
import json
import random
import re
import subprocess
import sys
import time

from fault_proxy import AMBIGUOUS, GOOD, LOST, FaultProxy
from push import Gateway, say, tally

EVERY = LOST + AMBIGUOUS + GOOD + ["one byte at a time"]


def increasing(log):
    """Of each group, in the order in which the gateway heard of them."""
    last, bad = {}, []
    for c in log:
        if c.sequence is not None:
            if c.sequence <= last.get(c.path, 0):
                bad.append((c.path, c.sequence, last[c.path]))
            last[c.path] = c.sequence
    return bad


def main(program, binary, seconds, seed="1"):
    seconds, draw = int(seconds), random.Random(int(seed))
    version = subprocess.run([binary, "--version"], capture_output=True, text=True)
    name = "Soak, %d s, seed %s, Pushgateway %s" % (seconds, seed, re.search(r"version (\S+?)[ ,+]", version.stdout + version.stderr).group(1))
    gateway = Gateway(binary)
    bag = []

    def plan(_):
        if draw.random() > 0.67:
            return "none"
        bag.extend([] if bag else draw.sample(EVERY, len(EVERY)))  # each comes up before one comes again
        return bag.pop()

    proxy = FaultProxy(gateway.port, plan, byte_pause=0.3)
    try:
        run = subprocess.Popen([program, proxy.base, str(seconds), seed], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        pause = max(4, seconds // 10)
        restarts, due, end = 0, time.monotonic() + pause, time.monotonic() + seconds - 2
        while time.monotonic() < end:
            time.sleep(0.1)
            if time.monotonic() > due:
                gateway.stop()
                time.sleep(0.5)
                if not gateway.start():
                    raise SystemExit("FAIL %s: the gateway does not start again" % name)
                restarts += 1
                due = time.monotonic() + pause
        calm = run.stdout.readline()
        proxy.plan = lambda number: "none"
        storm = list(proxy.log)
        end = time.monotonic() + 30
        while not all(c.over for c in storm) and time.monotonic() < end:
            time.sleep(0.05)
        run.stdin.write("go\n")
        run.stdin.flush()
        books = run.stdout.readline()
        code = run.wait(120)
        say(name + ": the programs end as they should", calm == "calm?\n" and books and code == 0, (calm, books, code))
        b = json.loads(books)
        time.sleep(0.5)  # deletions are queued
        held = {g["instance"]: int(float(m["level"][0][1])) for g, m in gateway.groups() if "level" in m}
        held.pop("by-hand", None)
        say("%s: %d programs, %d restarts: the last value of the live is there, and nothing of the ended" % (name, b["programs"], restarts),
            held == b["last"] and len(held) == 8 and b["programs"] > 16, (held, b["last"]))
        say(name + ": calm, nothing failed", b["told_at_the_end"] == 0, b["told_at_the_end"])

        log = list(proxy.log)
        wrong = increasing(sorted((c for c in log if c.forwarded), key=lambda c: c.order))
        say(name + ": no older body has reached the gateway behind a newer one", not wrong, wrong)
        hand = b["hand"]
        own = [c for c in log if c.verb == "PUT" and c.path.endswith("/by-hand")]
        periodic = [c for c in log if c.sequence is not None]
        met = {c.fault for c in log}
        say("%s: all %d faults came up in %d connections" % (name, len(EVERY), len(log)), met == set(EVERY), sorted(set(EVERY) - met))
        # Books. A push that its own program breaks off at its end may have been answered all the same: one for each end at most.
        ends = b["programs"]
        # A call that comes while a body is written may be in one of its figures and not yet in another.
        off = lambda books: abs(books["calls_total"] - sum(
            books[k] for k in ("successes_total", "failures_total", "refused_total", "coalesced_total", "in_flight")))
        torn = [c.books for c in periodic if off(c.books)]
        say(name + ": calls = successes + failures + refused + coalesced + in flight, of each program at its end and in %d bodies, but where a call came meanwhile" %
            len(periodic), b["unbalanced"] == 0 and b["in_flight"] == 0 and periodic and len(torn) <= len(periodic) // 500 and
            all(off(books) == 1 for books in torn), (b["unbalanced"], len(torn), torn[:1]))
        answered = len([c for c in periodic if c.delivered and c.status == 200])
        say(name + ": the pushes that succeeded are those that the gateway has answered", 0 <= answered - b["successes_total"] <= ends,
            (answered, b["successes_total"], ends))
        bytes_sent = sum(c.size for c in periodic if c.delivered and c.status == 200)
        say(name + ": and so are their bytes", 0 <= bytes_sent - b["bytes_total"] <= ends * 10000, (bytes_sent, b["bytes_total"]))
        sent = b["attempts_total"] - b["refused_total"] + b["deletions"] + hand["taken"] + hand["failed"]
        say(name + ": attempts, less the refused ones, and deletions are the connections seen", 0 <= sent - len(log) <= ends, (sent, len(log), ends))
        say(name + ": calls by hand = taken + failed + refused + busy", hand["calls"] == hand["taken"] + hand["failed"] + hand["too_often"] + hand["busy"] and
            hand["too_often"] == hand["counted"] > 0 and hand["taken"] == len([c for c in own if c.delivered and c.status == 200]), (hand, len(own)))
    finally:
        proxy.stop()
        gateway.stop()
    return 1 if tally["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
