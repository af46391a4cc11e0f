#!/usr/bin/env python3
"""parsers.py RANDOM_REGISTRY SEEDS PROMTOOL...: other people's parsers read what narthex wrote.

For each seed the Python client's parser must give back exactly what the program's account says, and each promtool must
parse the text (exit code 3, a matter of style, is fine: the names are random). Golden files get the same treatment, without account.
"""
import concurrent.futures
import glob
import io
import os
import subprocess
import sys

from prometheus_client.parser import text_fd_to_metric_families

import wire

failed = 0


def report(name, complaints, note=''):
    global failed
    failed += bool(complaints)
    print('%s %s%s' % ('FAIL' if complaints else 'PASS', name, note))
    for c in complaints[:10]:
        print('    ' + c[:600])
    sys.stdout.flush()


def client_parse(text):
    # Quirks of the Python client's 0.0.4 parser (0.16) that are allowed for here:
    # - a counter's family loses _total, and its samples get it: undone by `types`.
    # - a line is stripped before it is read, so HELP loses the blanks around it (see stripped()).
    types, samples = {}, []
    for family in text_fd_to_metric_families(io.StringIO(text.decode('utf-8'))):
        types[family.name] = family.type, family.documentation
        for s in family.samples:
            samples.append((family, s))
    return types, samples


def stripped(help_text):
    # A newline is written as two characters, which no parser strips.
    blanks = ''.join(c for c in map(chr, range(0x3001)) if c.isspace() and c != '\n')
    return help_text.strip(blanks)


def check_client(text, account):
    bad = []
    try:
        types, samples = client_parse(text)
    except Exception as e:  # whatever it is, it did not parse
        return ['%s: %s' % (type(e).__name__, e)]
    got = []
    for family, s in samples:
        name = s.name
        if family.type == 'counter' and name not in account.families:
            name = name[:-len('_total')]
        got.append((name, s.labels, s.value))
    bad += account.compare(got)
    for name, (kind, words) in account.families.items():
        short = name[:-len('_total')] if kind == 'counter' and name.endswith('_total') else name
        want = {'untyped': 'unknown'}.get(kind, kind), stripped(words)
        if types.get(short) != want:
            bad.append('%s: type and help are %r, should be %r' % (name, types.get(short), want))
    if len(types) != len(account.families):
        bad.append('%d families, should be %d' % (len(types), len(account.families)))
    return bad


def check_promtool(promtool, text):
    run = subprocess.run([promtool, 'check', 'metrics'], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    words = run.stdout.decode('utf-8', 'replace')
    if run.returncode not in (0, 3):
        return ['exit code %d: %s' % (run.returncode, words.strip())]
    return [line for line in words.splitlines() if 'not unique' in line]  # the one rule that is more than style


def version(promtool):
    out = subprocess.run([promtool, '--version'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    return out.split()[2].split('+')[0]


def broken(texts):
    """Texts with one thing wrong each: the checks must notice, or they prove nothing."""
    for seed, text, account in texts:
        lines = text.split(b'\n')
        for i, line in enumerate(lines):
            if line.startswith(b'#') or b'{' not in line or b' ' not in line:
                continue
            head, value = line.rsplit(b' ', 1)

            def swap(new):
                return b'\n'.join(lines[:i] + new + lines[i + 1:])
            yield 'a value changed', swap([head + b' ' + (b'17' if value != b'17' else b'18')]), account
            yield 'a sample dropped', swap([]), account
            yield 'a sample twice', swap([line, line]), account
            if b'\\"' in line:
                yield 'an escape dropped', swap([line.replace(b'\\"', b'"', 1)]), account
            if b'\\n' in line:
                yield 'a newline bare', swap([line.replace(b'\\n', b'\n', 1)]), account
                yield 'a newline as t', swap([line.replace(b'\\n', b'\\t', 1)]), account
            if b'\xef\xbf\xbd' in line:
                yield 'a bad byte unrepaired', swap([line.replace(b'\xef\xbf\xbd', b'\xff', 1)]), account
        if b' counter\n' in text:
            yield 'a type changed', text.replace(b' counter\n', b' gauge\n', 1), account


def main():
    program, seeds, promtools = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    try:
        texts = [(seed, text, wire.Account(said)) for seed, text, said in wire.random_texts(program, 0, seeds)]
    except Exception as e:
        report('random registries are made', [str(e)])
        return 1
    samples = sum(len(a.samples) for _, _, a in texts)
    note = ' (%d random registries, %d samples, %d bytes)' % (len(texts), samples, sum(len(t) for _, t, _ in texts))

    bad = []
    for seed, text, account in texts:
        bad += ['seed %d: %s' % (seed, c) for c in check_client(text, account)[:3]]
    report('python client, random', bad, note)

    # A different kind of mistake in a different place each time; at least one judge must see each of them.
    kinds = {}
    for kind, text, account in broken(texts):
        if kinds.setdefault(kind, [0, 0])[0] < 40:
            kinds[kind][0] += 1
            kinds[kind][1] += bool(check_client(text, account))
    few = [k for k, (n, _) in kinds.items() if n < 5]
    report('python client, spoilt on purpose', ['%s: %d made, %d seen' % (k, n, seen) for k, (n, seen) in kinds.items() if n != seen]
           + ['too few texts to spoil: ' + k for k in few + ['all'] * (not kinds)], ' (%d texts, all noticed)' % sum(n for n, _ in kinds.values()))

    golden = sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../golden/*.prom')))
    if golden:
        bad = []
        for path in golden:
            with open(path, 'rb') as f:
                try:
                    client_parse(f.read())
                except Exception as e:
                    bad.append('%s: %s' % (os.path.basename(path), e))
        report('python client, golden files', bad, ' (%d)' % len(golden))
    else:
        print('SKIP golden files (there are none)')

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for tool in promtools:
            which = 'promtool %s, ' % version(tool)
            bad = []
            for (seed, _, _), found in zip(texts, pool.map(lambda t: check_promtool(tool, t[1]), texts)):
                bad += ['seed %d: %s' % (seed, c) for c in found[:3]]
            report(which + 'random', bad, ' (%d)' % len(texts))
            spoilt = [b'a{b="\\t"} 1\n', b'a{b="\n"} 1\n', b'a{b="""} 1\n', b'a 1 x\n', b'# TYPE a b\na 1\n', b'a 1\n# TYPE a gauge\n']
            report(which + 'spoilt on purpose', [repr(t) for t, found in zip(spoilt, pool.map(lambda t: check_promtool(tool, t), spoilt)) if not found])
            if golden:
                report(which + 'golden files', ['%s: %s' % (os.path.basename(p), c) for p in golden
                                                for c in check_promtool(tool, open(p, 'rb').read())], ' (%d)' % len(golden))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
