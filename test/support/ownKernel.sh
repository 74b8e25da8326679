#!/bin/sh
# Process 1 of a Linux of its own (see ownKernel.ts): it sees this machine's files and can't write them, has version 2 of
# control groups with all controllers, and a memory of its own to write to. The kernel gives it ROOT, NODE, TSX and SCRIPT,
# and with SYSTEMD that becomes process 1, which starts the script as a unit.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir -m 1777 /run/tmp
if [ "$SYSTEMD" ]; then
  mkdir -p /run/systemd/system
  # Whatever a script starts waits for these, and they go through this machine's /tmp and /var, which can't be written to.
  for unit in tmpfiles-setup tmpfiles-setup-dev tmpfiles-clean sysctl modules-load journal-flush update-utmp; do
    ln -s /dev/null "/run/systemd/system/systemd-$unit.service"
  done
  cat >/run/systemd/system/script.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
WorkingDirectory=$ROOT
Environment=TMPDIR=/run/tmp HOME=/run/tmp PATH=$PATH
ExecStart=$NODE --require $TSX $SCRIPT
ExecStopPost=sh -c 'echo "said:{\\\\"ended\\\\":\$EXIT_STATUS}"; sync; python3 -c "import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)"'
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/tty0
UNIT
  exec /lib/systemd/systemd --unit=script.service --log-level=err --show-status=no
fi
cd "$ROOT" || exit
TMPDIR=/run/tmp HOME=/run/tmp "$NODE" --require "$TSX" "$SCRIPT" </dev/null
echo "said:{\"ended\":$?}"
exec python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)'
