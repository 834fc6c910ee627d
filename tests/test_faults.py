"""What the file system refuses is told as that: which file, why, which limit, what helps."""

from __future__ import annotations

import errno
import os
import pickle
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark import results
from benchmark.dataset import DatasetEntry, load_dataset
from benchmark.errors import BenchmarkError, DiskError
from benchmark.faults import MACHINE, OF_A_PATH, any_told, disk_error, fault_behind, fault_in, is_of_disk, told
from benchmark.measure import arrays, processes
from benchmark.measure.processes import TaskError
from tests import made
from tests.conftest import ROOT, SAMPLE


def refusal(number, path=None):
    return OSError(number, os.strerror(number), None if path is None else str(path))


@pytest.mark.parametrize("number", sorted(MACHINE | OF_A_PATH))
def test_every_refusal_names_the_file_the_reason_and_what_helps(tmp_path, number):
    with pytest.raises(DiskError) as caught, told(tmp_path / "file"):
        raise refusal(number)
    error = caught.value
    assert error.problem == f"{tmp_path / 'file'} cannot be written"
    assert os.strerror(number) in error.found
    assert error.expected
    assert error.remedy
    assert "another disk" not in str(error) or "--build-dir" in str(error)


@pytest.mark.parametrize(
    "name", ["one/metrics.json", "one/predictions.txt", "one/run.json", "entries.json", "test_labels.txt"]
)
def test_a_pipe_in_the_place_of_a_result_is_refused_before_it_is_read(tmp_path, name):
    made.write_table(tmp_path / "made", ["one"])
    made.write_model(tmp_path / "made", "one", made.predictions(range(9)))
    (tmp_path / "made" / name).unlink()
    os.mkfifo(tmp_path / "made" / name)
    with pytest.raises(BenchmarkError, match=r"is no file(?s:.*)a pipe"):
        results.load_results(tmp_path, "made")


@pytest.mark.parametrize("name", ["one/metrics.json", "one/predictions.txt", "entries.json", "test_labels.txt"])
def test_a_link_to_something_huge_in_the_place_of_a_result_is_refused_before_it_is_read(tmp_path, name):
    made.write_table(tmp_path / "made", ["one"])
    made.write_model(tmp_path / "made", "one", made.predictions(range(9)))
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(1 << 40)  # takes no room on the disk
    (tmp_path / "made" / name).unlink()
    (tmp_path / "made" / name).symlink_to(tmp_path / "huge")
    with pytest.raises(DiskError, match=r"is too large(?s:.*)at most 268,435,456(?s:.*)1,099,511,627,776"):
        results.load_results(tmp_path, "made")


def test_a_link_to_a_device_and_a_pipe_of_checksums_are_refused_before_they_are_read(tmp_path):
    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(DiskError, match=r"endless is no file(?s:.*)a device"), told(tmp_path / "endless", "read"):
        raise AssertionError
    os.mkfifo(tmp_path / "SHA256SUMS")
    entry = DatasetEntry("mine", "Mine", ("a", "b"), "CC0", "here", home=str(tmp_path))
    with pytest.raises(DiskError, match=r"SHA256SUMS is no file(?s:.*)a pipe"):
        load_dataset("mine", root=tmp_path, cache_dir=tmp_path / "cache", datasets={"mine": entry})


def test_a_full_disk_is_told_with_the_room_on_it(tmp_path):
    error = disk_error(refusal(errno.ENOSPC, tmp_path / "a" / "b"))
    assert error.problem == f"{tmp_path}/a/b cannot be written"
    assert f"free on the disk of {tmp_path}" in error.found
    assert f"du -sh {tmp_path}/*" in error.remedy


def test_a_limit_of_open_files_is_told_with_its_number(tmp_path):
    error = disk_error(refusal(errno.EMFILE, tmp_path))
    assert f"this process may have {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}" in error.found


