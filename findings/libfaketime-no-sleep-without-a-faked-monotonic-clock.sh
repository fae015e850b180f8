#!/usr/bin/env bash
# Told to leave the monotonic clock alone, libfaketime refuses every sleep by that clock.
#
# Package:   libfaketime 0.9.10-2.1 (Debian 12), with CPython's time.sleep (from 3.11 on by clock_nanosleep)
# Input:     200 sleeps of half a millisecond at the offset +0, without and with FAKETIME_DONT_FAKE_MONOTONIC=1.
# Behaviour: Without it all sleep; with it each raises OSError 22 (EINVAL).
# Matters:   A program that seldom sleeps seems to fail at random in a test of clocks that jump, although no
#            clock does that. Let clock_nanosleep past the library.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
apt-get download -qq libfaketime=0.9.10-2.1 >/dev/null 2>&1
dpkg -x libfaketime_*.deb .

cat >sleeps.py <<'PYTHON'
import time

refused = 0
for _ in range(200):
    try:
        time.sleep(0.0005)
    except OSError as error:
        assert error.errno == 22, error
        refused += 1
print(refused)
PYTHON
echo "+0" >offset
library="$(echo "$work"/usr/lib/*/faketime/libfaketimeMT.so.1)"
faked=(env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$work/offset" FAKETIME_NO_CACHE=1)
with="$("${faked[@]}" python3 sleeps.py)"
without="$("${faked[@]}" FAKETIME_DONT_FAKE_MONOTONIC=1 python3 sleeps.py)"
echo "monotonic clock faked: $with of 200 refused; left alone: $without of 200 refused"
[ "$with" = 0 ] && [ "$without" = 200 ] || { echo "The behaviour has changed."; exit 1; }
