#!/usr/bin/env bash
# fuzz.sh TIME [NAME]: fuzz every target of this module, each for TIME (30s,
# 5m, 1000x), or only those whose name contains NAME.
set -euo pipefail

time=$1
name=${2:-}
count=0
while IFS=: read -r file line; do
	target=${line#func }
	target=${target%%(*}
	if [[ $target != *"$name"* ]]; then
		continue
	fi
	count=$((count + 1))
	echo "== $target in $(dirname "$file")"
	go test "./$(dirname "$file")" -run='^$' -fuzz="^$target\$" -fuzztime="$time"
done < <(grep -rHE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . | sort)
if [[ $count -eq 0 ]]; then
	echo "There is no fuzz target by the name of $name" >&2
	exit 1
fi
echo "== $count fuzz targets, $time each"
