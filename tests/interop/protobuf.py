#!/usr/bin/env python3
"""protobuf.py NATIVE RANDOM_REGISTRY SEEDS PROMETHEUS...: what narthex writes as protobuf, read by hand and by real servers.

Random registries against their own account; then each server scrapes native.cpp as protobuf, and is asked for what it understood:
native histograms bucket by bucket, quantiles, exemplars, created times. Everything runs on 127.0.0.1 and is stopped in all cases.
"""
import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import wire
from scrape import Prometheus, free_port, report, running, serving, wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import protobuf_reader  # noqa: E402

CONTENT_TYPE = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
ACCEPT = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'


def as_samples(families):
    """(name, labels, value), as text 0.0.4 has them."""
    for f in families:
        for m in f.metrics:
            labels = dict(m['labels'])
            if len(labels) != len(m['labels']):
                raise ValueError('%s: a label twice' % f.name)
            if 'value' in m:
                yield f.name, labels, m['value']
                continue
            for q, v in m.get('quantiles', []):
                yield f.name, dict(labels, quantile=repr(q)), v
            if 'bounds' in m:
                for bound, cumulative, _ in m['bounds']:
                    if bound != math.inf:
                        yield f.name + '_bucket', dict(labels, le=repr(bound)), cumulative
                yield f.name + '_bucket', dict(labels, le='inf'), m['count']
            yield f.name + '_sum', labels, m['sum']
            yield f.name + '_count', labels, m['count']


def check_random(program, seeds):
    """Values, types and help of every family, against the account; as messages of any size."""
    bad, samples = [], 0
    kinds = {'untyped': ('untyped', 'unknown'), 'gauge': ('gauge',)}
    for seed, data, account in wire.random_texts(program, 0, seeds, '--protobuf'):
        truth = wire.Account(account)
        families = protobuf_reader.families(data)
        got = [(n, labels, float(v)) for n, labels, v in as_samples(families)]
        samples += len(got)
        bad += ['seed %d: %s' % (seed, c) for c in truth.compare(got)[:3]]
        for f in families:
            kind, text = truth.families.get(f.name, ('none', ''))
            if f.help != text or f.type != kind and kind not in kinds.get(f.type, ()):
                bad.append('seed %d: %s is %r %r, should be %r %r' % (seed, f.name, f.type, f.help, kind, text))
    return bad, samples


class Seconds(float):
    """A time that went through a double's digits."""
    def __eq__(self, other):
        return math.isclose(self, other, rel_tol=1e-14)

    def __ne__(self, other):
        return not self == other

    __hash__ = None


