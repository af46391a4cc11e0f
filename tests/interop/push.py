"""push.py PROGRAM PROMTOOL GATEWAY...: what real Pushgateways make of narthex' pushes. PROGRAM is push.cpp, built."""
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
STATUS = (HERE / "../../include/narthex/status.hpp").read_text(encoding="utf-8")
CODES = re.findall(r"^  (\w+)(?: = 0)?,? +///<|^  (ok) = 0,", STATUS[STATUS.index("enum class errc"):STATUS.index("};")], re.M)
CODES = [a or b for a, b in CODES]
PATHS = (HERE / "../golden/push_paths.tsv").read_text(encoding="utf-8")
# admin:test, bcrypt (cost 4), as in the exporter toolkit's own tests.
HASH = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"
tally = {"PASS": 0, "FAIL": 0, "SKIP": 0}


def say(name, good, more=""):
    word = "PASS" if good else "FAIL"
    tally[word] += 1
    print(word, name + ("" if good or not more else ": " + str(more)[:600]), flush=True)


def skip(name, why):
    tally["SKIP"] += 1
    print("SKIP %s (%s)" % (name, why), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Gateway:
    def __init__(self, binary, flags=(), user=None, persistence=""):  # in memory: Debian's default is a file of the whole machine
        self.user = user
        for _ in range(5):  # somebody else may take the port meanwhile
            self.port = free_port()
            self.base = "http://127.0.0.1:%d" % self.port
            self.command = [binary, "--web.listen-address=127.0.0.1:%d" % self.port, "--persistence.file=" + persistence, *flags]
            if self.start():
                return
        raise SystemExit("FAIL %s does not start" % binary)

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            if self.get("/-/ready")[0] == 200:
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def get(self, path):
        request = urllib.request.Request(self.base + path)
        if self.user:
            request.add_header("Authorization", "Basic " + base64.b64encode(self.user.encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=10) as r:
                return r.status, r.read().decode("utf-8")
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode("utf-8", "replace")
        except OSError as e:
            return 0, str(e)

    def groups(self):
        """[(labels, {metric: [(labels, value)]})], but for the gateway's own two of each group."""
        out = []
        for g in json.loads(self.get("/api/v1/metrics")[1])["data"]:
            metrics = {k: [(m["labels"], m.get("value")) for m in v["metrics"]] for k, v in g.items()
                       if isinstance(v, dict) and "metrics" in v and not re.match("push(_failure)?_time_seconds$", k)}
            out.append((g["labels"], metrics))
        return out

    def gone(self, labels=None):
        """Deletion is queued: it may take a moment to show."""
        for _ in range(200):
            if not [g for g, _ in self.groups() if labels is None or g == labels]:
                return True
            time.sleep(0.01)
        return False

    def freeze(self):
        """Stops it in the middle, and waits until each of its threads stands still: a signal takes its time."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = pathlib.Path("/proc/%d/task" % self.process.pid)
        while [t for t in tasks.iterdir() if (t / "stat").read_text().rsplit(")", 1)[1].split()[0] != "T"]:
            time.sleep(0.01)

    def stop(self, by=signal.SIGKILL):
        self.process.send_signal(by)
        self.process.wait()


class Pusher:
    def __init__(self, program, **environment):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                                        env={**os.environ, **environment})

    def __call__(self, verb, url, what="one", job="j", group=(), options=""):
        job = job if isinstance(job, bytes) else job.encode()
        pairs = ",".join("%s=%s" % (k, (v if isinstance(v, bytes) else v.encode()).hex()) for k, v in group) or "-"
        self.process.stdin.write(" ".join([verb, url, job.hex() or "-", pairs, what, options]) + "\n")
        self.process.stdin.flush()
        code, http, error = self.process.stdout.readline().rstrip("\n").split(" ", 2)
        return CODES[int(code)], int(http), error


def paths(name, gw, push):
    bad, n = [], 0
    for row in PATHS.splitlines():
        if not row or row[0] == "#":
            continue
        n += 1
        job, group = row.split("\t")[:2]
        job = bytes.fromhex(job)
        group = [(p.split("=")[0], bytes.fromhex(p.split("=")[1])) for p in group.split(",") if p]
        wanted = {"job": job.decode(), **{k: v.decode() for k, v in group}}
        first = push("push", gw.base, "a1b1", job, group)
        now = [(g, sorted(m)) for g, m in gw.groups()]
        if first[:2] != ("ok", 200) or now != [(wanted, ["a", "b"])]:
            bad.append(("push", job, group, first, now))
        push("push_add", gw.base, "one", job, group)
        now = [(g, sorted(m)) for g, m in gw.groups()]
        if now != [(wanted, ["a", "b", "m"])]:
            bad.append(("push_add", job, group, now))
        last = push("delete_group", gw.base, "one", job, group)
        if last[:2] != ("ok", 202) or not gw.gone():
            bad.append(("delete_group", job, group, last))
    say("%s: all %d grouping keys are put, read back, added to and deleted" % (name, n), n == 48 and not bad, bad)


def verbs(name, gw, push):
    push("push", gw.base, "a1b1")
    put = push("push", gw.base, "a2")
    value = lambda: {k: v[0][1] for k, v in gw.groups()[0][1].items()}
    say(name + ": push replaces the group", put[:2] == ("ok", 200) and value() == {"a": "2"}, (put, gw.groups()))
    push("push", gw.base, "a1b1")
    push("push_add", gw.base, "a2")
    say(name + ": push_add keeps other names", value() == {"a": "2", "b": "1"}, gw.groups())
    push("push", gw.base, "one", "j", [("instance", "i")])
    push("delete_group", gw.base)
    say(name + ": delete_group takes this group alone", gw.gone({"job": "j"}) and len(gw.groups()) == 1, gw.groups())
    say(name + ": delete_group of no group is ok", push("delete_group", gw.base, "one", "nobody")[:2] == ("ok", 202))
    push("delete_group", gw.base, "one", "j", [("instance", "i")])
    gw.gone()
    empty = push("push", gw.base, "nothing")
    added = push("push_add", gw.base, "nothing")
    say(name + ": nothing is not put, and is added", empty[0] == "empty_exposition" and added[:2] == ("ok", 200), (empty, added))
    push("delete_group", gw.base)
    read = []
    for option in ("", "gzip"):
        push("push", gw.base, "everything", options=option)
        group = gw.groups()[0][1]
        read.append({k: v for k, v in group.items() if not k.startswith("push_")})
        push("delete_group", gw.base)
        gw.gone()
    say(name + ": compressed and not, it reads the same", read[0] == read[1] and len(read[0]) == 5, read)
    large = push("push", gw.base, "large", options="gzip")
    say(name + ": takes 4 MB compressed", large[:2] == ("ok", 200) and len(gw.groups()[0][1]["m"]) == 4096, large)
    push("delete_group", gw.base)
    gw.gone()
    empty = push("push", gw.base, "nothing", options="gzip")
    added = push("push_add", gw.base, "nothing", options="gzip")
    say(name + ": nothing is nothing, compressed or not", empty[0] == "empty_exposition" and added[:2] == ("ok", 200), (empty, added))
    push("delete_group", gw.base)
    for url in (gw.base + "/", gw.base + "///", "127.0.0.1:%d" % gw.port, "localhost:%d" % gw.port, "HTTP://localhost:%d/" % gw.port):
        r = push("push", url)
        say("%s: pushes to %s" % (name, re.sub(r"\d{4,}", "PORT", url)), r[:2] == ("ok", 200), r)
    large = push("push", gw.base, "large")
    say(name + ": takes 4 MB", large[:2] == ("ok", 200) and len(gw.groups()[0][1]["m"]) == 4096, large)
    push("delete_group", gw.base)
    gw.gone()


def refusals(name, gw, push):
    """Each is refused here, and the gateway neither hears of it nor suffers."""
    rows = [("label_job", "j", [], "label_clash"), ("label_x", "j", [("x", "url")], "label_clash"),
            ("label_instance", "j", [("instance", "i")], "label_clash"), ("constant_region", "j", [("region", "w")], "label_clash"),
            ("push_time", "j", [], "reserved_metric"), ("push_failure", "j", [], "reserved_metric"),
            ("pushgateway", "j", [], "reserved_metric"), ("one", "", [], "bad_job"), ("one", b"\xff", [], "bad_utf8"),
            ("one", "j", [("a", b"/\xff")], "bad_utf8"), ("histogram_h", "j", [("le", "1")], "reserved_label_name"),
            ("summary_s", "j", [("quantile", "1")], "reserved_label_name"), ("one", "j", [("__x", "1")], "reserved_label_name"),
            ("one", "j", [("job", "k")], "reserved_label_name"), ("one", "j", [("a-b", "1")], "bad_label_name"),
            ("one", "j", [("a", "1"), ("a", "2")], "duplicate_label_name"), ("nothing", "j", [], "empty_exposition")]
    bad = []
    for what, job, group, code in rows:
        r = push("push", gw.base, what, job, group)
        if r[:2] != (code, 0):
            bad.append((what, job, group, r))
    page = gw.get("/metrics")[0]
    say("%s: %d bad pushes are refused before they are sent" % (name, len(rows)), not bad and gw.groups() == [] and page == 200, (bad, page))
    good = [("label_instance", []), ("label_bad_utf8", []), ("label_nasty", []), ("help_bad_utf8", []), ("bad_name", []),
            ("process", []), ("everything", []), ("histogram_h", [("instance", "")]), ("summary_s", [("a", "/")])]
    for what, group in good:
        r = push("push", gw.base, what, "job " + what, group)
        if r[:2] != ("ok", 200) or gw.get("/metrics")[0] != 200:
            bad.append((what, r))
    say("%s: %d odd but legal ones are taken" % (name, len(good)), not bad and len(gw.groups()) == len(good), bad)


def rate(name, gw, push):
    """Twelve pushes at once: the gateway hears of ten."""
    def heard():
        found = re.search(r'pushgateway_http_requests_total{code="200",handler="push",method="put"} (\d+)', gw.get("/metrics")[1])
        return int(found.group(1)) if found else 0
    before = heard()
    r = push("hurry", gw.base)
    say(name + ": of twelve pushes in a row ten arrive, and the others are refused here", r[:2] == ("too_often", 0) and
        re.search(r"milliseconds 5\d{4}$", r[2]) and heard() - before == 10, (r, before, heard()))


def jobs(name, gw, push):
    """A run that fails leaves the last success where it is; one that succeeds takes away what the job no longer has."""
    def now():
        found = [m for g, m in gw.groups() if g == {"job": "nightly", "instance": "db"}]
        return {k.replace("batch_job_", ""): float(v[0][1]) for k, v in found[0].items()} if found else None
    call = lambda verb, what: push(verb, gw.base, what, "nightly", [("instance", "db")])
    first = call("job_ok", "a1b1")
    good = now()
    failed = call("job_failed", "one")
    bad = now()
    say(name + ": a batch job that succeeds tells so", first[:2] == ("ok", 200) and good and sorted(good) == [
        "a", "b", "duration_seconds", "last_completion_timestamp_seconds", "last_success_timestamp_seconds", "records_processed"]
        and abs(good["last_success_timestamp_seconds"] - time.time()) < 60 and good["records_processed"] == 5, (first, good))
    say(name + ": one that fails leaves the last success, to the digit", failed[:2] == ("ok", 200) and bad and good and
        bad["last_success_timestamp_seconds"] == good["last_success_timestamp_seconds"] and
        bad["last_completion_timestamp_seconds"] > good["last_completion_timestamp_seconds"] and "m" in bad and "a" in bad, (failed, bad))
    call("job_ok", "one")
    say(name + ": the next success replaces all of it", now() and "a" not in now() and "m" in now() and
        now()["last_success_timestamp_seconds"] > good["last_success_timestamp_seconds"], now())
    cleaned = call("job_cleaned", "one")
    say(name + ": a batch job that cleans up leaves no group", cleaned[:2] == ("ok", 202) and gw.gone({"job": "nightly", "instance": "db"}), cleaned)


def periodic(name, gw, push, promtool):
    """A program that lasts, through a restart of the gateway, to its orderly end."""
    def now():
        found = [m for g, m in gw.groups() if g == {"job": "edge", "instance": "i"}]
        if not found:
            return None
        return {(k.replace("narthex_push_", ""), labels.get("what", "")): float(value) for k, v in found[0].items()
                for labels, value in v if value is not None}
    call = lambda verb, what="-": push("periodic_" + verb, gw.base, what, "edge")
    call("begin")
    for _ in range(2):  # the first may come too early for the first push
        call("tick")
    first = now()
    say(name + ": a periodic pusher pushes, and tells of itself", first and first[("ticks", "")] == 2 and first[("interval_seconds", "")] == 15
        and first[("failures_total", "network")] == 0 and abs(first[("sequence", "")] - time.time()) < 60, first)
    gw.stop()
    for _ in range(3):
        call("tick")
    say(name + ": the gateway starts again, with nothing", gw.start() and now() is None)
    call("tick")
    then = now()
    say(name + ": after a restart the newest values are there, and the failures", then and then[("ticks", "")] == 6 and
        then[("sequence", "")] > first[("sequence", "")] and then[("failures_total", "network")] == 3 and
        then[("interval_seconds", "")] == 30, then)
    call("end")
    last = now()
    say(name + ": the last value arrives and stays", last and last[("ticks", "")] == 7, last)
    page = gw.get("/metrics")[1]
    r = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, encoding="utf-8")
    ours = [l for l in (r.stdout + r.stderr).splitlines() if "narthex_push" in l]
    say(name + ": promtool finds nothing to say about its metrics", not ours, ours)
    call("begin", "cleaned")
    call("end")
    say(name + ": with clean-up it leaves no group", gw.gone({"job": "edge", "instance": "i"}))
    call("begin", "thread")
    seen, end = set(), time.monotonic() + 20
    while len(seen) < 2 and time.monotonic() < end:
        if now():
            seen.add(now()[("sequence", "")])
        time.sleep(0.05)
    call("end")
    say(name + ": with a thread it pushes by itself, and at the end", len(seen) == 2 and now()[("ticks", "")] == 1 and
        now()[("sequence", "")] > max(seen), (seen, now()))
    push("delete_group", gw.base, "one", "edge", [("instance", "i")])
    gw.gone({"job": "edge", "instance": "i"})


def several(name, gw, push, binary):
    """Two gateways: the first stops in mid-push, which is ambiguous, and goes on later, with the body that it got."""
    other = Gateway(binary)

    def now(at):
        found = [m for g, m in at.groups() if g == {"job": "pair", "instance": "i"}]
        return {k.replace("narthex_push_", ""): float(v[0][1]) for k, v in found[0].items() if v[0][1] is not None} if found else None
    call = lambda verb: push("periodic_" + verb, gw.base, "-", "pair", options="timeout 1000 also " + other.base)
    try:
        call("begin")
        for _ in range(2):
            call("tick")
        say(name + ": two gateways: the first has the group, the second has not", now(gw) and now(gw)["active_gateway"] == 0 and not now(other), (now(gw), now(other)))
        gw.freeze()
        call("tick")
        then = now(other)
        say(name + ": one that answers no more is left for the second at once", then and then["ticks"] == 3 and then["in_flight"] == 1 and
            then["calls_total"] == then["successes_total"] + 1 and then["attempts_total"] == then["calls_total"] + 1, str(then))
        gw.process.send_signal(signal.SIGCONT)
        end = time.monotonic() + 10
        while gw.get("/-/ready")[0] != 200 and time.monotonic() < end:
            time.sleep(0.05)
        call("tick")
        say(name + ": when it is well again it gets the newest, and the second is cleaned up", now(gw) and now(gw)["ticks"] == 4 and
            other.gone({"job": "pair", "instance": "i"}), (now(gw), now(other)))
        gw.stop()
        call("tick")
        say(name + ": one that is gone is left as well", now(other) and now(other)["ticks"] == 5, now(other))
        gw.start()
        call("tick")
        call("end")
        say(name + ": and returned to; the last value is there once", now(gw) and now(gw)["ticks"] == 7 and other.gone({"job": "pair", "instance": "i"}), (now(gw), now(other)))
    finally:
        other.stop()
        push("delete_group", gw.base, "one", "pair", [("instance", "i")])
        gw.gone({"job": "pair", "instance": "i"})


def spool(name, gw, push, promtool):
    """What nobody took is read by node_exporter, and delivered later: never over something newer."""
    nobody = "http://127.0.0.1:%d" % free_port()
    value = lambda job, metric: [v[0][1] for g, m in gw.groups() if g["job"] == job for k, v in m.items() if k == metric]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        files = lambda: sorted(pathlib.Path(folder).iterdir())
        option = "spool " + folder
        push("periodic_begin", nobody, "-", "edge", options=option)
        for _ in range(3):
            push("periodic_tick", nobody, "-", "edge", options=option)
        middle = [f.read_text() for f in files()]
        push("periodic_end", nobody, "-", "edge", options=option)
        last = files()[0].read_text() if files() else ""
        say(name + ": what nobody takes goes to one file, and at the end the last of it", len(middle) == 1 and '\nticks{instance="i",job="edge"} ' in middle[0] and
            len(files()) == 1 and '\nticks{instance="i",job="edge"} 4\n' in last, (middle, last))
        job = 'a/"b\\ \n'
        push("job_ok", nobody, "everything", job, [("db", "")], options=option)
        say(name + ": a batch job's run, too", len(files()) == 2, files())
        page = "".join(f.read_text() for f in files())
        r = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, encoding="utf-8")
        say(name + ": promtool reads the files", "rror while" not in r.stderr and "parsing" not in r.stderr and r.returncode in (0, 3), r.stderr)
        if shutil.which("prometheus-node-exporter"):
            port = free_port()
            node = subprocess.Popen(["prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % port, "--collector.disable-defaults",
                                     "--collector.textfile", "--collector.textfile.directory=" + folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                shown, end = "", time.monotonic() + 10
                while "node_textfile_scrape_error" not in shown and time.monotonic() < end:
                    try:
                        shown = urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=5).read().decode()
                    except OSError:
                        time.sleep(0.05)
            finally:
                node.send_signal(signal.SIGKILL)
                node.wait()
            say(name + ": node_exporter shows both", "\nnode_textfile_scrape_error 0\n" in shown and '\nticks{instance="i",job="edge"} 4\n' in shown and
                '\nbatch_job_records_processed{db="",job="a/\\"b\\\\ \\n"} 5\n' in shown, shown[:600])
        else:
            skip(name + ": node_exporter shows both", "it is not installed")
        kept = {f: f.read_bytes() for f in files()}
        r = push("drain", nobody, options=option)
        say(name + ": without a gateway they stay", r[:2] == ("system", 2) and len(files()) == 2, r)
        r = push("drain", gw.base, options=option)
        say(name + ": with one they are delivered and removed", r[:2] == ("ok", 200) and not files() and value("edge", "ticks") == ["4"] and
            value(job, "batch_job_records_processed") == ["5"] and value(job, "g") == ["5e-324"] and len(gw.groups()) == 2, (r, files(), gw.groups()))
        for f, text in kept.items():
            f.write_bytes(text)
        r = push("drain", gw.base, options=option)
        say(name + ": what has arrived is not delivered again", r[:2] == ("ok", 20) and not files(), (r, files()))
        push("periodic_begin", gw.base, "-", "edge")
        push("periodic_end", gw.base, "-", "edge")
        for f, text in kept.items():
            f.write_bytes(text)
        r = push("drain", gw.base, options=option)
        say(name + ": nor an older body over a newer one", r[:2] == ("ok", 20) and value("edge", "ticks") == ["1"], (r, value("edge", "ticks")))
        push("job_ok", nobody, "one", "nightly", [("instance", "db")], options=option)
        push("job_failed", nobody, "nothing", "nightly", [("instance", "db")], options=option)
        push("drain", gw.base, options=option)
        say(name + ": a success and the failure behind it arrive together", len(value("nightly", "batch_job_last_success_timestamp_seconds")) == 1 and
            value("nightly", "m") == ["1"], gw.groups())
        push("job_ok", nobody, "one", "nightly", [("instance", "db")], options=option)
        push("job_ok", gw.base, "one", "nightly", [("instance", "db")], options=option)
        say(name + ": a run that arrives takes the file of the one before away", not files(), files())
    push("delete_group", gw.base, "one", job, [("db", "")])
    for instance, group in (("i", "edge"), ("db", "nightly")):
        push("delete_group", gw.base, "one", group, [("instance", instance)])
    gw.gone()


def lint(name, gw, promtool):
    page = gw.get("/metrics")[1]
    # --lint=none is not in every version: what promtool calls an error is one that it could not parse.
    r = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, encoding="utf-8")
    say(name + ": promtool reads the gateway's page", "rror while" not in r.stderr and "parsing" not in r.stderr and r.returncode in (0, 3), r.stderr)


def words(name, gw, push):
    for group, _ in gw.groups():
        job = group.pop("job")
        push("delete_group", gw.base, "one", job, group.items())
    gw.gone()
    push("push", gw.base, "one", "other")
    r = push("push", gw.base, "counter_m")
    say(name + ": a type conflict arrives with the gateway's words", r[:2] == ("http_refused", 400) and r[2].startswith(
        gw.base + "/metrics/job/j: the server refused; HTTP status 400: pushed metrics are invalid or inconsistent with existing "
        'metrics: collected metric "m"'), r)
    push("push", gw.base, "gauge_h_count", "other")
    r = push("push", gw.base, "histogram_h")
    say(name + ": so does a collision with another group", r[1] == 400 and "collides with previously collected" in r[2], r)
    r = push("push", gw.base, "counter_go")
    say(name + ": and one with its own metrics", r[1] == 400 and "go_goroutines" in r[2], r)
    r = push("push", gw.base + "/prefix")
    say(name + ": a wrong prefix is a 404 or 405 with words", r[0] == "http_refused" and r[1] in (404, 405), r)
    r = push("push", gw.base + "//x/..")
    say(name + ": a path that the gateway cleans is a redirect", r[0] == "redirected" and r[1] in (301, 307), r)
    gw.stop()
    r = push("push", gw.base)
    say(name + ": a gateway that is gone is a refused connection", r[0] == "system" and "Connection refused" in r[2], r)


def main(program, promtool, *binaries):
    push = Pusher(program)
    r = push("push", "http://narthex-no-such-host.invalid:9091")
    say("a name that nobody knows is a status with the resolver's words", r[0] in ("no_such_host", "timeout") and len(r[2]) > 100, r)
    for binary in binaries:
        version = subprocess.run([binary, "--version"], capture_output=True, text=True)
        name = "Pushgateway " + re.search(r"version (\S+?)[ ,+]", version.stdout + version.stderr).group(1)
        all_of_them = []
        try:
            gw = Gateway(binary)
            all_of_them.append(gw)
            paths(name, gw, push)
            verbs(name, gw, push)
            refusals(name, gw, push)
            rate(name, gw, push)
            jobs(name, gw, push)
            periodic(name, gw, push, promtool)
            several(name, gw, push, binary)
            spool(name, gw, push, promtool)
            lint(name, gw, promtool)
            words(name, gw, push)

            careless = Gateway(binary, ["--push.disable-consistency-check"])
            all_of_them.append(careless)
            r = push("push", careless.base)
            say(name + ": 202 without the consistency check is success", r[:2] == ("ok", 202), r)

            with tempfile.TemporaryDirectory() as folder:
                config = os.path.join(folder, "web.yml")
                pathlib.Path(config).write_text("basic_auth_users:\n  admin: %s\n" % HASH)
                private = Gateway(binary, ["--web.config.file=" + config], "admin:test")
                all_of_them.append(private)
                none, wrong = push("push", private.base), push("push", private.base, options="auth admin tess")
                right = push("push", private.base, options="auth admin test")
                say(name + ": without credentials, 401 with its word", none[:2] == ("http_refused", 401) and "Unauthorized" in none[2], none)
                say(name + ": with a wrong password, 401", wrong[:2] == ("http_refused", 401), wrong)
                say(name + ": with the right one, 200", right[:2] == ("ok", 200), right)
        finally:
            for one in all_of_them:
                if one.process.poll() is None:
                    one.stop()
    push.process.stdin.close()
    push.process.wait()
    return 1 if tally["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