def test_the_first_part_of_a_path_that_leads_nowhere_is_named(tmp_path):
    (tmp_path / "models").write_text("a file")
    (tmp_path / "build").symlink_to("scratch")
    with pytest.raises(DiskError) as caught, any_told():
        (tmp_path / "models" / "mine").mkdir()
    assert f"{tmp_path}/models is a file, where a folder should be" in str(caught.value)
    assert f"mv {tmp_path}/models {tmp_path}/models.old" in str(caught.value)
    with pytest.raises(DiskError) as caught, any_told():
        (tmp_path / "build").mkdir(exist_ok=True)
    assert f"{tmp_path}/build is a link to {tmp_path}/scratch, which is not there" in str(caught.value)
    subprocess.run(caught.value.remedy.partition(", or ")[2], shell=True, check=True)  # noqa: S602
    (tmp_path / "build").mkdir(exist_ok=True)


def test_a_name_that_is_too_long_is_told_shortened(tmp_path):
    with pytest.raises(DiskError) as caught, any_told():
        (tmp_path / ("x" * 10_000)).open()
    assert len(str(caught.value)) < 1500
    assert "File name too long" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do anything")
def test_a_missing_right_is_given_by_the_command_named(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(DiskError) as caught, any_told():
        (tmp_path / "closed" / "file").touch()
    subprocess.run(caught.value.remedy.split(), check=True)
    (tmp_path / "closed" / "file").touch()


def test_what_is_no_error_of_a_disk_keeps_its_traceback():
    for error in (
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        OSError("not a gzip file"),
        PermissionError(13, "socket"),
    ):
        assert not is_of_disk(error)
        with pytest.raises(type(error)), any_told():
            raise error


def test_numpy_says_a_full_disk_in_its_own_words(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with pytest.raises(DiskError, match="No space left on device"), told(tmp_path), open("/dev/full", "wb") as stream:  # noqa: PTH123
        np.save(stream, np.zeros(100_000))


@pytest.mark.parametrize(
    ("said", "number", "name"),
    [
        ("OSError: [Errno 28] No space left on device: '/a b/c.html'\n", errno.ENOSPC, "/a b/c.html"),
        ("x\nOSError: [Errno 24] Too many open files\n", errno.EMFILE, None),
        ("ConnectionRefusedError: [Errno 111] Connection refused", None, None),
        ("no error at all", None, None),
    ],
)
def test_a_refusal_is_found_in_what_a_program_printed(said, number, name):
    found = fault_in(said)
    assert (found and found.errno, found and found.filename) == (number, name)


def test_a_refusal_is_found_behind_another_error():
    error = RuntimeError("the worker did not start")
    error.__cause__ = refusal(errno.ENOSPC)
    assert fault_behind(error) is error.__cause__
    assert fault_behind(RuntimeError("[Errno 28] No space left on device")).errno == errno.ENOSPC
    assert fault_behind(RuntimeError("else")) is None


# ------------------------------------------------------------------------------------------------- in a task of a model
def full_disk():
    raise refusal(errno.ENOSPC, "/tmp/x.npy")  # noqa: S108


def missing_file():
    raise refusal(errno.ENOENT, "/nowhere/weights.npy")


def test_a_full_disk_is_no_fault_of_the_model_whose_task_ran():
    with pytest.raises(DiskError, match="cannot be written") as caught:
        processes.in_fresh_process(full_disk)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.found) == (str(caught.value), caught.value.found)
    with pytest.raises(TaskError, match="FileNotFoundError"):
        processes.in_fresh_process(missing_file)  # an estimator that wants a file of its own


def test_features_that_were_damaged_on_a_worker_are_not_used(tmp_path):
    mapped = arrays.mapped(np.arange(1000.0), tmp_path)
    assert mapped.open().sum() == 499_500
    other = arrays.mapped(np.arange(1000.0), tmp_path)
    content = bytearray(other.path.read_bytes())
    content[-1] ^= 1
    other.path.write_bytes(content)
    with pytest.raises(DiskError, match="was changed by something else"):
        other.open()


# ------------------------------------------------------------------------------------------------------- whole commands
def run_limited(arguments, limits, **settings):
    script = f"import resource, sys\n{limits}\nfrom benchmark.__main__ import main\nsys.exit(main({list(map(str, arguments))!r}))"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, **settings
    )