def differences(families, page):
    """What protobuf says beside JSON of the same moment: also units, exemplars, times and created times."""
    def plain(value):
        return float(value) if isinstance(value, str) else value

    def told(e):   # an exemplar
        return e and (dict(e['labels']), wire.bits(float(plain(e['value']))), None if e.get('time') is None else Seconds(e['time']))

    def ours(e):
        return e and (dict(e['labels']), wire.bits(e['value']), None if e['time_ns'] is None else Seconds(e['time_ns'] / 1e9))

    bad, kinds = [], {'info': 'gauge', 'state_set': 'gauge', 'unknown': 'untyped', 'gauge_histogram': 'gaugehistogram'}
    theirs = {f['name']: f for f in page['families']}
    for f in families:
        if f.name.endswith('narthex_refused_total'):   # a scrape may add to it
            theirs.pop(f.name, None)
            continue
        other = theirs.pop(f.name, None)
        if not other:
            bad.append('never put in: ' + f.name)
            continue
        if (f.type, f.help, f.unit) != (kinds.get(other['type'], other['type']), other['help'], other.get('unit', '')):
            bad.append('%s: is %r, should be %r' % (f.name, f[:4], {k: v for k, v in other.items() if k != 'series'}))
        if len(f.metrics) != len(other['series']):
            bad.append('%s: %d series, should be %d' % (f.name, len(f.metrics), len(other['series'])))
        for m, s in zip(f.metrics, other['series']):
            created = m.get('created_ns')
            time_ms = m['time_ms']
            got = [dict(m['labels']), time_ms, None if created is None else Seconds(created / 1e9)]
            want = [s['labels'], None if 'time' not in s else round(s['time'] * 1e3), None if 'created' not in s else Seconds(s['created'])]
            if f.type not in ('counter', 'histogram', 'gaugehistogram', 'summary'):
                want[2] = None
            if 'value' in s:
                got += [wire.bits(float(m['value'])), ours(m.get('exemplar'))]
                want += [wire.bits(float(plain(s['value']))), told(s.get('exemplar')) if f.type == 'counter' else None]
            else:
                got += [m['count'], wire.bits(m['sum'])]
                want += [s['count'], wire.bits(float(plain(s['sum'])))]
            if 'buckets' in s:
                have = [(b, n, ours(e)) for b, n, e in m['bounds']]
                if not have or have[-1][0] != math.inf:
                    have.append((math.inf, m['count'], None))
                got.append(have)
                want.append([(float(plain(b['le'])), b['count'], told(b.get('exemplar'))) for b in s['buckets']])
            if 'quantiles' in s:
                got.append([(q, wire.bits(v)) for q, v in m['quantiles']])
                want.append([(float(plain(q['quantile'])), wire.bits(float(plain(q['value'])))) for q in s['quantiles']])
            if got != want:
                bad.append('%s: is %s, should be %s' % (f.name, got, want))
    return bad + ['missing: ' + name for name in theirs if not name.endswith('narthex_refused_total')]


def check_formats(program, seeds):
    bad, seen = [], {'exemplars': 0, 'created times': 0, 'times': 0, 'units': 0}
    with subprocess.Popen([program, '0', str(seeds), '--formats'], stdout=subprocess.PIPE) as p:
        for head in p.stdout:
            _, seed, *sizes = head.split()
            _, _, page, data = [p.stdout.read(int(size)) for size in sizes]
            page, families = json.loads(page.decode('utf-8')), protobuf_reader.families(data)
            bad += ['seed %d: %s' % (int(seed), c) for c in differences(families, page)[:3]]
            for f in families:
                seen['units'] += f.unit != ''
                for m in f.metrics:
                    seen['exemplars'] += ('exemplar' in m) + sum(e is not None for _, _, e in m.get('bounds', []))
                    seen['created times'] += 'created_ns' in m
                    seen['times'] += m['time_ms'] is not None
    bad += ['never seen: ' + k for k, n in seen.items() if n < 10]
    return bad, ', '.join('%d %s' % (n, k) for k, n in seen.items())


def bounds_of(native):
    """[(lower, upper, count)] of buckets that have something, as servers give them: from the most negative up."""
    def end(index):
        with contextlib.suppress(OverflowError):
            return 2.0 ** (index * 2.0 ** -native['schema'])
        return sys.float_info.max
    out = [(-end(i), -end(i - 1), n) for i, n in sorted(native['negative'].items(), reverse=True) if n]
    if native['zero_count']:
        width = native['zero_threshold']
        out.append((-width, width, native['zero_count']))
    return out + [(end(i - 1), end(i), n) for i, n in sorted(native['positive'].items()) if n]


def close(a, b):
    return a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b)) or (math.isnan(a) and math.isnan(b))


