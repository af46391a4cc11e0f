#!/usr/bin/env python3
"""names.py EXPOSER PROMETHEUS...: real servers scrape names of any UTF-8, by every scheme they can ask for, and are asked for them.

A proxy stands between, which writes down what each server asks for and what it is answered. Everything runs on 127.0.0.1.
"""
import concurrent.futures
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import scrape
from scrape import report, running

TEXT_4 = 'text/plain; version=0.0.4; charset=utf-8'
TEXT_1 = 'text/plain; version=1.0.0; charset=utf-8; escaping='
PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping='
SCHEMES = ('allow-utf-8', 'underscores', 'dots', 'values')

# What names_exposer.cpp was told: name, labels, value; and the names that meet another one, by scheme.
EXPECTED = [
    ('http.server.requests_total', {'http.route': '/a'}, 3),
    ('http.server.duration_bucket', {'le': '1.0'}, 1), ('http.server.duration_bucket', {'le': '2.0'}, 2),
    ('http.server.duration_bucket', {'le': '+Inf'}, 3), ('http.server.duration_sum', {}, 4.5), ('http.server.duration_count', {}, 3),
    ('\u6e29\u5ea6', {}, 21.5), ('\u6e7f\u5ea6', {}, 40), ('a.b', {}, 1), ('a_b', {}, 2), ('9lives', {}, 9), ('say "hi" \\ there', {}, 5),
    ('plain_total', {'\u043a\u043b\u044e\u0447': '\u0434\u0430', 'legacy': 'x'}, 7), ('untouched_total', {}, 11),
    ('app.mode', {'app.mode': 'on'}, 0), ('app.mode', {'app.mode': 'off'}, 1),
]
MEET = {'underscores': {'\u6e7f\u5ea6': 'U___6e7f__5ea6_', 'a.b': 'U__a_2e_b'}, 'dots': {'\u6e7f\u5ea6': 'U___6e7f__5ea6_'}}
SUFFIXES = ('_bucket', '_sum', '_count')


def escaped(name, scheme, letters):
    """The rules of the schemes, written again."""
    def legal(c, i):
        return c in letters or (i > 0 and c in '0123456789')
    if scheme == 'allow-utf-8' or all(legal(c, i) for i, c in enumerate(name)):
        return name
    out = 'U__' if scheme == 'values' else ''
    for i, c in enumerate(name):
        if c == '_' and scheme != 'underscores':
            out += '__'
        elif legal(c, i):
            out += c
        else:
            out += {'underscores': '_', 'dots': '_dot_' if c == '.' else '__', 'values': '_%x_' % ord(c)}[scheme]
    return out


def shown(name, scheme):
    letters = ''.join(map(chr, list(range(65, 91)) + list(range(97, 123)))) + '_:'
    for suffix in SUFFIXES:   # a family's name is escaped, not a sample's
        if name.startswith('http.server.duration') and name.endswith(suffix):
            return escaped(name[:-len(suffix)], scheme, letters) + suffix
    return MEET.get(scheme, {}).get(name) or escaped(name, scheme, letters)


def shown_label(name, scheme):
    return escaped(name, scheme, ''.join(map(chr, list(range(65, 91)) + list(range(97, 123)))) + '_')


