"""Scripts that complete commands in a shell: shtab writes them from the parser, and functions of ours name what lies on the disk.

Comes in: the name of a shell. Goes out: a script for it. When somebody types, the names of models are read from the table of the
data set's results (`entries.json`), data sets from their folders and commits from git; no Python is started, and no code of
anybody's is run. A name with a character that a shell might obey is left out.
"""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from benchmark.command import PROGRAM
from benchmark.commands.printing import show
from benchmark.commands.settings import DEFAULT_DATASET, ROOT
from benchmark.layout import is_checkout

SHELLS = ("bash", "zsh", "fish")
OWN = (
    "model",
    "models",
    "metrics",
    "dataset",
    "commit",
)  # what `arguments.Option.completes` says and functions of ours know

# ------------------------------------------------------------------------------------------------ what bash and zsh share
NAMES = r"""
_fashion_bench_names() {  # the models in the table of the data set that is typed
  sed -n 's/^ *"name": "\([a-z0-9-]*\)",*$/\1/p' \
    "$(_fashion_bench_typed --models-dir @ROOT@/models)/$(_fashion_bench_typed --dataset @DATASET@)/entries.json" 2>/dev/null
}
_fashion_bench_datasets() {
  ( cd @ROOT@ 2>/dev/null && find models data -mindepth 2 -maxdepth 2 '(' -name entries.json -o -name SHA256SUMS ')' ) 2>/dev/null |
    sed -n 's,^[a-z]*/\([a-z0-9-]*\)/.*,\1,p' | sort -u
}
_fashion_bench_commits() {
  { echo HEAD; git -C @ROOT@ for-each-ref --format='%(refname:short)' 2>/dev/null; } | grep -x '[A-Za-z0-9._/-]*'
}
"""
BASH = r"""
_fashion_bench_typed() {  # the word after an option, or else the second argument
  local i found=$2
  for ((i = 1; i < COMP_CWORD - 1; i++)); do
    [[ ${COMP_WORDS[i]} == "$1" ]] && found=${COMP_WORDS[i + 1]}
  done
  printf %s "$found"
}
_fashion_bench_listed() { compgen -P "${1%"${1##*,}"}" -W "$2" -- "${1##*,}"; }  # names with commas between them
_fashion_bench_model() { compgen -W "$(_fashion_bench_names)" -- "$1"; }
_fashion_bench_models() { _fashion_bench_listed "$1" "$(_fashion_bench_names)"; }
_fashion_bench_metrics() { _fashion_bench_listed "$1" '@METRICS@'; }
_fashion_bench_dataset() { compgen -W "$(_fashion_bench_datasets)" -- "$1"; }
_fashion_bench_commit() { compgen -W "$(_fashion_bench_commits)" -- "$1"; }
"""
ZSH = r"""
_fashion_bench_typed() {  # the word after an option, or else the second argument
  local -i at=${words[(I)$1]}
  (( at && at < CURRENT - 1 )) && print -r -- "${words[at + 1]}" || print -r -- "$2"
}
_fashion_bench_model() { compadd -- ${(f)"$(_fashion_bench_names)"}; }
_fashion_bench_models() { _values -s , model ${(f)"$(_fashion_bench_names)"}; }
_fashion_bench_metrics() { _values -s , metric @METRICS@; }
_fashion_bench_dataset() { compadd -- ${(f)"$(_fashion_bench_datasets)"}; }
_fashion_bench_commit() { compadd -- ${(f)"$(_fashion_bench_commits)"}; }
"""
FISH = r"""
function _fashion_bench_typed  # the word after an option, or else the second argument
  set -l words (commandline -opc)
  if set -l at (contains -i -- $argv[1] $words); and test $at -lt (count $words)
    echo $words[(math $at + 1)]
  else
    echo $argv[2]
  end
end
function _fashion_bench_listed  # names with commas between them
  set -l token (commandline -ct)
  set -l done (string replace -r '[^,]*$' '' -- "$token")
  for name in $argv
    echo "$done$name"
  end
end
function _fashion_bench_model  # the models in the table of the data set that is typed
  set -l folder (_fashion_bench_typed --models-dir @ROOT@/models)
  set -l dataset (_fashion_bench_typed --dataset @DATASET@)
  sed -n 's/^ *"name": "\([a-z0-9-]*\)",*$/\1/p' $folder/$dataset/entries.json 2>/dev/null
end
function _fashion_bench_models
  _fashion_bench_listed (_fashion_bench_model)
end
function _fashion_bench_metrics
  _fashion_bench_listed @METRICS@
end
function _fashion_bench_dataset
  for file in @ROOT@/models/*/entries.json @ROOT@/data/*/SHA256SUMS
    echo $file
  end | sed -n 's,.*/\([a-z0-9-]*\)/[^/]*$,\1,p' | sort -u
end
function _fashion_bench_commit
  begin
    echo HEAD
    git -C @ROOT@ for-each-ref --format='%(refname:short)' 2>/dev/null
  end | grep -x '[A-Za-z0-9._/-]*'
end
"""
# ------------------------------------------------------- in a checkout: its Python is completed after `-m` and the package
BASH_CHECKOUT = r"""
_fashion_bench_python() {
  COMPREPLY=()
  [[ ${COMP_WORDS[1]-} == -m && ${COMP_WORDS[2]-} == benchmark ]] && ((COMP_CWORD > 2)) || return 0
  COMP_WORDS=(fashion-bench "${COMP_WORDS[@]:3}")
  ((COMP_CWORD -= 2))
  _shtab_fashion_bench
}
complete -o default -F _fashion_bench_python .venv/bin/python
"""
ZSH_CHECKOUT = r"""
_fashion_bench_python() {
  if [[ $words[2] == -m && $words[3] == benchmark ]] && (( CURRENT > 3 )); then
    words=(fashion-bench "${(@)words[4,-1]}")
    (( CURRENT -= 2 ))
    _shtab_fashion_bench
  else
    (( $+functions[_python] )) && _python || _default
  fi
}
compdef _fashion_bench_python .venv/bin/python
"""
FISH_CHECKOUT = r"""
function _fashion_bench_python
  set -l words (commandline -opc)
  test (count $words) -gt 2; and test "$words[2]" = -m; and test "$words[3]" = benchmark
end
function _fashion_bench_after_python
  set -l words (commandline -opc)
  complete -C "fashion-bench "(string join ' ' -- (string escape -- $words[4..-1]) (commandline -ct))
end
complete -c python -n _fashion_bench_python -f -a '(_fashion_bench_after_python)'
"""
SCRIPTS = {"bash": (NAMES + BASH, BASH_CHECKOUT), "zsh": (NAMES + ZSH, ZSH_CHECKOUT), "fish": (FISH, FISH_CHECKOUT)}


