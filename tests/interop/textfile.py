#!/usr/bin/python3
"""textfile.py WRITER NODE_EXPORTER PROMTOOL...: what node_exporter and promtool make of write_textfile() and process_collector.

Prints PASS or FAIL and a name for each check; exit code 1 when one failed. Everything it starts ends with it.
"""
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from prometheus_client import ProcessCollector
from prometheus_client.parser import text_string_to_metric_families

failed = False


def check(name, holds, more=""):
    global failed
    failed |= not holds
    print("PASS " + name if holds else "FAIL %s %s" % (name, more), flush=True)


def samples(text):
    return {(s.name, tuple(sorted((k, v) for k, v in s.labels.items() if v)), s.value)
            for f in text_string_to_metric_families(text) for s in f.samples}


def lint(promtools, name, text):
    for tool in promtools:
        done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=20)
        said = done.stdout + done.stderr
        check("promtool check metrics: %s (%s)" % (name, os.path.dirname(tool) or "PATH"),
              done.returncode == 0 and not said, "exit code %d: %s" % (done.returncode, said))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def node_exporter(program, folder):
    """As a user of its own, who can read only what everybody can. Gives the process and its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [program, "--collector.disable-defaults", "--collector.textfile", "--collector.textfile.directory=" + folder,
               "--web.listen-address=127.0.0.1:%d" % port, "--web.disable-exporter-metrics"]
    if os.getuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + command
    return subprocess.Popen(command, stderr=subprocess.DEVNULL), "http://127.0.0.1:%d/metrics" % port


def scrape(url):
    end = time.monotonic() + 15  # it takes its time to start
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode("utf-8")
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def textfile(writer, exporter, promtools, folder):
    path = os.path.join(folder, "job.prom")
    os.umask(0o077)
    done = subprocess.run([writer, "write", path], timeout=20)
    check("textfile: a file is written", done.returncode == 0 and os.listdir(folder) == ["job.prom"], os.listdir(folder))
    text = read(path)
    wanted = samples(text)
    lint(promtools, "the file", text)
    with open(os.path.join(folder, ".narthex-1-0.tmp"), "w") as f:  # what a killed writer leaves
        f.write("half a li")
    process, url = node_exporter(exporter, folder)
    try:
        got = scrape(url)
        seen = samples(got)
        check("node_exporter shows all %d samples of the file" % len(wanted), len(wanted) == 9 and wanted <= seen, wanted - seen)
        check("node_exporter shows the help text", "# HELP backup_files_total Files, with a \\\\ and a\\nsecond line.\n" in got)
        check("node_exporter finds no error, beside a killed writer's leftover", ("node_textfile_scrape_error", (), 0.0) in seen)
        writers = [subprocess.Popen([writer, "write", path, "1000"]) for _ in range(2)]
        scrapes = bad = 0
        while True:
            ended = all(w.poll() is not None for w in writers)
            seen = samples(scrape(url))
            scrapes += 1
            bad += not (wanted <= seen and ("node_textfile_scrape_error", (), 0.0) in seen)
            if ended or scrapes > 5000:
                break
        check("node_exporter sees the whole file at every scrape while two processes replace it", bad == 0 and scrapes > 5,
              "%d of %d scrapes" % (bad, scrapes))
        check("textfile: both processes wrote 1000 times", [w.wait(60) for w in writers] == [0, 0])
        with open(os.open(os.path.join(folder, "bad.prom"), os.O_WRONLY | os.O_CREAT), "w") as f:
            os.fchmod(f.fileno(), 0o644)
            f.write("half a li")
        check("node_exporter would notice half a file", ("node_textfile_scrape_error", (), 1.0) in samples(scrape(url)))
    finally:
        process.terminate()
        process.wait(10)


def process(writer, promtools):
    p = subprocess.Popen([writer, "process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        text = "".join(iter(p.stdout.readline, "# EOF\n"))
        lint(promtools, "process and build metrics", text)
        ours = {s.name: s.value for f in text_string_to_metric_families(text) for s in f.samples}
        theirs = {s.name: s.value for f in ProcessCollector(pid=lambda: p.pid, registry=None).collect() for s in f.samples}
        for name, slack in (("process_virtual_memory_bytes", 0), ("process_resident_memory_bytes", 500000),
                            ("process_start_time_seconds", 0.02), ("process_cpu_seconds_total", 0.05), ("process_open_fds", 0)):
            check("the Python client reads the same %s of our process" % name, abs(ours[name] - theirs[name]) <= slack,
                  "%s, not %s" % (ours[name], theirs[name]))
        check("the Python client has the same process_max_fds", ours["process_max_fds"] == theirs["process_max_fds"])
    finally:
        p.stdin.close()
        p.wait(10)


def main(writer, exporter, *promtools):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        textfile(writer, exporter, promtools, folder)
    process(writer, promtools)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
