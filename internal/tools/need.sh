#!/usr/bin/env bash
# need.sh COMMAND=PACKAGE...: see that each command is here; python:MODULE is a
# module of Debian's own Python. What is missing is installed from Debian's
# packages if we are root; otherwise the exact command to run is printed, and we
# fail.
set -euo pipefail

PATH=$PATH:/usr/sbin # where Debian keeps nginx

has() {
	case $1 in
	python:*) /usr/bin/python3 -c "import ${1#python:}" 2>/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing=()
for need in "$@"; do
	# The part before = may name several programs, any of which will do.
	found=
	IFS='|' read -ra programs <<<"${need%%=*}"
	for program in "${programs[@]}"; do
		if has "$program"; then
			found=yes
		fi
	done
	if [[ -z $found ]]; then
		read -ra packages <<<"${need#*=}"
		missing+=("${packages[@]}")
	fi
done
if [[ ${#missing[@]} -eq 0 ]]; then
	exit 0
fi

if ! command -v apt-get >/dev/null; then
	echo "Missing, and there is no apt-get here: ${missing[*]}. Please install them." >&2
	exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
	echo "Missing: ${missing[*]}. Please run:" >&2
	echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Debian starts a server as soon as it is installed. Here they are for tests.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
again=$(dirname "${BASH_SOURCE[0]}")/again.sh
# A list that cannot be had may be one that nothing is needed from.
"$again" apt-get update -q || echo "Going on with the lists that are here." >&2
"$again" apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}"
