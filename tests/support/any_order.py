#!/usr/bin/env python3
"""any_order.py HEADERS COMPILER FLAG...: all headers in one translation unit, in orders that chance chose, always compile.

The same seeds each time, and the first order is the reverse of the floor plan. ORDERS in the environment: how many (default 6).
"""
import os, pathlib, random, subprocess, sys

folder, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
headers = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.hpp"))
plan = folder / "rooms.txt"
if plan.exists():
    order = [line.split("#")[0].strip() for line in plan.read_text(encoding="utf-8").splitlines()]
    headers = [h for h in order if h]
orders = [headers[::-1]]
for seed in range(1, int(os.environ.get("ORDERS", "6"))):
    orders.append(random.Random(seed).sample(headers, len(headers)))
for n, order in enumerate(orders):
    text = "".join("#include <%s>\n" % h for h in order) + "int main() { return narthex::to_text().size() > 1; }\n"
    got = subprocess.run(compiler + ["-I" + str(folder), "-fsyntax-only", "-x", "c++", "-"], input=text, stderr=subprocess.PIPE, universal_newlines=True)
    if got.returncode:
        sys.exit("order %d does not compile:\n%s\n%s" % (n, text, got.stderr))
print("%d headers in %d orders" % (len(headers), len(orders)))