class PrintScript(argparse.Action):
    """Prints the script for the shell that is typed after the option, and ends."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: object, values: Any, option_string: Any = None
    ) -> None:
        """Do so."""
        show(script(values))
        parser.exit()


def script(shell: str) -> str:
    """Return what completes the commands of the package in a shell; in a checkout, `.venv/bin/python -m …` as well."""
    import shtab

    from benchmark.commands.parser import make_parser
    from benchmark.results import METRICS

    ours, of_checkout = SCRIPTS[shell]
    here = shlex.quote(str(ROOT)) if is_checkout() else "."
    metrics = " ".join(metric.name for metric in METRICS)
    for mark, text in (("@ROOT@", here), ("@DATASET@", DEFAULT_DATASET), ("@METRICS@", metrics)):
        ours = ours.replace(mark, text)
    found: str = shtab.complete(make_parser(PROGRAM), shell, preamble=ours)
    return f"{found}\n{of_checkout}" if is_checkout() else found


def completed(action: argparse.Action, kind: str) -> None:
    """Tell shtab how the values of an option are completed: by a kind of names, or as a file."""
    function = f"_fashion_bench_{kind}"
    own = {"bash": function, "zsh": function, "fish": f"({function})"}
    vars(action)["complete"] = own if kind in OWN else kind
