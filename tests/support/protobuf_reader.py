#!/usr/bin/env python3
"""Delimited io.prometheus.client.MetricFamily, read by hand: what a test compares with the text.

families(bytes) -> [Family]; as_text(families) -> {series line without value: value} as text 0.0.4 has them.
Run alone: prints what a file holds. Python 3.6 or later, standard library only.
"""
import collections
import struct
import sys

TYPES = ("counter", "gauge", "summary", "untyped", "histogram", "gaugehistogram")
Family = collections.namedtuple("Family", "name help type unit metrics")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
        if shift > 63:
            raise ValueError("varint of more than 64 bits")


def fields(data):
    """[(number, value)]: integers, 8 bytes, bytes."""
    at, out = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = data[at:at + 8], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise ValueError("a field ends behind its message")
        else:
            raise ValueError("wire type %d" % kind)
        out.append((tag >> 3, value))
    if at != len(data):
        raise ValueError("a message ends behind its length")
    return out


def double(raw):
    return struct.unpack("<d", raw)[0]


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def zigzag(value):
    return (value >> 1) ^ -(value & 1)


def labels(all_fields):
    pairs = []
    for number, value in all_fields:
        if number == 1:
            pair = dict(fields(value))
            pairs.append((pair[1].decode("utf-8"), pair[2].decode("utf-8")))
    return pairs


def timestamp_ns(raw):
    parts = dict(fields(raw))
    return signed(parts.get(1, 0)) * 10 ** 9 + parts.get(2, 0)


def exemplar(raw):
    parts = fields(raw)
    one = dict(parts)
    return {"labels": labels(parts), "value": double(one[2]), "time_ns": timestamp_ns(one[3]) if 3 in one else None}


def buckets(parts, span_field, delta_field):
    """{index: count} of one sign."""
    deltas = [zigzag(v) for n, v in parts if n == delta_field]
    out, index, count, used = collections.OrderedDict(), 0, 0, 0
    for n, raw in parts:
        if n != span_field:
            continue
        span = dict(fields(raw))
        index += zigzag(span.get(1, 0))
        for _ in range(span.get(2, 0)):
            count += deltas[used]
            used += 1
            out[index] = count
            index += 1
    if used != len(deltas):
        raise ValueError("spans of %d buckets, %d deltas" % (used, len(deltas)))
    return out


def distribution(raw):
    parts = fields(raw)
    one = dict(parts)
    out = {"count": one[1], "sum": double(one[2]), "bounds": [], "native": None}
    for number, value in parts:
        if number == 3:
            b = dict(fields(value))
            out["bounds"].append((double(b[2]), b[1], exemplar(b[3]) if 3 in b else None))
    if 15 in one:
        out["created_ns"] = timestamp_ns(one[15])
    if 5 in one:
        out["native"] = {"schema": zigzag(one[5]), "zero_threshold": double(one[6]), "zero_count": one[7],
                         "negative": buckets(parts, 9, 10), "positive": buckets(parts, 12, 13)}
        total = one[7] + sum(out["native"]["negative"].values()) + sum(out["native"]["positive"].values())
        if total != out["count"]:
            raise ValueError("a count of %d, and %d in buckets" % (out["count"], total))
    return out


def metric(raw):
    parts = fields(raw)
    one = dict(parts)
    out = {"labels": labels(parts), "time_ms": signed(one[6]) if 6 in one else None}
    for number in (2, 3, 5):
        if number in one:
            value = dict(fields(one[number]))
            out["value"] = double(value[1])
            if number == 3 and 2 in value:
                out["exemplar"] = exemplar(value[2])
            if number == 3 and 3 in value:
                out["created_ns"] = timestamp_ns(value[3])
    if 4 in one:
        inner = fields(one[4])
        value = dict(inner)
        out.update(count=value[1], sum=double(value[2]), quantiles=[])
        for n, q in inner:
            if n == 3:
                pair = dict(fields(q))
                out["quantiles"].append((double(pair[1]), double(pair[2])))
        if 4 in value:
            out["created_ns"] = timestamp_ns(value[4])
    if 7 in one:
        out.update(distribution(one[7]))
    return out


def families(data):
    """Messages of one name that follow one another are one family."""
    at, out = 0, []
    while at < len(data):
        size, at = varint(data, at)
        if at + size > len(data):
            raise ValueError("a family ends behind the data")
        parts = fields(data[at:at + size])
        at += size
        one = dict(parts)
        f = Family(one[1].decode("utf-8"), one[2].decode("utf-8"), TYPES[one.get(3, 0)],
                   one[5].decode("utf-8") if 5 in one else "", [metric(v) for n, v in parts if n == 4])
        if out and out[-1].name == f.name:
            if out[-1][:4] != f[:4]:
                raise ValueError("%s goes on as something else" % f.name)
            out[-1].metrics.extend(f.metrics)
        else:
            out.append(f)
    return out


def main():
    for f in families(open(sys.argv[1], "rb").read()):
        print("%s %s unit=%r help=%r" % (f.name, f.type, f.unit, f.help))
        for m in f.metrics:
            print("   ", m)


if __name__ == "__main__":
    main()
