#!/usr/bin/env python3
"""Compiled out, the interface is the same: every example and every test of the portable suite still compiles.

compiles.py ROOT COMPILER FLAGS...
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys


def main(root, command):
    root = pathlib.Path(root)
    folders = ["examples", "tests/portable", "tests/consume"]
    sources = sorted(s for f in folders for s in (root / f).glob("*.cpp"))
    if subprocess.run(command + ["-fsyntax-only", "-include", "openssl/ssl.h", "-x", "c++", os.devnull], stderr=subprocess.DEVNULL).returncode:
        sources = [s for s in sources if "#include <openssl/" not in s.read_text(encoding="utf-8")]
    includes = ["-I%s" % (root / f) for f in ("tests/support", "tests", "tests/portable")]

    def check(source):
        run = subprocess.run(command + includes + ["-DNARTHEX_DISABLE=1", "-fsyntax-only", str(source)],
                             stderr=subprocess.PIPE, universal_newlines=True)
        return run.returncode, "%s:\n%s" % (source, run.stderr[:2000])

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [text for code, text in pool.map(check, sources) if code]
    print("\n".join(wrong + ["%d of %d compile" % (len(sources) - len(wrong), len(sources))]))
    return bool(wrong) or not sources


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
