#!/usr/bin/env bash
# Makes one virtual environment a peer, and one for the stub server, under a folder outside the tree:
#   bench/peers.sh FOLDER        then   make bench ARGS="--venvs FOLDER"
set -euo pipefail
folder=${1:?usage: bench/peers.sh FOLDER}
make_one() {
  local name=$1; shift
  [ -x "$folder/$name/bin/python" ] || python3 -m venv "$folder/$name"
  "$folder/$name/bin/pip" install -qq "$@"
  "$folder/$name/bin/python" -m compileall -q "$folder/$name/lib" >/dev/null || true
}
mkdir -p "$folder"
make_one stub uvloop httptools
make_one dspy dspy==3.4.1
make_one insp inspect_ai==0.3.285 openai
