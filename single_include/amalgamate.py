#!/usr/bin/env python3
"""Builds the single headers from include/, and checks the house rules.

  amalgamate.py            write single_include/narthex/*.hpp
  amalgamate.py --check    write nothing; fail if a file is stale or a rule is broken
  amalgamate.py --version  print the version that config.hpp states

Python 3.6 or later, standard library only. Same input, same bytes: no clock, no git, no paths.
"""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
INC, OUT = ROOT / "include", ROOT / "single_include"
CORE = "narthex/narthex.hpp"  # the core is this line of rooms.txt and everything above it
MAX_LINES = 400
NO_LIMIT = {"narthex/detail/number_tables.hpp"}  # generated
STD_CORE = set("atomic cstddef cstdint cstdio cstring ctime initializer_list limits new string string_view "
               "type_traits utility".split())
STD_EXTRA = {"narthex/detail/lock.hpp": {"sched.h", "unistd.h"}}  # the one place of the core that may yield, and notice a fork
MAY_ASK_SYSTEM = {"narthex/config.hpp"}

# The house rules. The words are printed with every failure.
RULES = {
    "plan": "include/rooms.txt is the floor plan: it names every header on disk, once, and nothing else, and each of them "
            "is reached from narthex.hpp or from an opt-in header. What is missing there is not tested and not shipped.",
    "upwards": "A header includes only headers that stand above it in rooms.txt, so that data walks one way and the "
               "plan can be read from top to bottom.",
    "unconditional": "Our own headers are included outside every #if (but inside the guard): the single header must be "
                     "the same on every machine.",
    "core-std": "The core includes only <%s> (and <sched.h>, <unistd.h> in detail/lock.hpp). Compile time is performance, and each "
                "further header is a platform that lacks it: no <iostream> <functional> <mutex> <thread> <memory> <map> "
                "<regex> <chrono>." % "> <".join(sorted(STD_CORE)),
    "system": "Only os/ and config.hpp ask which system this is. Elsewhere ask for a fact: NARTHEX_HAS(POSIX).",
    "prefix": "Every macro begins with NARTHEX_: a macro without it lands in the user's program.",
    "linkage": "No anonymous namespace and no `static` at namespace scope in a header: each translation unit would get "
               "its own copy, and inline functions that use it would break the one-definition rule.",
    "guard": "The include guard is named after the path (narthex/detail/cell.hpp: NARTHEX_DETAIL_CELL_HPP) and wraps the "
             "whole file; guards are what lets a single header and the separate ones meet in one translation unit.",
    "first-line": "Line 1 reads `// narthex/x.hpp - sentence.`: which file this is, and what it is for.",
    "spdx": "Line 2 or 3 holds `SPDX-License-Identifier: MIT`, so that a header copied on its own says what it is.",
    "length": "No header is longer than %d lines: a room that does not fit on a few screens is two rooms." % MAX_LINES,
    "words": "No throw, try, dynamic_cast, typeid (the library builds without exceptions and RTTI), no printf family "
             "(locale, size, broken on small C libraries), no std::cout, no `using namespace`.",
    "readme": "A README code block under `<!-- example: FILE -->` equals that file, or its part between the comments "
              "`// [readme` and `// ]readme`: what a newcomer copies is what the tests run.",
    "stale": "single_include/narthex holds what this script makes of include/, byte for byte. "
             "Run single_include/amalgamate.py and commit the result.",
}

OURS = re.compile(r'\s*#\s*include\s+["<](narthex/[^">]+)[">]')
STD = re.compile(r"\s*#\s*include\s+<([^>]+)>")
DEFINE = re.compile(r"\s*#\s*define\s+(\w+)")
SYSTEM = re.compile(r"\b(_WIN32|_WIN64|__MINGW32__|__CYGWIN__|__linux__|__linux|__APPLE__|__unix__|__unix|"
                    r"__FreeBSD__|__OpenBSD__|__NetBSD__|__sun|__ANDROID__|__wasi__|__EMSCRIPTEN__|__GLIBC__)\b")
LINKAGE = re.compile(r"\bnamespace\s*\{|^(?:(?:inline|constexpr|const|extern)\s+)*static\s|^namespace\s*$")
WORDS = re.compile(r"\b(throw|try|catch|dynamic_cast|typeid|\w*printf|std::cout|std::cerr|using\s+namespace)\b")
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def read(path):
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


def lines(name):
    return read(INC / name).split("\n")[:-1]


def code(name):
    """The header's lines with comments and the contents of literals blanked."""
    def blank(match):
        return "\n" * match.group().count("\n") if match.group().startswith("/") else '""'
    return NOT_CODE.sub(blank, read(INC / name)).split("\n")


def plan():
    bare = (line.split("#")[0].strip() for line in read(INC / "rooms.txt").split("\n"))
    return [name for name in bare if name]


def ours(name):
    return [m.group(1) for m in map(OURS.match, lines(name)) if m]


def needs(name, rooms):
    """`name` and everything that it reaches, in plan order."""
    seen, todo = set(), [name]
    while todo:
        n = todo.pop()
        if n not in seen and (INC / n).exists():
            seen.add(n)
            todo += ours(n)
    return [n for n in rooms if n in seen]


def version():
    found = dict(re.findall(r"#define NARTHEX_VERSION_(MAJOR|MINOR|PATCH) (\d+)", read(INC / "narthex/config.hpp")))
    return "{MAJOR}.{MINOR}.{PATCH}".format(**found)