def check_natives(prom, families, sees_bare):
    """Every native histogram: count, sum, and every bucket that a server has. Old ones take an empty one with a zero bucket of no
    width for a classic one."""
    bad, n = [], 0
    stored = {}
    for one in prom.api('query', query='{job="native"}')['result']:
        if 'histogram' in one:
            labels = dict(one['metric'])
            name = labels.pop('__name__')
            for k in ('job', 'instance'):
                labels.pop(k)
            stored[wire.key(name, labels)] = one['histogram'][1]
    for f in families:
        for m in f.metrics:
            if not m.get('native'):
                continue
            where = wire.key(f.name, dict(m['labels']))
            got = stored.pop(where, None)
            if not got and f.name == 'n_bare' and not sees_bare:
                continue
            if not got:
                bad.append('missing: %s %s' % (f.name, m['labels']))
                continue
            wanted = bounds_of(m['native'])
            have = [(float(b[1]), float(b[2]), float(b[3])) for b in got.get('buckets') or []]
            if float(got['count']) != m['count'] or not close(float(got['sum']), m['sum']):
                bad.append('%s %s: %s %s, should be %s %s' % (f.name, m['labels'], got['count'], got['sum'], m['count'], m['sum']))
            if len(have) != len(wanted) or not all(close(x, y) for a, b in zip(have, wanted) for x, y in zip(a, b)):
                bad.append('%s %s: %s, should be %s' % (f.name, m['labels'], have[:5], wanted[:5]))
            n += len(wanted)
    bad += ['never put in: %s' % (k,) for k in stored]
    return bad, n


def by_hand(port, accept):
    request = urllib.request.Request('http://127.0.0.1:%d/metrics' % port, headers={'Accept': accept})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as r:
        return r.read(), r.headers['Content-Type']


EXPRESSIONS = {   # expression: (value, relative error)
    'histogram_count(n_seconds)': (1000, 0),
    'histogram_sum(n_seconds)': (5005, 1e-9),
    'histogram_quantile(0.5, n_seconds)': (5, 0.09),
    'histogram_quantile(0.99, n_seconds)': (9.9, 0.09),
    'histogram_fraction(0, 2, n_seconds)': (0.2, 0.09),
    'histogram_count(n_coarse)': (1000, 0),
    'histogram_count(n_empty)': (0, 0),
    'histogram_count(n_sides)': (9, 0),
    'histogram_quantile(0.5, n_sides)': (0, 0.01),
    'count(n_route_seconds)': (301, 0),
    'sum(histogram_count(n_route_seconds))': (301, 0),
    'count(n_many_total)': (3000, 0),
    'sum(n_many_total)': (2999 * 1500, 0),
    'n_parse_seconds{quantile="0.5"}': (0.25, 0.016),
    'n_both_seconds_bucket{le="1.0"} or n_both_seconds_bucket{le="1"}': (100, 0),
    'n_both_seconds_bucket{le="+Inf"}': (1000, 0),
    'n_both_seconds_count': (1000, 0),
    'n_traced_seconds_bucket{le="+Inf"}': (2, 0),
}


def check_exemplars(prom):
    bad = []
    got = prom.api('query_exemplars', query='{job="native"}', start=time.time() - 600, end=time.time() + 60)
    found = {(e['labels'].get('trace_id'), s['seriesLabels']['__name__'], s['seriesLabels'].get('le')): float(e['value'])
             for s in got for e in s['exemplars']}
    for trace, name, value in (('00112233445566778899aabbccddeeff', 'n_jobs_total', None), ('ffeeddccbbaa99887766554433221100', 'n_traced_seconds_bucket', 0.5),
                               ('0123456789abcdef0123456789abcdef', 'n_traced_seconds_bucket', 7)):
        at = [v for (t, n, _), v in found.items() if t == trace and n == name]
        if not at or (value is not None and at != [value]):
            bad.append('%s of %s: %s' % (trace, name, at))
    return bad


