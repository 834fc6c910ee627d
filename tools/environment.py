"""Makes the virtual environment with the locked dependencies: `python3 -I tools/environment.py .venv LOCK [LOCK]`.

Standard library alone, and no syntax newer than Python 3.6, so that an older python3 is refused in words.
"""

import configparser
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys

OLDEST = (3, 11)
STAMP = ".complete"
# How packages are reached, which is a person's to say. Where they go, and which, is said here: settings of pip, uv and
# virtualenv that are meant for other environments (user, target, prefix, a constraint, …) do not count.
PIP = (
    "index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "cert", "client-cert", "proxy", "timeout", "retries",
    "default-timeout", "cache-dir", "no-cache-dir", "keyring-provider",
)  # fmt: skip
UV = re.compile("UV_.*(INDEX|FIND_LINKS|CACHE|TLS|CERT|HTTP|TIMEOUT|HOST|KEYRING|OFFLINE|LINK_MODE).*")
FOREIGN = ("PYTHON", "PIP_", "UV_", "VIRTUALENV_", "__PYVENV_LAUNCHER__")
# folders of which commands import little or nothing
NOT_COMPILED = r"/(tests?|pip|mypyc?|graph_objs|lexers|networkx|statsmodels)/"
LIST = "import importlib.metadata as m; print(*['{}=={}'.format(d.metadata['Name'], d.version) for d in m.distributions()])"
HELPS = (
    ("No space left", "free space on the disk of {}, then the same command again"),
    ("DO NOT MATCH THE HASHES", "an index with the very files of PyPI (python3 -m pip config list names yours)"),
    ("<<<<<<<", "git checkout --theirs -- requirements.lock requirements-fast.lock amid the merge, then make lock"),
    ("Permission denied", "the user who owns {}, or another checkout"),
)


class SetUpError(Exception):
    """The environment cannot be made; the message says what helps."""


def main(arguments):
    """Make the environment `arguments[0]` from the last lock file named, unless it is already made of it."""
    folder, lock = arguments[0], arguments[-1]
    try:
        refuse_old_python(sys.version_info, sys.executable)
        stamp = expected_stamp(lock)
        complete = read(os.path.join(folder, STAMP)) == stamp or made_of_a_larger_lock(folder, lock)
        if not complete or not os.path.exists(python_of(folder)):  # the Python that it was made of may be gone
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


def python_of(folder):
    """Return the interpreter of an environment."""
    return os.path.join(folder, "bin", "python")


def set_up(folder, lock, stamp):
    """Make the environment from scratch; the stamp comes last, so that a half-made one is made again."""
    sys.stderr.write("setting up {} (Python {}.{}.{}), once\n".format(folder, *sys.version_info[:3]))
    clear(folder)
    python = python_of(folder)
    maker = choose_maker()
    run(maker + [folder], "the virtual environment could not be made", clean(os.environ), folder)
    if maker[0] == "uv":
        install, settings = ["uv", "pip", "install", "--quiet", "--python", python], clean(os.environ)
    else:
        install = [
            python,
            "-I",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--no-compile",
        ]
        settings = for_pip(python, os.environ)
    run(install + ["--require-hashes", "-r", lock], "the locked dependencies could not be installed", settings, folder)
    check(python, lock)
    compile_all(python)
    with open(os.path.join(folder, STAMP), "w") as stream:
        stream.write(stamp)


def compile_all(python):
    """Compile what commands import, on all cores, where pip compiles everything on one. What cannot be compiled is a template."""
    command = [python, "-I", "-m", "compileall", "-q", "-j", "0", "-x", NOT_COMPILED, packages_of(python)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean(os.environ))