def test_too_few_files_that_may_be_open_are_told_as_that():
    for most in range(4, 12):
        done = run_limited(("diff", "HEAD", "HEAD"), f"resource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))")
        assert "Traceback" not in done.stderr or "import" in done.stderr, done.stderr
        if "cannot be" in done.stderr:
            assert f"Too many open files: this process may have {most}" in done.stderr
            assert done.returncode == 2


def test_a_file_in_the_place_of_the_models_is_told_by_every_command(tmp_path, command):
    (tmp_path / "models").write_text("")
    where = ("--dataset", SAMPLE, "--models-dir", tmp_path / "models", "--build-dir", tmp_path / "build")
    for words in (("site",), ("list",), ("bench", "--models", "dummy"), ("diff", "HEAD"), ("readme",)):
        done = command(*words, *where)
        assert done.returncode, words
        assert "Traceback" not in done.stderr, words
        assert "models is a file, where a folder should be" in done.stderr or words[0] == "diff", (words, done.stderr)


def test_output_that_cannot_be_written_is_an_error_and_no_regression():
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    for words, status in ((("history",), 1), (("diff", "HEAD", "HEAD"), 2)):
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            done = subprocess.run(
                [sys.executable, "-m", "benchmark", *words], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == status
        assert b"No space left on device" in done.stderr
        assert b"Traceback" not in done.stderr


def can_mount(folder, size):
    return (
        sys.platform == "linux"
        and os.geteuid() == 0
        and shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    )


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB, where one can be made."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not can_mount(folder, "3m"):
        pytest.skip("only root of Linux can mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_site_on_a_full_disk_is_told_with_its_room(small_disk, whole_run, command):
    done = command(
        "site", "--dataset", SAMPLE, "--models-dir", whole_run[0] / "models", "--build-dir", small_disk / "b"
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    assert f"free on the disk of {small_disk}" in done.stderr
    assert "--build-dir" in done.stderr


def test_a_bench_on_a_full_disk_blames_no_model(small_disk, tmp_path, command):
    (small_disk / "ballast").write_bytes(bytes(2_900_000))
    where = ("--models-dir", small_disk / "models", "--build-dir", small_disk / "build", "--jobs", 1)
    done = command(
        "bench", "--dataset", SAMPLE, "--models", "dummy,lr-pixels", "--data-dir", ROOT / "tests" / "data", *where
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    assert "could not be fitted" not in done.stderr


def test_a_checkout_that_may_only_be_read_still_answers_and_says_where_else_to_write(whole_run, tmp_path, command):
    if not can_mount(tmp_path, "64m"):
        pytest.skip("only root of Linux can mount a file system that may only be read")
    try:
        shutil.copytree(whole_run[0] / "models", tmp_path / "models")
        (tmp_path / "build").mkdir()
        folder = tmp_path / "models" / SAMPLE
        (folder / "lr-hog").rename(folder / ".lr-hog.old")  # a swap that was killed
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        where = ("--dataset", SAMPLE, "--models-dir", tmp_path / "models", "--build-dir", tmp_path / "build")
        for words in (("diff", folder, folder), ("compare", "lr-hog", "dummy")):
            done = command(*words, *where)
            assert (done.returncode, done.stderr) == (0, "")
        for words in (("site",), ("bench", "--models", "dummy")):
            done = command(*words, *where)
            assert done.returncode == 1
            assert "Traceback" not in done.stderr
            assert "Read-only file system" in done.stderr
            assert "--build-dir" in done.stderr
    finally:
        subprocess.run(["umount", tmp_path], check=True)
