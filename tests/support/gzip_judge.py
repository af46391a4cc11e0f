#!/usr/bin/env python3
"""gzip_judge.py PROGRAM: runs `PROGRAM --pairs` (fuzz/gzip.cpp) and lets zlib read every member that it printed."""
import subprocess
import sys
import zlib

stream = subprocess.Popen([sys.argv[1], "--pairs"], stdout=subprocess.PIPE)


def piece():
    line = stream.stdout.readline()
    return stream.stdout.read(int(line)) if line else None


pairs = text_bytes = packed_bytes = 0
while True:
    text = piece()
    if text is None:
        break
    packed = piece()
    reader = zlib.decompressobj(31)  # gzip: header, check sum and size are judged, too
    read = reader.decompress(packed) + reader.flush()
    if read != text or not reader.eof or reader.unused_data:
        sys.exit("pair %d: zlib reads %d bytes of %d, %d are left" % (pairs, len(read), len(text), len(reader.unused_data)))
    pairs, text_bytes, packed_bytes = pairs + 1, text_bytes + len(text), packed_bytes + len(packed)
if stream.wait() != 0 or pairs < 500:
    sys.exit("the program ended with %d after %d pairs" % (stream.returncode, pairs))
print("%d pairs, %d bytes in %d" % (pairs, text_bytes, packed_bytes))
