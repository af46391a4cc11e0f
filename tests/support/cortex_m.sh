#!/bin/sh
# cortex_m.sh BOARD PROGRAM: runs a bare-metal program in the emulator; what it prints and its exit code come by semihosting.
exec qemu-system-arm -M "$1" -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel "$2"
