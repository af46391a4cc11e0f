#!/usr/bin/env python3
"""scrape.py EXPOSER RANDOM_REGISTRY SEEDS PROMETHEUS...: real servers scrape, and are asked what they understood.

For each server: the exposer (tests the HTTP endpoint, too) against the table below; random registries, one target each, against
their own account; and broken texts, whose scrapes must fail. Everything runs on 127.0.0.1 and is stopped in all cases.
"""
import contextlib
import gzip
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import wire

DEADLINE_S = 60
inf, nan = float('inf'), float('nan')
failed = 0


def report(name, complaints, note=''):
    global failed
    if complaints:
        failed += 1
    print('%s %s%s' % ('FAIL' if complaints else 'PASS', name, note))
    for c in complaints[:10]:
        print('    ' + c[:600])
    sys.stdout.flush()


# ---- what exposer.cpp was told ----

def histogram(name, labels, bounds, counts, total):
    out = [(name + '_bucket', dict(labels, le=repr(float(b))), c) for b, c in zip(bounds + [inf], counts)]
    return out + [(name + '_sum', labels, total), (name + '_count', labels, counts[-1])]


def summary(name, labels, total, count, quantiles=()):
    return [(name, dict(labels, quantile=repr(q)), v) for q, v in quantiles] + [
        (name + '_sum', labels, total), (name + '_count', labels, count)]


EXPECTED = [
    ('x_jobs_total', {}, 42),
    ('x_full_total', {}, 18446744073709551616.0),   # 2^64-1 arrives as a double
    ('x_bare', {}, 7),
    ('x_busy_seconds_total', {}, 0.1 + 0.2),
    ('x_depth', {}, -12.5),
    ('x_lowest', {}, -2.0 ** 63),
    ('x_build_info', {'version': '1.4.2', 'commit': 'ab12cd'}, 1),
    ('x_mode', {'x_mode': 'starting'}, 0),
    ('x_mode', {'x_mode': 'running'}, 1),
    ('x_mode', {'x_mode': 'draining'}, 0),
    ('x_in_place_total', {}, 3),
    ('x_called_total', {}, 9007199254740992.0),     # 2^53+1, too
    ('x_asked', {}, -2.5),
    ('x_no_help', {}, 0),
    ('x_hard_help', {}, 1),
    ('x_responses_total', {'method': 'GET', 'code': '200'}, 3),
    ('x_responses_total', {'method': 'GET', 'code': '404'}, 1),
    ('x_capped', {'n': '0'}, 1),
    ('x_capped', {'n': '1'}, 1),
    ('x_capped', {'n': '_overflow_'}, 2),
    ('narthex_refused_total', {'what': 'series'}, 2),
    ('x_ops_total', {'method': 'get', 'result': 'ok'}, 0),
    ('x_ops_total', {'method': 'get', 'result': 'failed'}, 0),
    ('x_ops_total', {'method': 'post', 'result': 'ok'}, 0),
    ('x_ops_total', {'method': 'post', 'result': 'failed'}, 5),
    ('x_small', {'n': 'one'}, 1),
    ('x_shop_orders_total', {'region': 'ea"st'}, 11),
    ('x_shop_narthex_refused_total', {'region': 'ea"st', 'what': 'registration'}, 1),
    ('x_pool_thing', {'pool': 'db'}, 0.75),
    ('x_pool_thing', {'pool': '7'}, -7),
] + [('x_value', {'which': k}, v) for k, v in {
    'nan': nan, 'inf': inf, '-inf': -inf, '-0': 0, 'max': sys.float_info.max, '-max': -sys.float_info.max, 'min': sys.float_info.min,
    'denormal': 5e-324, '0.1+0.2': 0.1 + 0.2, '1e6': 1e6, '1e21': 1e21, '2^53+1': 9007199254740992.0}.items()
] + histogram('x_latency_seconds', {}, [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10], [0, 0, 1, 2, 5, 12, 25, 50, 100, 100, 100, 100], 101.0
) + histogram('x_size_bytes', {}, [-1, 0, .3, 1, 1e6], [2, 3, 4, 5, 6, 8], inf
) + histogram('x_empty', {}, [64, 256, 1024], [0, 0, 0, 0], 0
) + histogram('x_route_seconds', {'route': '/a'}, [1, 2], [1, 2, 3], 4.5
) + histogram('x_route_seconds', {'route': '/b'}, [1, 2], [0, 0, 0], 0
) + histogram('x_pool_wait_seconds', {}, [1, 2], [1, 3, 6], 12.5
) + summary('x_parse_seconds', {}, 1.75, 2
) + summary('x_reply_seconds', {}, sum(i / 1000 for i in range(1, 1001)), 1000, [(.5, .5), (.99, .99)]
) + summary('x_never_seconds', {}, 0, 0, [(.5, nan)]
) + summary('x_queue_seconds', {'queue': 'q'}, 2, 1
) + summary('x_pool_use_seconds', {}, 3.5, 9, [(.5, .125)])
ESTIMATES = {('x_reply_seconds', q) for q in ('0.5', '0.99')}   # within 1.6 %, as documented

