#!/usr/bin/env python3
"""formats.py RANDOM_REGISTRY SEEDS: text 0.0.4, OpenMetrics and JSON of one moment say the same.

OpenMetrics is read by the Python client's strict parser, text by its other one, JSON by Python. What OpenMetrics must leave out
is worked out here from the JSON; everything else must be there, with units, exemplars and created times.
"""
import io
import json
import math
import subprocess
import sys

from prometheus_client.openmetrics.parser import text_fd_to_metric_families as read_openmetrics
from prometheus_client.parser import text_fd_to_metric_families as read_text

from wire import bits

TYPES = {'gauge_histogram': 'gaugehistogram', 'state_set': 'stateset'}
OWN = 'narthex_refused'  # a scrape may add to it


def number(value):
    return float(value) if isinstance(value, str) else value


def key(name, labels):
    # Bounds and quantiles by their number: 1 is 1.0 in OpenMetrics.
    own = 'le' if name.endswith('_bucket') else 'quantile'
    return name, frozenset((k, str(float(v)) if k == own and is_number(v) else v) for k, v in labels.items())


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


class Expected:
    """What text and OpenMetrics must show, from the JSON: {key: (value, exemplar, time)}."""

    def __init__(self, page):
        self.text, self.om, self.families = {}, {}, {}
        names = []
        for f in page['families']:
            if OWN not in f['name']:
                self.family(f, names)
            names.append(f['name'])

    def family(self, f, before):
        name, kind = f['name'], f['type']
        short, om_kind = name, TYPES.get(kind, kind)
        cut = {'counter': '_total', 'info': '_info'}.get(kind)
        if cut:
            om_kind = 'unknown'
            taken = set(before) | {n[:-len(e)] for n in before for e in ('_created', '_total', '_info') if n.endswith(e)}
            if name.endswith(cut) and name[:-len(cut)] and name[:-len(cut)] not in taken:
                short, om_kind = name[:-len(cut)], kind
        unit = f.get('unit', '')
        self.families[short] = om_kind, unit if short.endswith('_' + unit) else '', f['help']
        for s in f['series']:
            labels, time = s['labels'], s.get('time')

            def put(to, sample, value, exemplar=None, more=()):
                where = key(sample, dict(labels, **dict(more)))
                assert where not in to, where
                to[where] = value, exemplar, time
            if 'value' in s:
                value = number(s['value'])
                put(self.text, name, value)
                if om_kind != 'counter' or value >= 0:
                    put(self.om, name, value, s.get('exemplar') if om_kind == 'counter' else None)
            total = number(s.get('sum', 0))
            ends = ('_gsum', '_gcount') if kind == 'gauge_histogram' else ('_sum', '_count')
            if 'buckets' in s:
                for b in s['buckets']:
                    more = [('le', str(number(b['le'])))]
                    put(self.text, name + '_bucket', b['count'], None, more)
                    put(self.om, name + '_bucket', b['count'], b.get('exemplar'), more)
                low = number(s['buckets'][0]['le']) < 0
                shown = total >= 0 and not low or kind == 'gauge_histogram' and low and not math.isnan(total)
                shows = (shown, shown)
            if 'quantiles' in s:
                for q in s['quantiles']:
                    more, value = [('quantile', str(number(q['quantile'])))], number(q['value'])
                    put(self.text, name, value, None, more)
                    if not value < 0:
                        put(self.om, name, value, None, more)
                shows = (total >= 0, True)
            if 'count' in s:
                for end, om_end, value, is_shown in zip(('_sum', '_count'), ends, (total, s['count']), shows):
                    put(self.text, name + end, value)
                    if is_shown:
                        put(self.om, name + om_end, value)
            if 'created' in s and om_kind in ('counter', 'histogram', 'summary'):
                where = key(short + '_created', labels)
                self.om[where] = s['created'], None, time


def differences(got, want, where):
    bad = ['%s: missing %s' % (where, k) for k in want if k not in got]
    bad += ['%s: never put in %s' % (where, k) for k in got if k not in want]
    for k in got:
        if k in want and (bits(got[k][0]) != bits(number(want[k][0])) or got[k][1:] != want[k][1:]):
            bad.append('%s %s: is %s, should be %s' % (where, k, got[k], want[k]))
    return bad


def near(a, b):
    return (a is None) == (b is None) and (a is None or math.isclose(float(a), float(b), rel_tol=1e-14))


