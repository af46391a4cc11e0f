#!/usr/bin/env python3
"""expect_reject.py FILE COMPILER [FLAG...]: compiles FILE twice.

With -DACCEPT it must compile. Without it must fail, and the compiler's words must match the regular expression
after `// expect:` in the file. `// std: c++20` chooses the standard (c++11 otherwise), `// flags:` adds flags.
Exit code 77 (skipped): the compiler does not know the standard.
"""
import re
import subprocess
import sys

source, compiler = sys.argv[1], sys.argv[2:]
with open(source, encoding="utf-8") as file:
    text = file.read()


def line(key, otherwise):
    found = re.search(r"^// %s: (.+)$" % key, text, re.M)
    return found.group(1).strip() if found else otherwise


def compile_it(extra, name=source, given=None):
    done = subprocess.run(command + extra + ["-fsyntax-only", "-x", "c++", name], input=given, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


command = compiler + ["-std=" + line("std", "c++11")] + line("flags", "").split()
wanted = line("expect", None)
if wanted is None:
    sys.exit("no `// expect:` line in " + source)
code, log = compile_it([], "-", "int main() {}\n")
if code:
    print("not here: " + log)
    sys.exit(77)
code, log = compile_it(["-DACCEPT"])
if code:
    sys.exit("the accepted half does not compile:\n" + log)
code, log = compile_it([])
if not code:
    sys.exit("the rejected half compiles")
if not re.search(wanted, log):
    sys.exit("rejected, but not for the stated reason (%r):\n%s" % (wanted, log))
