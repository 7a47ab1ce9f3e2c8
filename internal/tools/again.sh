#!/usr/bin/env bash
# again.sh COMMAND...: run what needs the network, and if it fails run it again
# after a while, twice at most: networks have hiccups, and another process may
# hold apt's locks.
set -euo pipefail

for seconds in 10 30; do
	if "$@"; then
		exit 0
	fi
	echo "Failed: $*. Again in $seconds seconds." >&2
	sleep "$seconds"
done
exec "$@"