TYPES = {
    'counter': 'narthex_refused_total x_jobs_total x_full_total x_bare x_busy_seconds_total x_in_place_total x_called_total x_responses_total '
               'x_ops_total x_shop_orders_total x_shop_narthex_refused_total',
    'gauge': 'x_depth x_lowest x_build_info x_mode x_asked x_no_help x_hard_help x_capped x_value x_nasty x_small',
    'histogram': 'x_latency_seconds x_size_bytes x_empty x_route_seconds x_pool_wait_seconds',
    'summary': 'x_parse_seconds x_reply_seconds x_never_seconds x_queue_seconds x_pool_use_seconds',
    'unknown': 'x_pool_thing',
}
HELP = {
    'x_jobs_total': 'Jobs.', 'x_no_help': '', 'x_pool_thing': 'Of no type.',
    'x_hard_help': 'one \\ two\nthree "four" \\n five \ufffdff\ufffdc3( caf\u00e9 \U0001f525 {a="b"} # 6',
}
NASTY_CASES = 256 + 29 + 2   # exposer.cpp: each byte, its list less what is one byte, NUL inside, a long one

# What other expressions must give: buckets, and arithmetic on special values.
EXPRESSIONS = {
    'histogram_quantile(0.5, x_latency_seconds_bucket)': 1.0,
    'histogram_quantile(0.9, x_latency_seconds_bucket)': 2.2,
    'histogram_quantile(0.5, x_route_seconds_bucket{route="/a"})': 1.5,
    'sum(x_responses_total)': 4,
    'x_latency_seconds_sum / x_latency_seconds_count': 1.01,
    'x_latency_seconds_bucket{le="+Inf"} - ignoring(le) x_latency_seconds_count': 0,
    'x_value{which="nan"} == bool x_value{which="nan"}': 0,
    'x_value{which="inf"} > bool 1e308': 1,
}

# What every server refuses (a bare newline in a label value is not among it; promtool refuses that, see parsers.py).
BROKEN = [b'a{b="c"d"} 1\n', b'a{b="\xff"} 1\n', b'a{b="c",b="d"} 1\n', b'# TYPE a nonsense\na 1\n', b'a 1 # {} 1\n', b'a one\n']


# ---- the actors ----

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(command, **options):
    p = subprocess.Popen(command, **options)
    try:
        yield p
    finally:
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


