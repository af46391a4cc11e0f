"""wire.py - what the tests know of the wire by themselves: repair, the account of random_registry, its comparison."""
import struct
import subprocess


def repaired(raw):
    """Bytes as a scrape shows them: a byte outside well-formed UTF-8 becomes U+FFFD and two hexadecimal digits."""
    out, i = [], 0
    while i < len(raw):
        for n in (1, 2, 3, 4):
            try:
                out.append(raw[i:i + n].decode('utf-8'))
                break
            except UnicodeDecodeError:
                pass
        else:
            out.append('\ufffd%02x' % raw[i])
            n = 1
        i += n
    return ''.join(out)


def number(text):
    """A value of the account: digits, a hexfloat, nan, inf; ~ before an estimate."""
    text = text.lstrip('~')
    return float(int(text)) if text.lstrip('-').isdigit() else float.fromhex(text)


def bits(value):
    """Equal for equal doubles; all NaN are one, and -0 is 0 (Prometheus' own writer prints no sign there)."""
    return 'NaN' if value != value else struct.pack('>d', value + 0.0)


def key(name, labels):
    """A series' identity; le and quantile by their number, because Prometheus 3 writes 1 as 1.0."""
    def one(k, v):
        if (k == 'le' and name.endswith('_bucket')) or k == 'quantile':
            try:
                return k, bits(float(v))
            except ValueError:
                pass
        return k, v
    return name, frozenset(one(k, v) for k, v in labels.items())


class Account:
    def __init__(self, text):
        self.families, self.samples = {}, {}
        for line in text.decode('ascii').splitlines():
            kind, name, *rest = line.split('\t')
            if kind == 'F':
                # Help is kept as a C string: it ends at a NUL.
                self.families[name] = rest[0], repaired(bytes.fromhex(rest[1]))
                continue
            labels = {}
            for label in rest[1:]:
                if ':' in label:
                    k, v = label.split(':')
                    labels[k] = repr(float.fromhex(v))
                else:
                    k, v = label.split('=')
                    labels[k] = repaired(bytes.fromhex(v))
            where = key(name, labels)
            assert where not in self.samples, 'the model shows a series twice: %r' % (where,)
            self.samples[where] = rest[0]

    def compare(self, got, skip_empty=False):
        """got: (name, labels, value) of every sample. Returns complaints."""
        wanted, bad, seen = self.samples, [], set()
        if skip_empty:
            wanted = {(n, frozenset(x for x in ls if x[1] != '')): v for (n, ls), v in wanted.items()}
        for name, labels, value in got:
            where = key(name, labels)
            if where in seen:
                bad.append('twice: %s %s' % (name, labels))
            elif where not in wanted:
                bad.append('never put in: %s %s' % (name, labels))
            else:
                want = number(wanted[where])
                close = wanted[where][0] == '~' and abs(value - want) <= 0.016 * abs(want)
                if not close and bits(value) != bits(want):
                    bad.append('%s %s: is %r, should be %r' % (name, labels, value, want))
            seen.add(where)
        bad += ['missing: %s %s' % (n, sorted(ls, key=str)) for n, ls in wanted if (n, ls) not in seen]
        return bad


def random_texts(program, first, end, *how):
    """(seed, exposition, account) of each seed."""
    with subprocess.Popen([program, str(first), str(end)] + list(how), stdout=subprocess.PIPE) as p:
        for head in p.stdout:
            _, seed, size, account_size = head.split()
            yield int(seed), p.stdout.read(int(size)), p.stdout.read(int(account_size))
    if p.returncode:
        raise RuntimeError('%s: exit code %d' % (program, p.returncode))
