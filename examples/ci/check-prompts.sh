#!/bin/sh
# Is each changed prompt not worse than it was?
#
#   sh check-prompts.sh [REVISION] [options of `scansion run`]
#
# Every prompt (*.prompty anywhere, *.txt under a folder prompts/) that differs from REVISION (default: HEAD, the last
# commit) is run beside what it was there, under its old name if it was renamed, on the data and with the scorers of
# experiment.yaml. A new prompt has nothing to be held against. Exits with 1 if one is not proved, else 2 if something
# is wrong with the input of one, else 3 if a run is incomplete. As a git hook: copy it to .git/hooks/pre-commit and
# make it executable.
set -uf
since=${1:-HEAD}
[ $# -gt 0 ] && shift
git rev-parse --quiet --verify "$since^{commit}" >/dev/null || {
    echo "check-prompts: git knows no revision '$since' here" >&2
    exit 2
}

check() { # OLD NEW [options]
    old=$1 new=$2
    shift 2
    scansion run experiment.yaml -p "$since:$old" -p "$new" --baseline "$since:$old" \
        --require not-worse --margin 0.05 --yes "$@"
}

status=0 change='' before=''
IFS='
'
# Each change is M and a file, or R with a number, the old name and the new one.
for word in $(git diff -z --name-status -M --diff-filter=MR --relative "$since" -- \
    '*.prompty' 'prompts/*.txt' '*/prompts/*.txt' | tr '\0' '\n'); do
    case $change in
    '') change=$word && continue ;;
    R*) change=M before=$word && continue ;;
    esac
    check "${before:-$word}" "$word" "$@"
    code=$?
    case $code:$status in
    130:*) exit 130 ;;
    0:* | *:1 | 3:2) ;;
    *) status=$code ;;
    esac
    change='' before=''
done
exit $status