@contextlib.contextmanager
def serving(texts, content_type='text/plain; version=0.0.4; charset=utf-8'):
    """texts: path -> body."""
    class handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_GET(self):
            body = texts[self.path]
            self.send_response(200)
            self.send_header('Content-Type', content_type)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class server(http.server.ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True
        block_on_close = False   # idle connections of the server that scrapes

        def handle_error(self, *_):
            pass   # a connection broken off when the server that scrapes ends

    with server(('127.0.0.1', 0), handler) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        try:
            yield s.server_address[1]
        finally:
            s.shutdown()


def get(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as r:
        return r.read()


class Prometheus:
    def __init__(self, port):
        self.base = 'http://127.0.0.1:%d' % port

    def api(self, path, **query):
        answer = json.loads(get('%s/api/v1/%s?%s' % (self.base, path, urllib.parse.urlencode(query))))
        assert answer['status'] == 'success', answer
        return answer['data']

    def query(self, expression):
        return [(x['metric'], float(x['value'][1])) for x in self.api('query', query=expression)['result']]

    def one(self, expression):
        got = self.query(expression)
        return got[0][1] if len(got) == 1 else None


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE_S
    while True:
        with contextlib.suppress(OSError):
            if condition():
                return []
        if time.monotonic() > end:
            return ['not within %d s: %s' % (DEADLINE_S, what)]
        time.sleep(0.1)


OWN = {'up', 'scrape_duration_seconds', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling', 'scrape_series_added',
       'scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'}


# ---- what is checked ----

def check_exposer(prom, text):
    bad = []
    wanted = {wire.key(n, labels): v for n, labels, v in EXPECTED}
    nasty, seen = {}, set()
    for labels, value in prom.query('{job="narthex"}'):
        name = labels.pop('__name__')
        labels.pop('job')
        labels.pop('instance')
        if name in OWN:
            continue
        if name == 'x_nasty':
            raw = bytes.fromhex(labels['hex'])
            raw = raw if len(raw) < 64 else raw[:1] * int(value)
            nasty[labels['hex']] = value
            if labels.get('value', '') != wire.repaired(raw) or value != len(raw):
                bad.append('x_nasty: %r arrived as %r %r' % (raw[:80], labels.get('value', '')[:80], value))
            continue
        where = wire.key(name, labels)
        seen.add(where)
        if where not in wanted:
            bad.append('never put in: %s %s %r' % (name, labels, value))
        elif (name, labels.get('quantile')) in ESTIMATES:
            if not abs(value - wanted[where]) <= 0.016 * wanted[where]:
                bad.append('%s %s: is %r, should be about %r' % (name, labels, value, wanted[where]))
        elif wire.bits(value) != wire.bits(float(wanted[where])):
            bad.append('%s %s: is %r, should be %r' % (name, labels, value, wanted[where]))
    bad += ['missing: %s %s' % (n, dict(ls)) for n, ls in wanted if (n, ls) not in seen]
    if len(nasty) != NASTY_CASES:
        bad.append('x_nasty: %d series, should be %d' % (len(nasty), NASTY_CASES))
    report_count = len(wanted) + NASTY_CASES
    lines = sum(1 for x in text.split(b'\n') if x and not x.startswith(b'#'))
    for counter in ('scrape_samples_scraped', 'scrape_samples_post_metric_relabeling'):
        if not prom.one(counter + '{job="narthex"}') == lines == report_count:
            bad.append('%s is %r; the page has %d lines, the table %d' % (counter, prom.one(counter + '{job="narthex"}'), lines, report_count))
    return bad, report_count


def check_packed(prom, text, port):
    """The server that compresses: zlib reads its answer, and the server that scrapes it stores the same."""
    request = urllib.request.Request('http://127.0.0.1:%d/metrics' % port, headers={'Accept-Encoding': 'gzip'})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as r:
        packed, coding = r.read(), r.headers['Content-Encoding']
    bad = []
    if coding != 'gzip' or gzip.decompress(packed) != text or len(packed) * 3 > len(text):
        bad.append('coded as %s, %d bytes of %d' % (coding, len(packed), len(text)))
    stored = {}
    for job in ('narthex', 'packed'):
        found = stored[job] = {}
        for labels, value in prom.query('{job="%s"}' % job):
            name = re.sub('^packed_', 'x_', labels.pop('__name__'))
            labels = {k: v for k, v in labels.items() if k not in ('job', 'instance')}
            if name not in OWN:
                found[wire.key(name, labels)] = wire.bits(value)
    both = set(stored['narthex']) | set(stored['packed'])
    bad += ['%s: %s and %s' % (k, stored['narthex'].get(k), stored['packed'].get(k)) for k in sorted(both)
            if stored['narthex'].get(k) != stored['packed'].get(k)]
    if not stored['packed']:
        bad.append('nothing is stored')
    return bad, len(stored['packed']), len(text), len(packed)


def check_types(prom):
    bad = []
    by_target = {m['metric']: m for m in prom.api('targets/metadata', match_target='{job="narthex"}')}
    everywhere = prom.api('metadata')
    for kind, names in TYPES.items():
        for name in names.split():
            for m in [by_target.pop(name, None)] + everywhere.get(name, [None]):
                if not m or m['type'] != kind or (name in HELP and m['help'] != HELP[name]):
                    bad.append('%s: is %r, should be %s %r' % (name, m, kind, HELP.get(name, '...')))
    return bad + ['metadata of a strange family: ' + name for name in by_target if name not in OWN]


def check_random(prom, accounts, address):
    got = {}
    for labels, value in prom.query('{interop_seed!=""}'):
        name = labels.pop('__name__')
        seed = labels.pop('interop_seed')
        for k, v in (('job', 'random'), ('instance', address)):
            if labels.get(k) == v:
                del labels[k]
        if name not in OWN:
            got.setdefault(int(seed), []).append((name, labels, value))
    bad = []
    up = {int(m['interop_seed']): v for m, v in prom.query('up{job="random"}')}
    scraped = {int(m['interop_seed']): v for m, v in prom.query('scrape_samples_scraped{job="random"}')}
    errors = {t['labels']['interop_seed']: t['lastError'] for t in prom.api('targets')['activeTargets'] if t['labels']['job'] == 'random'}
    for seed, account in accounts.items():
        if up.get(seed) != 1:
            bad.append('seed %d: the scrape failed: %s' % (seed, errors.get(str(seed))))
            continue
        if scraped.get(seed) != len(account.samples):
            bad.append('seed %d: %r samples, should be %d' % (seed, scraped.get(seed), len(account.samples)))
        bad += ['seed %d: %s' % (seed, c) for c in account.compare(got.get(seed, []), skip_empty=True)[:3]]
    return bad


def check_server(prom):
    """What the server counted against its targets: a sample twice, timestamps out of order."""
    page = get(prom.base + '/metrics').decode()
    found = dict(re.findall(r'^(prometheus_target_scrapes_(?:sample_\w+|exceeded_\w+)_total) (\S+)$', page, re.M))
    bad = ['%s is %s' % x for x in found.items() if float(x[1])]
    if len(found) < 4:
        bad.append('the server does not count its refusals as it did: %s' % sorted(found))
    return bad


def scrape(binary, exposer_port, packed_port, texts, accounts, texts_port):
    out = subprocess.run([binary, '--version'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    version = 'prometheus ' + out.split()[2].split('+')[0]
    started = time.monotonic()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        address = '127.0.0.1:%d' % texts_port
        random_targets = [{'targets': [address], 'labels': {'__metrics_path__': '/seed/%d' % n, 'interop_seed': str(n)}} for n in accounts]
        broken_targets = [{'targets': [address], 'labels': {'__metrics_path__': '/broken/%d' % n, 'number': str(n)}} for n in range(len(BROKEN))]
        with open(folder + '/prometheus.yml', 'w') as f:   # JSON is YAML
            json.dump({'global': {'scrape_interval': '1s', 'scrape_timeout': '1s'}, 'scrape_configs': [
                {'job_name': 'narthex', 'static_configs': [{'targets': ['127.0.0.1:%d' % exposer_port]}]},
                {'job_name': 'packed', 'static_configs': [{'targets': ['127.0.0.1:%d' % packed_port]}], 'metric_relabel_configs': [
                    {'source_labels': ['__name__'], 'regex': 'x_(.*)', 'target_label': '__name__', 'replacement': 'packed_$1'}]},
                {'job_name': 'random', 'honor_labels': True, 'scrape_interval': '4s', 'scrape_timeout': '4s', 'static_configs': random_targets},
                {'job_name': 'broken', 'static_configs': broken_targets}]}, f)
        with open(folder + '/log', 'w+') as log, running(
                [binary, '--config.file=%s/prometheus.yml' % folder, '--storage.tsdb.path=%s/data' % folder, '--log.level=warn',
                 '--web.listen-address=127.0.0.1:%d' % port], stdout=log, stderr=log, stdin=subprocess.DEVNULL) as server:
            prom = Prometheus(port)

            def ready():
                if server.poll() is not None:
                    raise RuntimeError('the server ended: ' + open(folder + '/log').read()[-2000:])
                return (prom.one('up{job="narthex"}') == 1 and prom.one('up{job="packed"}') == 1 and (prom.one('count_over_time(up{job="narthex"}[1m])') or 0) >= 3
                        and (prom.one('count(up{job="random"})') or 0) == len(accounts) and prom.one('count(up{job="broken"})') == len(BROKEN))
            late = wait_for('three scrapes of the exposer and one of each other target', ready)
            if late:
                late += ['%s: %s' % (t['health'], t['lastError']) for t in prom.api('targets')['activeTargets'] if t['labels']['job'] == 'narthex']
            report(version + ', scrapes are stored', late, ' (%.1f s)' % (time.monotonic() - started))
            if late:
                return
            text = get('http://127.0.0.1:%d/metrics' % exposer_port)
            bad, count = check_exposer(prom, text)
            report(version + ', every sample of every type', bad, ' (%d)' % count)
            bad, stored, size, packed = check_packed(prom, text, packed_port)
            report(version + ', compressed and not is the same', bad, ' (%d samples, %d bytes in %d)' % (stored, size, packed))
            report(version + ', types and help', check_types(prom))
            report(version + ', expressions', ['%s: is %r, should be %r' % (e, prom.one(e), v) for e, v in EXPRESSIONS.items()
                                               if prom.one(e) is None or abs(prom.one(e) - v) > 1e-9])
            if accounts:
                report(version + ', random registries', check_random(prom, accounts, address), ' (%d)' % len(accounts))
            report(version + ', spoilt on purpose', ['scraped without complaint: %r' % BROKEN[int(m['number'])] for m, v in prom.query('up{job="broken"}') if v])
            target = [t for t in prom.api('targets')['activeTargets'] if t['labels']['job'] == 'narthex'][0]
            bad = ['%s: %s' % (target['health'], target['lastError'])] if target['health'] != 'up' or target['lastError'] else []
            if prom.one('min_over_time(up{job="narthex"}[1m])') != 1:
                bad.append('up was not always 1')
            report(version + ', no scrape failed', bad, ' (%d scrapes)' % prom.one('count_over_time(up{job="narthex"}[1m])'))
            report(version + ', no sample twice', check_server(prom))
            if os.environ.get('SHOW_TARGETS'):   # for people
                print(json.dumps(target, indent=2))
                page = b''
                for path in ('/classic/targets', '/targets'):
                    with contextlib.suppress(OSError):
                        page = page or get(prom.base + path)
                print(re.sub(r'\s*\n\s*', '\n', re.sub('<[^>]*>', '', re.sub('(?s)<(script|style).*?</.1>', '', page.decode())))[:3000])


def main():
    exposer, program, seeds, servers = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, lambda *_: sys.exit(130))   # so that every `with` ends what it began
    texts = {'/broken/%d' % n: text for n, text in enumerate(BROKEN)}
    accounts = {}
    for seed, text, account in wire.random_texts(program, 0, seeds):
        texts['/seed/%d' % seed] = text
        accounts[seed] = wire.Account(account)
    with serving(texts) as texts_port, running([exposer], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        port, packed_port = int(p.stdout.readline()), int(p.stdout.readline())
        for binary in servers:
            scrape(binary, port, packed_port, texts, accounts, texts_port)
        ended = p.poll() is not None
        report('the exposer lives on', ['exit code %d' % p.returncode] if ended else [])
        p.stdin.close()
        end = time.monotonic() + 5
        while p.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        report('the exposer ends in order', [] if p.poll() == 0 else ['exit code %r' % p.poll()])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
