#!/usr/bin/env python3
"""Prints the names, without folder and .cpp, of the files that match a pattern: a suite is what lies in its folder."""
import pathlib
import sys

print("\n".join(sorted(p.name[:-4] for p in pathlib.Path(sys.argv[1]).glob(sys.argv[2]))))
