#!/bin/sh
# What a CI step does with a repository of models:  check.sh TINYC CONFIG
# Builds what changed, then checks all of it: annotations where GitHub runs it, the table in the job's summary,
# tinyc.sarif and tinyc.junit.xml in the working folder for whoever collects them. Exit code: that of the check, or of
# the build when a model could not be built.
set -u
tinyc=$1 config=$2
status=0
"$tinyc" build --config "$config" || status=$?
[ "$status" -le 1 ] || exit "$status" # 1: a gate of its own failed; check says which
format=text
[ "${GITHUB_ACTIONS:-}" != true ] || format=github
"$tinyc" check --config "$config" --format "$format" || status=$?
"$tinyc" check --config "$config" --format junit --report tinyc.junit.xml
"$tinyc" check --config "$config" --format sarif --report tinyc.sarif
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || "$tinyc" check --config "$config" --format markdown >> "$GITHUB_STEP_SUMMARY"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "sarif=tinyc.sarif" >> "$GITHUB_OUTPUT"
exit "$status"
