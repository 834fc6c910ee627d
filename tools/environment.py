"""Makes the virtual environment with the locked dependencies: `python3 -I tools/environment.py .venv LOCK [LOCK]`.

Standard library alone, and no syntax newer than Python 3.6, so that an older python3 is refused in words.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
STAMP = ".complete"


class SetUpError(Exception):
    """The environment cannot be made; the message says what helps."""


def main(arguments):
    """Make the environment `arguments[0]` from the last lock file named, unless it is already made of it."""
    folder, lock = arguments[0], arguments[-1]
    try:
        refuse_old_python(sys.version_info, sys.executable)
        stamp = expected_stamp(lock)
        if read(os.path.join(folder, STAMP)) != stamp and not made_of_a_larger_lock(folder, lock):
            set_up(folder, lock, stamp)
    except SetUpError as error:
        sys.stderr.write("error: {}\n".format(error))
        return 1
    return 0


def refuse_old_python(version, executable):
    """Raise SetUpError unless `version` is recent enough."""
    if tuple(version[:2]) < OLDEST:
        raise SetUpError(
            "Python {}.{} or newer is needed\n  found:    Python {}.{}.{} at {}\n  try:      make PYTHON=python3.12 bench, "
            "with a newer Python's name".format(*(OLDEST + tuple(version[:3]) + (executable,)))
        )


def expected_stamp(lock):
    """Return what the stamp of an environment made of `lock` by this Python says."""
    with open(lock, "rb") as stream:
        return "{} {}.{}.{}\n".format(hashlib.sha256(stream.read()).hexdigest(), *sys.version_info[:3])


def made_of_a_larger_lock(folder, lock):
    """Say whether the environment already holds all of `lock`: it was made of the lock with the extra on top."""
    larger = lock.replace(".lock", "-fast.lock")
    return os.path.exists(larger) and read(os.path.join(folder, STAMP)) == expected_stamp(larger)


def set_up(folder, lock, stamp):
    """Make the environment from scratch; the stamp comes last, so that a half-made one is made again."""
    sys.stderr.write("setting up {} (Python {}.{}.{}), once\n".format(folder, *sys.version_info[:3]))
    shutil.rmtree(folder, ignore_errors=True)
    python = os.path.join(folder, "bin", "python")
    maker = choose_maker()
    run(maker + [folder], "the virtual environment could not be made")
    if maker[0] == "uv":
        install = ["uv", "pip", "install", "--quiet", "--python", python]
    else:
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(install + ["--require-hashes", "-r", lock], "the locked dependencies could not be installed")
    with open(os.path.join(folder, STAMP), "w") as stream:
        stream.write(stamp)


def choose_maker():
    """Return the command that makes a virtual environment here: venv, or virtualenv or uv where ensurepip is missing."""
    if has_module("ensurepip") and has_module("venv"):
        return [sys.executable, "-m", "venv"]
    if has_module("virtualenv"):
        return [sys.executable, "-m", "virtualenv", "--quiet"]
    if shutil.which("virtualenv"):
        return ["virtualenv", "--quiet", "--python", sys.executable]
    if shutil.which("uv"):
        return ["uv", "venv", "--quiet", "--python", sys.executable]
    raise SetUpError(
        "Python's ensurepip is missing, and neither virtualenv nor uv is there\n"
        "  try:      apt-get install python{}.{}-venv (on Debian and Ubuntu), then the same command again".format(
            *sys.version_info[:2]
        )
    )


def has_module(name):
    """Say whether a module can be imported."""
    return importlib.util.find_spec(name) is not None


def run(command, failure):
    """Run `command`, and raise SetUpError with its last lines if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode:
        lines = "\n".join("  " + line for line in done.stdout.strip().splitlines()[-8:])
        raise SetUpError("{}\n{}\n  try:      the same command again, with a network".format(failure, lines))


def read(path):
    """Return a small file's text, or an empty string if there is none."""
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