def compare(text, om, page):
    try:
        want = Expected(json.loads(page.decode('utf-8')))
    except ValueError as e:
        return ['JSON: %s' % e]
    bad = []
    try:
        got = {}
        for f in read_text(io.StringIO(text.decode('utf-8'))):
            for s in f.samples:
                name = s.name
                if f.type == 'counter' and key(name, s.labels) not in want.text:
                    name = name[:-len('_total')]  # which that parser has added
                if OWN not in name:
                    got[key(name, s.labels)] = s.value, None, None if s.timestamp is None else float(s.timestamp)
        plain = {k: (v[0], None, v[2]) for k, v in want.text.items()}
        bad += differences(got, plain, 'text')
    except ValueError as e:
        bad.append('text: %s' % e)
    try:
        got, families = {}, {}
        for f in read_openmetrics(io.StringIO(om.decode('utf-8'))):
            if OWN in f.name:
                continue
            families[f.name] = f.type, f.unit, f.documentation
            for s in f.samples:
                e = s.exemplar
                said = None if e is None else {'labels': dict(e.labels), 'value': e.value}
                if e is not None and e.timestamp is not None:
                    said['time'] = float(e.timestamp)
                got[key(s.name, s.labels)] = s.value, said, None if s.timestamp is None else float(s.timestamp)
        # An exemplar's time goes through a double in OpenMetrics.
        for k, (value, e, time) in want.om.items():
            other = got.get(k, (0, None, None))
            if e and other[1] and near(e.get('time'), other[1].get('time')):
                e = dict(e)
                if 'time' in e:
                    e['time'] = other[1]['time']
                want.om[k] = value, e, time
        bad += differences(got, want.om, 'OpenMetrics')
        if families != want.families:
            bad += ['OpenMetrics: family %s is %s, should be %s' % (n, families.get(n), want.families.get(n))
                    for n in set(families) | set(want.families) if families.get(n) != want.families.get(n)]
    except ValueError as e:
        bad.append('OpenMetrics: %s' % e)
    return bad


def pages(program, seeds):
    with subprocess.Popen([program, '0', str(seeds), '--formats'], stdout=subprocess.PIPE) as p:
        for head in p.stdout:
            _, seed, *sizes = head.split()
            yield (int(seed), *[p.stdout.read(int(size)) for size in sizes])
    if p.returncode:
        raise RuntimeError('%s: exit code %d' % (program, p.returncode))


def spoil(om):
    """One thing wrong each: the comparison must notice."""
    lines = om.split(b'\n')
    for i, line in enumerate(lines):
        def swap(new, at=i):
            return b'\n'.join(lines[:at] + new + lines[at + 1:])
        if b' # {' in line and not line.startswith(b'#'):
            yield 'an exemplar dropped', swap([line.split(b' # {')[0]])
        if b'_created' in line and not line.startswith(b'#'):
            yield 'a created time dropped', swap([])
        if line.startswith(b'# UNIT'):
            yield 'a unit dropped', swap([])
        if line.startswith(b'# TYPE') and line.endswith(b' counter') and OWN.encode() not in line:
            yield 'a type changed', swap([line[:-7] + b'unknown'])


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    bad, samples, exemplars, created, kinds = [], 0, 0, 0, {}
    for seed, text, om, page, _ in pages(program, seeds):  # protobuf is judged in protobuf.py
        bad += ['seed %d: %s' % (seed, c) for c in compare(text, om, page)[:5]]
        samples += om.count(b'\n')
        exemplars += om.count(b' # {')
        created += om.count(b'_created')
        for kind, wrong in spoil(om):
            if kinds.setdefault(kind, [0, 0])[0] < 10:
                kinds[kind][0] += 1
                kinds[kind][1] += bool(compare(text, wrong, page))
    print('%s text, OpenMetrics and JSON say the same (%d random registries, %d lines, %d exemplars, %d created times)'
          % ('FAIL' if bad else 'PASS', seeds, samples, exemplars, created))
    for c in bad[:10]:
        print('    ' + c[:600])
    missed = ['%s: %d made, %d seen' % (k, n, seen) for k, (n, seen) in kinds.items() if n != seen or n < 5]
    print('%s formats, spoilt on purpose' % ('FAIL' if missed or len(kinds) != 4 else 'PASS'))
    for c in missed:
        print('    ' + c)
    return bool(bad or missed)


if __name__ == '__main__':
    sys.exit(main())
