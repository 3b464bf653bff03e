#!/bin/sh
# Lint, types, import rules and every test, each run to its end; one summary; fails if any failed.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
logs=build/checks
mkdir -p "$logs"
# Tests start programs by the hundred: each file is compiled once, whatever the surroundings say.
unset PYTHONDONTWRITEBYTECODE
summary=''
failed=0

run() { # run NAME COMMAND…
    name=$1
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    begun=$(date +%s)
    # A pipe would hide the exit code from POSIX sh: it goes through a file.
    { "$@" 2>&1; echo $? > "$logs/$name.exit"; } | tee "$logs/$name.log"
    took=$(($(date +%s) - begun))
    if [ "$(cat "$logs/$name.exit")" = 0 ]; then word=ok; else word=FAILED; failed=1; fi
    summary="$summary$(printf '%-10s %-7s %4s s' "$name" "$word" "$took")
"
}

run lint "$bin/ruff" check .
run format "$bin/ruff" format --check .
run types "$bin/mypy"
run imports "$bin/lint-imports"
# Three at a time on two cores, since much of it waits for devices; in the order of the files that tests/conftest.py makes,
# so that the longest begin early.
run tests "$bin/python" -m pytest -n 3 --dist loadfile --no-loadscope-reorder "$@"

printf '\n%s\n' '--- summary ---------------------------'
printf '%s' "$summary"
# The closing line of the test run stands last, for people and machines that read only that.
sed -n '/ in [0-9.]*s/p' "$logs/tests.log" | tail -n 1 | sed 's/^=* *//; s/ *=*$//'
exit $failed