def packages_of(python):
    """Return the folder of an environment's packages."""
    command = [python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return decoded(subprocess.run(command, stdout=subprocess.PIPE, env=clean(os.environ)).stdout).strip()


def clear(folder):
    """Remove what is there; of a link only the link, because the environment behind it is another checkout's."""
    try:
        if os.path.islink(folder):
            os.unlink(folder)
        elif os.path.exists(folder):
            shutil.rmtree(folder)
    except OSError as error:
        raise SetUpError(
            "{0} cannot be removed\n  found:    {1}\n  try:      rm -rf {0}, as its owner, then the same command again".format(
                folder, error
            )
        ) from None


def clean(given):
    """Return an environment without what other environments and other Pythons are set by."""
    return {name: text for name, text in given.items() if not name.startswith(FOREIGN) or UV.match(name)}


def for_pip(python, given):
    """Return the environment for pip: the settings in `PIP` from its files and from `given`, and no others."""
    variables = {"PIP_" + name.upper().replace("-", "_"): name for name in PIP}
    found = {name.replace("_", "-"): text for name, text in written(settings_files(python, given)).items()}
    found.update({name: given[variable] for variable, name in variables.items() if variable in given})
    own = {variable: found[name] for variable, name in variables.items() if name in found}
    return dict(clean(given), PIP_CONFIG_FILE=os.devnull, **own)


def settings_files(python, given):
    """Return the files of settings that pip reads, those that count more last."""
    asking = dict(clean(given), **{name: text for name, text in given.items() if name == "PIP_CONFIG_FILE"})
    command = [python, "-I", "-m", "pip", "config", "debug"]
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=asking)
    files, kind = {}, ""
    for line in decoded(told.stdout).splitlines():
        heading, file = re.match("([a-z]+):$", line), re.match("  (.+), exists: True$", line)
        kind = heading.group(1) if heading else kind
        if file:
            files.setdefault(kind, []).append(file.group(1))
    return [file for kind in ("global", "user", "site", "env") for file in files.get(kind, [])]


def written(files):
    """Return what is written in files of settings for pip as a whole, and then for its `install`."""
    parser = configparser.RawConfigParser()
    for file in files:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, ValueError):
            sys.stderr.write("{} is passed over: it holds no settings of pip\n".format(file))
    sections = [parser.items(name) for name in ("global", "install") if parser.has_section(name)]
    return {name: text for items in sections for name, text in items}


def check(python, lock):
    """Raise SetUpError unless the environment holds every package that the lock file names for all platforms."""
    told = subprocess.run(
        [python, "-I", "-c", LIST], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean(os.environ)
    )
    installed = {plain(pin) for pin in decoded(told.stdout).split()}
    with open(lock, encoding="utf-8") as stream:
        pinned = re.findall(r"^([A-Za-z0-9._-]+==[^ ;\\]+) *(?:\\|$)", stream.read(), re.MULTILINE)
    missing = [pin for pin in pinned if plain(pin) not in installed]
    if missing:
        raise SetUpError(
            "the locked dependencies could not be installed\n  expected: all {} of {} in {}\n  found:    {} missing, {} among them\n"
            "  try:      python3 -m pip config list, which names what sends packages elsewhere".format(
                len(pinned), lock, python, len(missing), missing[0]
            )
        )


def plain(pin):
    """Return a pinned package with its name as an index writes it."""
    name, _, version = pin.partition("==")
    return "{}=={}".format(re.sub("[-_.]+", "-", name).lower(), version)


def choose_maker():
    """Return the command that makes a virtual environment here: venv, or virtualenv or uv where ensurepip is missing."""
    if has_module("ensurepip") and has_module("venv"):
        return [sys.executable, "-I", "-m", "venv"]
    if has_module("virtualenv"):
        return [sys.executable, "-I", "-m", "virtualenv", "--quiet"]
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


def run(command, failure, environment, folder):
    """Run `command` in an environment, and raise SetUpError with its last lines and what helps if it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    if done.returncode:
        told = decoded(done.stdout).strip()
        lines = "\n".join("  " + line for line in told.splitlines()[-8:])
        helps = next((helps for sign, helps in HELPS if sign in told), "the same command again, with a network")
        raise SetUpError("{}\n{}\n  try:      {}".format(failure, lines, helps.format(folder)))


def decoded(output):
    """Return what a program printed, in whatever encoding, as text."""
    return output.decode("utf-8", "replace")


def read(path):
    """Return a small file's text, or an empty string if there is none."""
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
