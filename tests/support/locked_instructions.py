#!/usr/bin/env python3
"""locked_instructions.py INCLUDE COMPILER...: once threads have words of their own, an update uses no locked instruction.

Compiles the paths to assembly and looks: at an update that shares (which must have one, or this would prove nothing), and at
those that own. 77 where the processor is not one whose instructions are known here.
"""
import re
import subprocess
import sys
import tempfile

SOURCE = r'''
#include <narthex/narthex.hpp>
namespace nx = narthex;
using cell = nx::detail::adaptive_cell<nx::detail::integer_sum>;
using double_cell = nx::detail::adaptive_cell<nx::detail::double_sum>;
void shares(cell& c) { c.add(1); }
void owns_histogram(nx::detail::ledger& l, unsigned bucket, double value) { l.observe(bucket, value); }
void uses(double_cell& c) { c.add(1.5); }
'''
LOCKED = {
    'x86_64': r'^\s*(lock\b|lock;|xchg\w*\s.*\()',
    'aarch64': r'^\s*(ld\w*xr\w*|st\w*xr\w*|cas\w*|swp\w*|ld(add|clr|eor|set)\w*|dmb)\s',
}
PATHS = {  # function: whether a locked instruction is there
    'shares(': True,
    'owns_histogram(': False,
    'integer_sum>::add_to_own(': False,
    'double_sum>::add_to_own(': False,
}


def bodies(assembly):
    """Each function's lines, by its name."""
    found, name = {}, None
    for line in assembly.splitlines():
        label = re.match(r'^(_Z\w+):', line)
        if label:
            name = label.group(1)
            found[name] = []
        elif '.cfi_endproc' in line:
            name = None
        elif name:
            found[name].append(line)
    names = subprocess.run(['c++filt'], input='\n'.join(found), capture_output=True, text=True, check=True).stdout.split('\n')
    return dict(zip(names, found.values()))


def main():
    include, compiler = sys.argv[1], sys.argv[2:]
    machine = subprocess.run(compiler + ['-dumpmachine'], capture_output=True, text=True, check=True).stdout.split('-')[0]
    if machine not in LOCKED:
        print('not known here:', machine)
        return 77
    bad = 0
    for flags in [['-O2'], ['-O2', '-fPIC']]:
        with tempfile.NamedTemporaryFile('w', suffix='.cpp') as source:
            source.write(SOURCE)
            source.flush()
            found = bodies(subprocess.run(compiler + ['-std=c++11', '-pthread', '-I' + include, '-S', '-o', '-', source.name] + flags,
                                          capture_output=True, text=True, check=True).stdout)
        for path, expected in PATHS.items():
            lines = [body for name, body in found.items() if path in name and '.cold' not in name]
            if len(lines) != 1:
                print(' '.join(flags), path, 'found', len(lines), 'times')
                bad += 1
                continue
            locked = [line.strip() for line in lines[0] if re.match(LOCKED[machine], line)]
            if bool(locked) != expected:
                print(' '.join(flags), path, 'has' if locked else 'has no', 'locked instruction:', *locked[:3])
                bad += 1
    return 1 if bad else 0


sys.exit(main())
