#!/bin/sh
# Process 1 of a Linux of its own (see ownKernel.ts): it sees this machine's files and can't write them, has version 2 of
# control groups with all controllers, and a memory of its own to write to. The kernel gives it ROOT, NODE, TSX and SCRIPT.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir -m 1777 /run/tmp
cd "$ROOT" || exit
TMPDIR=/run/tmp HOME=/run/tmp "$NODE" --require "$TSX" "$SCRIPT" </dev/null
echo "said:{\"ended\":$?}"
exec python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)'