def scrape(binary, port, data, bodies_port, bodies):
    out = subprocess.run([binary, '--version'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    number = out.split()[2].split('+')[0]
    version = 'prometheus ' + number
    is_3 = number.startswith('3')
    classic = 'always_scrape_classic_histograms' if is_3 else 'scrape_classic_histograms'
    features = 'native-histograms,exemplar-storage' + (',created-timestamp-zero-ingestion' if is_3 else '')
    families = protobuf_reader.families(data)
    created = {f.name: f.metrics[0].get('created_ns') for f in families}
    own = free_port()
    job = {'scrape_interval': '1s', 'scrape_timeout': '1s'}
    if is_3 or number >= '2.45':
        job[classic] = True
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + '/prometheus.yml', 'w') as f:   # JSON is YAML
            json.dump({'scrape_configs': [
                dict(job, job_name='native', static_configs=[{'targets': ['127.0.0.1:%d' % port]}]),
                {'job_name': 'random', 'honor_labels': True, 'scrape_interval': '3s', 'scrape_timeout': '3s', 'static_configs': [
                    {'targets': ['127.0.0.1:%d' % bodies_port], 'labels': {'__metrics_path__': p, 'path': p}} for p in bodies]}]}, f)
        with open(folder + '/log', 'w+') as log, running(
                [binary, '--config.file=%s/prometheus.yml' % folder, '--storage.tsdb.path=%s/data' % folder, '--log.level=warn',
                 '--enable-feature=' + features, '--web.listen-address=127.0.0.1:%d' % own], stdout=log, stderr=log, stdin=subprocess.DEVNULL):
            prom = Prometheus(own)
            late = wait_for('two scrapes', lambda: prom.one('up{job="native"}') == 1 and (prom.one('count_over_time(up{job="native"}[1m])') or 0) >= 2
                            and (prom.one('count(up{job="random"})') or 0) == len(bodies))
            if late:
                late += ['%s: %s' % (t['health'], t['lastError']) for t in prom.api('targets')['activeTargets'] if t['labels']['job'] == 'native']
            report(version + ', protobuf is scraped', late)
            if late:
                return
            bad, n = check_natives(prom, families, is_3)
            report(version + ', native buckets', bad, ' (%d)' % n)
            bad = []
            for e, (value, error) in EXPRESSIONS.items():
                if '_both_seconds_' in e and classic not in job or bad:
                    continue   # this version cannot have both
                def is_right():
                    got = prom.one(e)
                    return got is not None and abs(got - value) <= error * abs(value) + (1e-12 if error else 0)
                if wait_for('', is_right):
                    got = prom.one(e)
                    bad.append('%s: is %r, should be %r; %s' % (e, got, value, prom.api('query', query=e)))
            report(version + ', expressions over native histograms', bad, ' (%d)' % len(EXPRESSIONS))
            report(version + ', exemplars', check_exemplars(prom))
            if is_3:   # the time since when a counter counts is a sample of 0
                bad = []
                for name in ('n_jobs_total', 'n_many_total{number="7"}'):
                    values = prom.api('query', query=name + '[1h]')['result'][0]['values']
                    at = created[name.split('{')[0]] / 1e9
                    if float(values[0][1]) != 0 or abs(values[0][0] - at) > 2:
                        bad.append('%s: begins with %s, was created %s' % (name, values[0], at))
                report(version + ', created times', bad)
            bad = ['%s: %s' % (t['labels']['path'], t['lastError']) for t in prom.api('targets')['activeTargets']
                   if t['labels']['job'] == 'random' and t['health'] != 'up']
            report(version + ', random registries as protobuf', bad, ' (%d)' % len(bodies))


def main():
    native, program, seeds, servers = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, lambda *_: sys.exit(130))   # so that every `with` ends what it began
    bad, samples = check_random(program, seeds)
    report('protobuf of random registries', bad, ' (%d registries, %d samples)' % (seeds, samples))
    bad, said = check_formats(program, seeds)
    report('protobuf and JSON say the same', bad, ' (%s)' % said)
    bodies = {'/seed/%d' % seed: data for seed, data, _ in wire.random_texts(program, 0, min(seeds, 60), '--protobuf')}
    with serving(bodies, CONTENT_TYPE) as bodies_port, running([native], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        port = int(p.stdout.readline())
        data, kind = by_hand(port, ACCEPT)
        text, text_kind = by_hand(port, '*/*')
        report('protobuf for who asks for it', [] if (kind, text_kind) == (CONTENT_TYPE, 'text/plain; version=0.0.4; charset=utf-8') else [kind, text_kind])
        for binary in servers:
            scrape(binary, port, data, bodies_port, bodies)
        p.stdin.close()
    import scrape as module
    return 1 if module.failed else 0


if __name__ == '__main__':
    sys.exit(main())
