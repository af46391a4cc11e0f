#!/usr/bin/env python3
"""Tests single_include/amalgamate.py: plants one violation per house rule in a small tree and expects its report."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPT = "single_include/amalgamate.py"
HEADER = """// {name} - {words}.
// Room: test. SPDX-License-Identifier: MIT
#ifndef {guard}
#define {guard}

{body}

#endif  // {guard}
"""


def header(name, body, words="a sentence"):
    return HEADER.format(name=name, words=words, guard=re.sub(r"\W", "_", name).upper(), body=body)


TREE = {
    "LICENSE": "MIT License\n\nPermission is hereby granted\n",
    "README.md": "# x\n\n<!-- example: examples/01.cpp -->\n```cpp\nint whole;\n```\n"
                 "<!-- example: examples/02.cpp -->\n\n```cpp\nint part;\n```\n",
    "examples/01.cpp": "int whole;\n",
    "examples/02.cpp": "int main() {\n  // [readme\n  int part;\n  // ]readme\n}\n",
    "include/rooms.txt": "# a comment\n\nnarthex/config.hpp  # another\nnarthex/a.hpp\nnarthex/detail/lock.hpp\n"
                         "narthex/narthex.hpp\nnarthex/os/s.hpp\nnarthex/extra.hpp\n",
    "include/narthex/config.hpp": header(
        "narthex/config.hpp", "#include <atomic>\n#define NARTHEX_VERSION_MAJOR 1\n#define NARTHEX_VERSION_MINOR 22\n"
        "#define NARTHEX_VERSION_PATCH 3\n#if defined(_WIN32)\n#define NARTHEX_X 1\n#endif"),
    "include/narthex/a.hpp": header(
        "narthex/a.hpp", '#include <string>\n\n#include "narthex/config.hpp"\n// may throw, like printf on _WIN32\n'
        'struct a { static int try_it(); const char* s = "throw"; };\nstatic_assert(true, "");'),
    "include/narthex/detail/lock.hpp": header("narthex/detail/lock.hpp", '#include <sched.h>\n#include "narthex/a.hpp"'),
    "include/narthex/narthex.hpp": header("narthex/narthex.hpp", '#include "narthex/detail/lock.hpp"'),
    "include/narthex/os/s.hpp": header("narthex/os/s.hpp", '#if defined(__linux__)\n#include <thread>\n#endif'),
    "include/narthex/extra.hpp": header("narthex/extra.hpp", '#include <chrono>\n#include "narthex/narthex.hpp"\n'
                                        '#include "narthex/os/s.hpp"'),
}
A, A_HPP, ROOMS = "include/narthex/a.hpp", "include/narthex/a.hpp:", "include/rooms.txt"

# rule, file, text to find, its replacement, what the report must name
PLANTS = [
    ("plan", ROOMS, "narthex/extra.hpp\n", "", "narthex/extra.hpp: is on disk only"),
    ("plan", ROOMS, "narthex/a.hpp\n", "narthex/a.hpp\nnarthex/ghost.hpp\n", "narthex/ghost.hpp: is in rooms.txt only"),
    ("plan", ROOMS, "narthex/a.hpp\n", "narthex/a.hpp\nnarthex/a.hpp\n", "narthex/a.hpp: is in rooms.txt only, or twice"),
    ("plan", "include/narthex/extra.hpp", '#include "narthex/os/s.hpp"', "", "narthex/os/s.hpp: is reached from no entry"),
    ("upwards", A, "config.hpp\"", "narthex.hpp\"", A_HPP),
    ("unconditional", A, '#include "narthex/config.hpp"', '#if X\n#include "narthex/config.hpp"\n#endif', A_HPP),
    ("core-std", A, "<string>", "<map>", "<map>"),
    ("core-std", A, "<string>", "<sched.h>", "<sched.h>"),
    ("system", A, "struct a", "#ifdef __linux__\n#endif\nstruct a", "__linux__"),
    ("prefix", A, "struct a", "#  define LIKELY 1\nstruct a", "LIKELY"),
    ("linkage", A, "struct a", "namespace {\n}\nstruct a", "namespace {"),
    ("linkage", A, "struct a", "static int x;\nstruct a", "static"),
    ("linkage", A, "struct a", "inline static int f() { return 1; }\nstruct a", "static"),
    ("guard", A, "NARTHEX_A_HPP", "NARTHEX_B_HPP", "expected NARTHEX_A_HPP"),
    ("guard", A, "#endif  // NARTHEX_A_HPP\n", "#endif\n", "expected NARTHEX_A_HPP"),
    ("first-line", A, "// narthex/a.hpp - a sentence.", "// a.hpp - a sentence.", A_HPP + "1"),
    ("first-line", A, "a sentence.", "no full stop", A_HPP + "1"),
    ("spdx", A, "SPDX-License-Identifier: MIT", "", A_HPP + "2"),
    ("length", A, "struct a", "\n" * 400 + "struct a", "lines"),
    ("words", A, "struct a", "inline void f() { throw 1; }\nstruct a", "throw"),
    ("words", A, "struct a", "inline void f() { try { } catch (...) { } }\nstruct a", "try"),
    ("words", A, "struct a", "struct b { virtual ~b(); };\ninline int f(b* p) { return dynamic_cast<b*>(p) != 0; }\nstruct a",
     "dynamic_cast"),
    ("words", A, "struct a", "inline void f() { typeid(int); }\nstruct a", "typeid"),
    ("words", A, "struct a", "inline void f() { std::snprintf(0, 0, \"\"); }\nstruct a", "snprintf"),
    ("words", A, "struct a", "inline void f() { std::cout << 1; }\nstruct a", "std::cout"),
    ("words", A, "struct a", "using namespace std;\nstruct a", "using namespace"),
    ("readme", "README.md", "int whole;", "int other;", "README.md:3: differs from examples/01.cpp"),
    ("readme", "examples/02.cpp", "int part;", "int gone;", "README.md:7: differs from examples/02.cpp"),
    ("readme", "README.md", "examples/01.cpp", "examples/09.cpp", "does not exist"),
    ("readme", "README.md", "```cpp\nint whole;\n```\n", "int whole;\n\n## next\n", "no code block follows"),
    ("stale", A, "try_it", "do_it", "single_include/narthex/narthex.hpp: is out of date"),
    ("stale", "single_include/narthex/old.hpp", None, "x", "single_include/narthex/old.hpp: has no source"),
]


def run(tree, *args):
    done = subprocess.run([sys.executable, str(tree / SCRIPT)] + list(args), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def expect(ok, what, output=""):
    if not ok:
        sys.exit("FAIL %s\n%s" % (what, output))


def main():
    with tempfile.TemporaryDirectory() as folder:
        clean = pathlib.Path(folder) / "clean"
        for name, text in TREE.items():
            (clean / name).parent.mkdir(parents=True, exist_ok=True)
            (clean / name).write_text(text, encoding="utf-8")
        (clean / "single_include").mkdir()
        shutil.copy(str(ROOT / SCRIPT), str(clean / SCRIPT))

        code, out = run(clean, "--check")
        expect(code == 1 and "[stale]" in out, "single headers that were never made are stale", out)
        code, out = run(clean)
        expect(code == 0, "a clean tree is accepted", out)
        code, out = run(clean, "--check")
        expect(code == 0, "what was just made is fresh", out)
        expect(run(clean, "--version") == (0, "1.22.3\n"), "the version comes from config.hpp")
        made = {p.name: p.read_bytes() for p in (clean / "single_include/narthex").iterdir()}
        expect(sorted(made) == ["extra.hpp", "narthex.hpp"], "one file for the core, one per opt-in header", str(sorted(made)))
        for name, data in made.items():
            expect(data.count(b"Permission is hereby granted") == 1, "the licence stands once in " + name)
            expect(b'#include "narthex/' not in data, "our own includes are dropped from " + name)
        expect(b'#include "narthex.hpp"' in made["extra.hpp"], "an opt-in file includes the core beside it")
        moved = clean.with_name("moved")
        clean.rename(moved)
        run(moved)
        again = {p.name: p.read_bytes() for p in (moved / "single_include/narthex").iterdir()}
        expect(made == again, "the same input gives the same bytes, wherever the tree stands")

        for rule, name, old, new, named in PLANTS:
            tree = pathlib.Path(folder) / "planted"
            shutil.copytree(str(moved), str(tree))
            text = (tree / name).read_text(encoding="utf-8") if old is not None else ""
            expect(old is None or old in text, "the plant for [%s] finds its place: %r" % (rule, old), text)
            (tree / name).write_text(text.replace(old, new) if old is not None else new, encoding="utf-8")
            code, out = run(tree, "--check")
            expect(code == 1 and "[%s]" % rule in out and named in out, "[%s] is reported for %r" % (rule, new[:60]), out)
            if rule not in ("stale", "plan"):
                before = (tree / "single_include/narthex/narthex.hpp").read_bytes()
                code, out = run(tree)
                expect(code == 1 and before == (tree / "single_include/narthex/narthex.hpp").read_bytes(),
                       "a broken tree is not written [%s]" % rule, out)
            shutil.rmtree(str(tree))

        rules = set(re.findall(r'^    "([\w-]+)": "', (ROOT / SCRIPT).read_text(encoding="utf-8"), re.M))
        expect(rules == {p[0] for p in PLANTS}, "every rule has a plant", str(rules ^ {p[0] for p in PLANTS}))
    print("ok, %d violations of %d rules reported" % (len(PLANTS), len(rules)))


if __name__ == "__main__":
    main()