def entries(rooms):
    """Headers that get a file of their own: the core, and each one below it that is not in a subfolder."""
    return [CORE] + [n for n in rooms[rooms.index(CORE) + 1:] if n.count("/") == 1]


def single(entry, rooms):
    core = needs(CORE, rooms)
    body = core if entry == CORE else [n for n in needs(entry, rooms) if n not in core]
    out = ["// %s %s, in one file. Made by single_include/amalgamate.py: do not edit." % (entry, version()), "//"]
    out += [("// " + line).rstrip() for line in read(ROOT / "LICENSE").strip().split("\n")]
    out += [] if entry == CORE else ["", '#include "%s"' % CORE.split("/")[1]]
    for n in body:
        out += ["", "// ==== %s %s" % (n, "=" * max(4, 90 - len(n)))]
        out += [line.rstrip() for line in lines(n) if not OURS.match(line)]
    return ("\n".join(out) + "\n").encode("utf-8")


def check_header(name, above, in_core):
    """Yields (rule, place, what) for one header."""
    text, guard = lines(name), re.sub(r"\W", "_", name).upper()
    if not re.match(r"// %s - .+\.$" % re.escape(name), text[0]):
        yield "first-line", 1, text[0][:60]
    if not any("SPDX-License-Identifier: MIT" in line for line in text[1:3]):
        yield "spdx", 2, "no licence tag"
    if len(text) > MAX_LINES and name not in NO_LIMIT:
        yield "length", len(text), "%d lines" % len(text)
    directives = [line.strip() for line in code(name) if line.strip()]
    if directives[:2] != ["#ifndef " + guard, "#define " + guard] or text[-1] != "#endif  // " + guard:
        yield "guard", 1, "expected " + guard
    depth = 0
    for k, (line, raw) in enumerate(zip(code(name), text), 1):
        depth += bool(re.match(r"\s*#\s*if", line)) - bool(re.match(r"\s*#\s*endif", line))
        own, std, macro = OURS.match(raw), STD.match(line), DEFINE.match(line)
        if own and own.group(1) not in above:
            yield "upwards", k, "includes " + own.group(1)
        if own and depth != 1:
            yield "unconditional", k, "includes " + own.group(1)
        if in_core and std and not own and std.group(1) not in STD_CORE | STD_EXTRA.get(name, set()):
            yield "core-std", k, "includes <%s>" % std.group(1)
        if macro and not macro.group(1).startswith("NARTHEX_"):
            yield "prefix", k, macro.group(1)
        system = SYSTEM.search(line)
        if system and "/os/" not in name and name not in MAY_ASK_SYSTEM:
            yield "system", k, system.group()
        for rule, pattern in (("linkage", LINKAGE), ("words", WORDS)):
            if pattern.search(line):
                yield rule, k, pattern.search(line).group().strip()


def check_readme():
    path = ROOT / "README.md"
    text = read(path) if path.exists() else ""
    for m in re.finditer(r"<!-- example: (\S+) -->\s*(```\w*\n(.*?)```)?", text, re.S):
        where, source = "README.md:%d" % (text.count("\n", 0, m.start()) + 1), ROOT / m.group(1)
        if not source.exists() or m.group(2) is None:
            yield "readme", where, m.group(1) + (": no code block follows" if source.exists() else " does not exist")
            continue
        parts = re.findall(r"^[ \t]*// \[readme[^\n]*\n(.*?)^[ \t]*// \]readme", read(source), re.S | re.M)
        wanted = "\n".join(textwrap.dedent(p).strip() for p in parts) if parts else read(source).strip()
        if m.group(3).strip() != wanted:
            yield "readme", where, "differs from " + m.group(1)


def broken_rules(rooms):
    on_disk = {p.relative_to(INC).as_posix() for p in INC.rglob("*.hpp")}
    for n in sorted(on_disk ^ set(rooms)) + sorted({n for n in rooms if rooms.count(n) > 1}):
        yield "plan", n, "is on disk only" if n in on_disk - set(rooms) else "is in rooms.txt only, or twice"
    if CORE not in rooms:
        yield "plan", CORE, "is not in rooms.txt"
    else:
        for n in sorted((set(rooms) & on_disk).difference(*(needs(e, rooms) for e in entries(rooms)))):
            yield "plan", n, "is reached from no entry header"
    for i, n in enumerate(rooms):
        if n in on_disk:
            in_core = CORE not in rooms[:i]
            for rule, k, what in check_header(n, rooms[:i], in_core):
                yield rule, "include/%s:%d" % (n, k), what
    yield from check_readme()


def main(args):
    if args == ["--version"]:
        print(version())
        return 0
    if args not in ([], ["--check"]):
        print(__doc__)
        return 2
    rooms = plan()
    bad = list(broken_rules(rooms))
    wanted = {OUT / e: single(e, rooms) for e in entries(rooms)} if not any(rule == "plan" for rule, _, _ in bad) else {}
    there = set((OUT / "narthex").glob("*")) if wanted else set()
    for path in sorted(there | set(wanted)):
        if (path.read_bytes() if path in there else None) == wanted.get(path):
            continue
        if args:
            bad.append(("stale", path.relative_to(ROOT).as_posix(), "is out of date" if path in wanted else "has no source"))
        elif path in wanted and not bad:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
        elif not bad:
            path.unlink()
    for rule in [r for r in RULES if any(r == b for b, _, _ in bad)]:
        print("[%s] %s" % (rule, RULES[rule]))
        print("\n".join("    %s: %s" % (place, what) for r, place, what in bad if r == rule))
    print("%d broken" % len(bad) if bad else "ok, %d headers, %d single headers" % (len(rooms), len(wanted)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
