#!/usr/bin/env python3
"""Compiled out, metrics leave no code: twins.cpp with them gives the machine code of twins.cpp without them.

disassembly.py INCLUDE_FOLDER COMPILER...

Compares instructions, relocations, and the size of every section; a static object may take one byte of .bss, and no
constructor may run before main. And prints what examples/01_hello.cpp weighs with and without, which README.md says. Needs ELF
and binutils; exit code 77: they are not here.
GCC 4.8 would fail: updates leave nothing at -O1 and -O2, but an empty function still runs before main, and a histogram's count() is
a call that gives 0; at -Os it takes less inline, is_nan() in observe() and a server's options among it.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = ["-O1 -std=c++11", "-O2 -std=c++11", "-Os -std=c++11", "-O2 -std=c++2a"]
NOT_LOADED = re.compile(r"\.(comment|note|llvm|group|symtab|strtab|shstrtab|rela|debug)")


def out(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout


def code(path):
    """Instructions and relocations; what a symbol is called that stands at an address does not matter."""
    lines = out("objdump", "-dr", "--no-show-raw-insn", str(path)).split("\n")
    return [re.sub(r"<.*>|#.*", "", line) for line in lines if line.strip() and "file format" not in line]


def sections(path):
    rows = re.findall(r"^(\.\S+)\s+(\d+)\s", out("size", "-A", str(path)), re.M)
    return {name: int(size) for name, size in rows if not NOT_LOADED.match(name) and name != ".bss" and int(size)}


def bss(path):
    return sum(int(size) for size in re.findall(r"^\.bss\S*\s+(\d+)\s", out("size", "-A", str(path)), re.M))


def weight(compiler, include, folder, disable):
    """What size(1) says of 01_hello: code, data and .bss."""
    program = pathlib.Path(folder) / "hello"
    subprocess.run([compiler, "-std=c++11", "-Os", "-I" + include, "-DNARTHEX_DISABLE=%d" % disable,
                    str(HERE.parent.parent / "examples/01_hello.cpp"), "-o", str(program)], check=True)
    return sum(map(int, out("size", str(program)).split("\n")[1].split()[:3]))


def main(include, compilers):
    if not shutil.which("objdump") or not shutil.which("size"):
        sys.exit(77)
    objects = len(re.findall(r"^nx::|static nx::", (HERE / "twins.cpp").read_text(), re.M))
    failed = compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for compiler in filter(shutil.which, compilers):
            for flags in SETTINGS:
                twins = {}
                for kind in ("-DNARTHEX_DISABLE=1", "-DWITHOUT"):
                    twins[kind] = pathlib.Path(folder) / (kind + ".o")
                    command = [compiler] + flags.split() + ["-I" + include, kind, "-c", str(HERE / "twins.cpp"), "-o", str(twins[kind])]
                    subprocess.run(command, check=True)
                    if not twins[kind].read_bytes().startswith(b"\x7fELF"):
                        sys.exit(77)
                with_them, without = twins["-DNARTHEX_DISABLE=1"], twins["-DWITHOUT"]
                what = "%s %s" % (compiler, flags)
                compared += 1
                if code(with_them) != code(without):
                    failed += 1
                    print("%s: not the same code\n  %s" % (what, "\n  ".join(sorted(set(code(with_them)) - set(code(without)))[:20])))
                elif sections(with_them) != sections(without):
                    failed += 1
                    print("%s: other sections\n  %s\n  %s" % (what, sections(with_them), sections(without)))
                elif bss(with_them) > objects:
                    failed += 1
                    print("%s: %d static objects take %d bytes" % (what, objects, bss(with_them)))
                else:
                    print("%s: the same code; %d static objects, %d bytes of .bss" % (what, objects, bss(with_them)))
            whole, rest = weight(compiler, include, folder, 0), weight(compiler, include, folder, 1)
            print("%s -Os: 01_hello takes %d bytes, compiled out %d" % (compiler, whole, rest))
            failed += rest > 4096
    return failed != 0 or compared == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
