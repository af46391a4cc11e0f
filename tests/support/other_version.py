#!/usr/bin/env python3
"""other_version.py HEADERS FOLDER DONE: copies the headers, stating version 98.76.54, and writes DONE."""
import pathlib, re, shutil, sys

shutil.rmtree(sys.argv[2], ignore_errors=True)
shutil.copytree(sys.argv[1], sys.argv[2])
changed = 0
for path in pathlib.Path(sys.argv[2]).rglob("*.hpp"):
    text = path.read_text(encoding="utf-8")
    for part, number in (("MAJOR", 98), ("MINOR", 76), ("PATCH", 54)):
        text, n = re.subn(r"(#define NARTHEX_VERSION_%s )\d+" % part, r"\g<1>%d" % number, text)
        changed += n
    path.write_text(text, encoding="utf-8")
if changed != 3:
    sys.exit("no version found, or several")
pathlib.Path(sys.argv[3]).write_text("98.76.54\n")
