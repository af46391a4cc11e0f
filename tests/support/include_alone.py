#!/usr/bin/env python3
"""include_alone.py INCLUDE COMPILER...: an include by itself makes no code and no data in a program's file.

What needs a constructor that runs before main would be there, compiled again in every file that includes it; and it could be used
before it was made.
"""
import pathlib
import subprocess
import sys
import tempfile

include, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
headers = sorted(p.relative_to(include).as_posix() for p in include.glob("narthex/*.hpp"))


def symbols(text):
    with tempfile.TemporaryDirectory() as folder:
        source, made = pathlib.Path(folder, "x.cpp"), pathlib.Path(folder, "x.o")
        source.write_text("".join("#include <%s>\n" % h for h in headers) + text)
        subprocess.run(compiler + ["-std=c++11", "-O1", "-I%s" % include, "-c", source, "-o", made], check=True)
        return subprocess.run(["nm", "-C", made], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout


made = symbols("")
seen = symbols("narthex::registry r;\n")
print(made or "nothing")
sys.exit(1 if made else 0 if " r\n" in seen else "a registry leaves no symbol: this looks at nothing")
