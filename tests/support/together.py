#!/usr/bin/env python3
"""together.py OUT: writes one program of all portable tests, each in a namespace of its own.

Its argument names the test to run; without one it runs them all, one after the other in one process.
They share one translation unit because the library's headers cost four times what a test does.
"""
import pathlib, re, sys

folder = pathlib.Path(__file__).resolve().parent.parent / "portable"
tests = sorted(p for p in folder.glob("*.cpp"))
system, ours = {"cstdio", "cstring"}, {"check.hpp"}
for path in tests:
    text = path.read_text(encoding="utf-8")
    system |= set(re.findall(r"^#include <([^>]+)>", text, re.M))
    ours |= set(re.findall(r'^#include "([^"]+\.hpp)"', text, re.M))
names = [p.stem for p in tests]
out = ["#include <%s>" % h for h in sorted(system, key=lambda h: (h != "narthex/narthex.hpp", h))]
out += ['#include "%s"' % (folder / h).as_posix() for h in sorted(ours)]
out += ["#define main run"]
out += ['namespace test_%s {\n#include "%s"\n}' % (p.stem, p.as_posix()) for p in tests]
out += ["#undef main", "int main(int argc, char** argv) {", "  bool found = false;"]
for n in names:
    out += ['  if (argc < 2 || std::strcmp(argv[1], "%s") == 0) {' % n,
            "    found = true;",
            '    if (test_%s::run() != 0) return std::printf("failed: %s\\n"), 1;' % (n, n),
            "  }"]
out += ['  std::printf("ran %d tests\\n", argc < 2 ? ' + str(len(names)) + " : found ? 1 : 0);", "  return found ? 0 : 2;", "}"]
pathlib.Path(sys.argv[1]).write_text("\n".join(out) + "\n", encoding="utf-8")
