#!/bin/bash
# run.sh [MACHINE...]: builds the example for Cortex-M0 and M4, runs it in an emulator, compares what it prints with output.txt.
# Debian: apt-get install gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm. Exit code 77: not all of that is here.
set -eu
cd "$(dirname "$0")"
command -v arm-none-eabi-g++ > /dev/null || { echo "no arm-none-eabi-g++"; exit 77; }
echo '#include <atomic>' | arm-none-eabi-g++ -x c++ -fsyntax-only - 2> /dev/null || { echo "no libstdc++ for arm-none-eabi"; exit 77; }
command -v qemu-system-arm > /dev/null || { echo "no qemu-system-arm"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for machine in "cortex-m0 microbit" "cortex-m4 mps2-an386"; do
  read -r cpu board <<< "$machine"
  arm-none-eabi-g++ -mcpu="$cpu" -mthumb -std=c++11 -Os -Wall -Wextra -Wpedantic -Wno-register -Werror -ffreestanding -fno-exceptions -fno-rtti \
    -fno-threadsafe-statics -fno-use-cxa-atexit -fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections \
    -I"${NARTHEX_INCLUDE:-../../include}" -I. -DNARTHEX_CONFIG_HEADER='"metrics_config.h"' main.cpp board.cpp \
    -nostdlib -T cortex-m.ld -Wl,--gc-sections -lgcc -o "$work/$cpu.elf"
  timeout 60 qemu-system-arm -M "$board" -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
    -kernel "$work/$cpu.elf" < /dev/null > "$work/$cpu.txt" 2>&1 || { echo "$cpu: exit code $?"; cat "$work/$cpu.txt"; exit 1; }
  diff -u output.txt "$work/$cpu.txt"
  echo "$cpu: $(arm-none-eabi-size "$work/$cpu.elf" | awk 'NR == 2 { print $1 + $2 " bytes of flash, " $2 + $3 " bytes of RAM" }')"
done