class recorder:
    """Hands /JOB on to that job's exposer, and remembers what was said."""
    def __init__(self, ports):
        self.said = said = {}

        class handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                job = self.path.split('?')[0].strip('/')
                asked = urllib.request.Request('http://127.0.0.1:%d/metrics' % ports[job.split('_')[0]],
                                               headers={k: self.headers[k] for k in self.headers if k != 'Host'})
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=10) as r:
                    body, kind = r.read(), r.headers['Content-Type']
                said[job] = (self.headers['Accept'], kind, self.headers['X-Prometheus-Scrape-Timeout-Seconds'], body)
                self.send_response(200)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass

        self.server = server(('127.0.0.1', 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def jobs_of(version):
    """name -> (more of its configuration, the Content-Type it must get, the scheme)"""
    if version < (3, 0):
        return {'text': ({}, TEXT_4, 'underscores'), 'all': ({}, OPENMETRICS + 'underscores', 'underscores'),
                'random': ({}, OPENMETRICS + 'underscores', 'underscores')}
    jobs = {}
    for scheme in SCHEMES:
        more = {'metric_name_escaping_scheme': scheme}
        jobs['text_' + scheme] = (more, TEXT_1 + scheme, scheme)
        jobs['all_' + scheme] = (more, OPENMETRICS + scheme, scheme)
        jobs['random_' + scheme] = (more, OPENMETRICS + scheme, scheme)
        jobs['random_text_' + scheme] = (dict(more, scrape_protocols=['PrometheusText1.0.0']), TEXT_1 + scheme, scheme)
    jobs['text_default'] = ({}, TEXT_1 + 'allow-utf-8', 'allow-utf-8')
    jobs['all_protobuf'] = ({'scrape_protocols': ['PrometheusProto']}, PROTOBUF, 'underscores')   # it names no scheme there
    jobs['all_plain'] = ({'scrape_protocols': ['PrometheusText0.0.4']}, TEXT_4, 'underscores')
    return jobs


def check_job(prom, job, said, kind, scheme):
    bad = []
    accept, got_kind, patience, _ = said
    if got_kind != kind:
        bad.append('%s: asked %r, answered %r, not %r' % (job, accept, got_kind, kind))
    if patience != '2':
        bad.append('%s: the scraper waits %r s' % (job, patience))
    number = lambda le: repr(float(le)) if le not in ('+Inf', None) else le
    found = {}
    for labels, value in prom.query('last_over_time({job="%s"}[1m])' % job):
        name = labels.pop('__name__')
        labels = {k: number(v) if k == 'le' else v for k, v in labels.items() if k not in ('job', 'instance')}
        if name not in scrape.OWN:
            found[(name, tuple(sorted(labels.items())))] = value
    left = found.pop(('patience_ms', ()), None)
    if left is None or not 0 < left <= 2000:
        bad.append('%s: a collector was told %r ms' % (job, left))
    for name, labels, value in EXPECTED:
        where = (shown(name, scheme), tuple(sorted((shown_label(k, scheme), v) for k, v in labels.items())))
        got = found.pop(where, None)
        if got != value:
            bad.append('%s: %s is %r, not %r' % (job, where, got, value))
    return bad + ['%s: never put in: %s' % (job, x) for x in found if not x[0].startswith('narthex_')]


def check_random(prom, job, said, kind, scheme, account):
    bad = [] if said[1] == kind else ['%s: asked %r, answered %r, not %r' % (job, said[0], said[1], kind)]
    found = {}
    for labels, value in prom.query('last_over_time({job="%s"}[1m])' % job):
        name = labels.pop('__name__')
        labels = tuple(sorted((k, v) for k, v in labels.items() if k not in ('job', 'instance')))
        if name not in scrape.OWN and not name.startswith('narthex_'):
            found[(name, labels)] = value
    # By underscores and dots names meet: then only the values tell whether everything arrived.
    if scheme in ('allow-utf-8', 'values'):
        wanted = {(shown(name, scheme), ((shown_label(label, scheme), 'v'),)): value for name, label, value in account}
        bad += ['%s: %r is %r, not %r' % (job, k, found.get(k), v) for k, v in wanted.items() if found.get(k) != v]
    if sorted(found.values()) != sorted(value for _, _, value in account):
        bad.append('%s: %d series, not %d' % (job, len(found), len(account)))
    return bad


def check(binary, ports, account):
    out = subprocess.run([binary, '--version'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    version = tuple(map(int, re.search(r'version (\d+)\.(\d+)', out).groups()))
    title = 'prometheus %d.%d, UTF-8 names' % version
    record, jobs, port = recorder(ports), jobs_of(version), scrape.free_port()
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + '/prometheus.yml', 'w') as f:
            json.dump({'global': {'scrape_interval': '2s', 'scrape_timeout': '2s'}, 'scrape_configs': [
                dict(more, job_name=job, metrics_path='/' + job, static_configs=[{'targets': ['127.0.0.1:%d' % record.port]}])
                for job, (more, _, _) in jobs.items()]}, f)
        with open(folder + '/log', 'w+') as log, running(
                [binary, '--config.file=%s/prometheus.yml' % folder, '--storage.tsdb.path=%s/data' % folder, '--log.level=warn',
                 '--web.listen-address=127.0.0.1:%d' % port], stdout=log, stderr=log, stdin=subprocess.DEVNULL) as server:
            prom = scrape.Prometheus(port)

            def ready():
                if server.poll() is not None:
                    raise RuntimeError('the server ended: ' + open(folder + '/log').read()[-2000:])
                return all(prom.one('max_over_time(up{job="%s"}[1m])' % job) == 1 for job in jobs)
            bad = scrape.wait_for('a scrape of each job', ready)   # a machine with much to do may miss one
            if bad:
                bad += ['%s: %s' % (t['labels']['job'], t['lastError']) for t in prom.api('targets')['activeTargets'] if t['lastError']]
            report(title + ', scrapes are stored', bad, ' (%d jobs)' % len(jobs))
            for job, (_, kind, scheme) in jobs.items():
                if job in record.said:
                    facts = (prom, job, record.said[job], kind, scheme)
                    bad = check_random(*facts, account) if job.startswith('random') else check_job(*facts)
                    count = len(account) if job.startswith('random') else len(EXPECTED)
                    report('%s, %s' % (title, job), bad, ' (%d samples, %s)' % (count, record.said[job][1]))
            known = {line.split('\t')[0] for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../golden/accept.tsv'))}
            default = record.said['text' if version < (3, 0) else 'text_default'][0]
            report(title + ', asks as the vectors say', [] if default in known else [default])
            report(title + ', the server found nothing twice', scrape.check_server(prom))
    record.server.shutdown()


def main():
    exposer, servers = sys.argv[1], sys.argv[2:]
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, lambda *_: sys.exit(130))
    with running([exposer], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        ports = {job: int(p.stdout.readline()) for job in ('text', 'all', 'random')}
        account = []
        for line in iter(p.stdout.readline, b'\n'):
            name, label, value = line.decode().split()
            account.append((bytes.fromhex(name).decode(), bytes.fromhex(label).decode(), float(value)))
        with concurrent.futures.ThreadPoolExecutor() as pool:   # a server mostly waits
            for done in [pool.submit(check, binary, ports, account) for binary in servers]:
                done.result()
        p.stdin.close()
        end = time.monotonic() + 5
        while p.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        report('the exposer of names ends in order', [] if p.poll() == 0 else ['exit code %r' % p.poll()])
    return 1 if scrape.failed else 0


if __name__ == '__main__':
    sys.exit(main())
