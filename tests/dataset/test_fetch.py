"""A data set's files: read as written, refused when damaged, fetched in order."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import itertools
import math
import os
import shutil
import string
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmark import dataset
from benchmark.dataset import fetch, idx
from benchmark.disk import atomic_path
from benchmark.errors import BenchmarkError, DataError, EntryError
from tests.conftest import ROOT, SAMPLE

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = dataset.FILES


def quiet(_):
    pass


@pytest.fixture
def plain(tmp_path, sample):
    """A folder with the sample's four plain files."""
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in dataset.FILES:
        (folder / name).write_bytes(gzip.decompress((ROOT / "tests" / "data" / f"{name}.gz").read_bytes()))
    return folder


def load(folder, tmp_path, name=SAMPLE):
    return dataset.load_dataset(name, root=ROOT, data_dir=folder, cache_dir=tmp_path / "cache", report=quiet)


def test_the_sample_holds_real_images_of_every_class(sample):
    assert np.bincount(sample.train_labels).tolist() == [200] * 10
    assert np.bincount(sample.test_labels).tolist() == [100] * 10
    assert sample.image_shape == (28, 28)
    assert isinstance(sample.train_images, np.memmap)


@settings(max_examples=30)
@given(arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3)))
def test_what_is_written_is_read_back(tmp_path_factory, images):
    path = tmp_path_factory.mktemp("idx") / "images"
    dataset.write_idx(path, images)
    assert np.array_equal(dataset.read_idx(path), images)


@settings(max_examples=60)
@given(st.integers(0, 15), st.integers(0, 255))
def test_a_header_with_any_byte_changed_is_refused(tmp_path_factory, place, byte):
    path = tmp_path_factory.mktemp("idx") / "images"
    dataset.write_idx(path, np.zeros((3, 4, 5), np.uint8))
    content = bytearray(path.read_bytes())
    if content[place] == byte:
        return
    content[place] = byte
    path.write_bytes(content)
    with pytest.raises(DataError, match="images"):
        dataset.read_idx(path)


def test_the_digest_is_that_of_the_four_files_in_order(plain, tmp_path, sample):
    import hashlib

    whole = b"".join((plain / name).read_bytes() for name in dataset.FILES)
    assert load(plain, tmp_path).digest == sample.digest == hashlib.sha256(whole).hexdigest()


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def lengthened(path):
    path.write_bytes(path.read_bytes() + b"\0")


def emptied(path):
    path.write_bytes(b"")


def signed(path):
    path.write_bytes(b"\0\0\x09" + path.read_bytes()[3:])


def another_magic(path):
    path.write_bytes(b"PK\3\4" + path.read_bytes()[4:])


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncated, "length that its header says"),
        (lengthened, "length that its header says"),
        (emptied, "ends within its header"),
        (signed, "magic 0x00000903"),
        (another_magic, "magic 0x504b0304"),
    ],
)
def test_a_damaged_file_is_refused_by_name(plain, tmp_path, harm, words):
    harm(plain / IMAGES)
    with pytest.raises(DataError) as caught:
        load(plain, tmp_path)
    assert words in str(caught.value)
    assert str(plain / IMAGES) in str(caught.value)
    assert "try:" in str(caught.value)


def test_images_and_labels_exchanged_are_recognised(plain, tmp_path):
    (plain / IMAGES).rename(plain / "x")
    (plain / LABELS).rename(plain / IMAGES)
    (plain / "x").rename(plain / LABELS)
    with pytest.raises(DataError, match="seem to be swapped"):
        load(plain, tmp_path)


def test_a_label_that_is_no_class_is_refused_before_the_checksum(plain, tmp_path):
    content = bytearray((plain / LABELS).read_bytes())
    content[20] = 10
    (plain / LABELS).write_bytes(content)
    with pytest.raises(DataError, match="outside the classes(?s:.*)0 to 9(?s:.*)10 at place 12"):
        load(plain, tmp_path)


def test_fewer_labels_than_images_are_refused(plain, tmp_path):
    body = (plain / LABELS).read_bytes()[8:-1]
    (plain / LABELS).write_bytes(struct.pack(">II", 0x801, len(body)) + body)
    with pytest.raises(DataError, match="as many labels(?s:.*)2000(?s:.*)1999"):
        load(plain, tmp_path)


def test_sound_files_of_other_contents_are_refused(plain, tmp_path):
    content = bytearray((plain / IMAGES).read_bytes())
    content[5000] ^= 1
    (plain / IMAGES).write_bytes(content)
    with pytest.raises(DataError, match="not the file that SHA256SUMS describes"):
        load(plain, tmp_path)


@pytest.fixture
def packed(tmp_path):
    """A folder with the sample's four packed files."""
    return Path(shutil.copytree(ROOT / "tests" / "data", tmp_path / "packed"))


@pytest.mark.parametrize(
    "harm", [lambda content: b"no gzip at all", lambda content: content[:-20], lambda content: b""]
)
def test_a_damaged_gzip_file_is_refused(packed, tmp_path, harm):
    path = packed / f"{IMAGES}.gz"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(DataError, match=r"gz (is damaged|ends within its header)"):
        load(packed, tmp_path)
    assert not list((tmp_path / "cache").rglob("*idx*"))


def pack(path, shape, body):
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, *shape) + body))


@pytest.mark.parametrize(
    ("shape", "body", "found"),
    [
        ((2**30, 32, 32), bytes(1000), "bytes, packed"),  # 2**40 bytes
        ((2**32 - 1,) * 3, b"", "bytes, packed"),
        ((100_000, 28, 28), bytes(78_400_000), "bytes, packed"),  # nothing but zeros
        ((20, 28, 28), bytes(50_000_000), "more"),
        ((3000, 28, 28), bytes(2000 * 784), "bytes"),
        ((2000, 0, 28), b"", "a length of 0"),
    ],
    ids=["2**40", "2**96", "zeros", "longer", "shorter", "empty"],
)
def test_a_packed_file_is_unpacked_as_far_as_its_header_says_and_only_if_that_is_plausible(
    packed, tmp_path, monkeypatch, shape, body, found
):
    written = []
    monkeypatch.setattr(idx, "atomic_path", lambda path: counted(path, written))
    pack(packed / f"{IMAGES}.gz", shape, body)
    with pytest.raises(DataError, match=f"gz does not have the length that its header says(?s:.*)found: .*{found}\n"):
        load(packed, tmp_path)
    assert sum(written) <= 16 + math.prod(shape) % 2**24
    assert not list((tmp_path / "cache").rglob("*idx*"))


@contextlib.contextmanager
def counted(path, written):
    with atomic_path(path) as partial:
        try:
            yield partial
        finally:
            written.append(partial.stat().st_size)


@settings(max_examples=30)
@given(st.data())
def test_four_files_of_which_any_byte_was_changed_are_read_or_refused(tmp_path_factory, data):
    home = tmp_path_factory.mktemp("fuzzed") / "data" / "mine"
    write_small(home)
    load_mine(home, accept=True)
    for name in data.draw(st.sets(st.sampled_from(dataset.FILES), max_size=2)):
        (home / f"{name}.gz").write_bytes(gzip.compress((home / name).read_bytes(), mtime=0))
        (home / name).unlink()
    path = data.draw(st.sampled_from(sorted(home.iterdir())))
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for accept in (False, True):
        with contextlib.suppress(BenchmarkError):
            assert load_mine(home, accept=accept).n_train == 8


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match=SAMPLE):
        dataset.find_entry("cifar")


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not hold the data set"):
        load(tmp_path, tmp_path)


def test_when_no_source_answers_all_that_was_tried_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise DataError("no answer")

    monkeypatch.setattr(fetch, "download", refuse)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    entry = dataset.find_entry("fashion-mnist")
    (tmp_path / entry.home).mkdir(parents=True)
    shutil.copy(ROOT / entry.home / "SHA256SUMS", tmp_path / entry.home)
    with pytest.raises(DataError) as caught:
        fetch.fetch(entry, root=tmp_path, cache_dir=tmp_path / "cache", report=quiet)
    for words in (*entry.urls, entry.debian_package, "not available here: there is no apt-get", "--data-dir"):
        assert words in str(caught.value)
    assert [path.name for path in (tmp_path / entry.home).iterdir()] == ["SHA256SUMS"]


def test_the_first_source_that_has_the_right_files_is_taken(tmp_path, monkeypatch):
    from dataclasses import replace

    def give(url, folder, _):
        for name in dataset.FILES:
            source = (ROOT / "tests" / "data" / f"{name}.gz").read_bytes()
            (folder / f"{name}.gz").write_bytes(source if "good" in url else source[:-9])

    monkeypatch.setattr(fetch, "download", give)
    entry = replace(dataset.find_entry(SAMPLE), home="home", urls=("http://bad/", "http://good/"))
    (tmp_path / "home").mkdir()
    shutil.copy(ROOT / "tests" / "data" / "SHA256SUMS", tmp_path / "home")
    said = []
    folder = fetch.fetch(entry, root=tmp_path, cache_dir=tmp_path / "cache", report=said.append)
    assert folder == tmp_path / "home"
    assert any("not from there" in line for line in said)
    assert dataset.read_idx(folder / IMAGES).shape == (2000, 28, 28)


def test_a_subset_is_stratified_and_has_a_digest_of_its_own(sample, tmp_path):
    part = dataset.subset(sample, 300, 50, cache_dir=tmp_path)
    again = dataset.subset(sample, 300, 50, cache_dir=tmp_path / "other")
    assert np.bincount(part.train_labels).tolist() == [30] * 10
    assert np.bincount(part.test_labels).tolist() == [5] * 10
    assert part.digest == again.digest != sample.digest
    assert part.profile == "quick"


ENTRY = dataset.DatasetEntry("mine", "Mine", ("a", "b"), "CC0", "here")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Mine"}, "lower-case letters"),
        ({"name": "figures"}, "none of assets, cite, datasets, figures"),
        ({"licence": ""}, "a title, a licence and a source"),
        ({"name": 5}, "lower-case letters"),
        ({"class_names": "ab"}, "a list or tuple of str"),
        ({"class_names": {"a", "b"}}, "a list or tuple of str"),  # another order in each run
        ({"class_names": {"a": 1, "b": 2}}, "a list or tuple of str"),
        ({"class_names": (name for name in "ab")}, "a list or tuple of str"),
        ({"class_names": 5}, "a list or tuple of str"),
        ({"families": None}, "a dict of titles"),
        ({"families": [("all", ("a",))]}, "a dict of titles"),
        ({"families": {"all": "ab"}}, "a dict of titles"),
        ({"families": {1: ("a",)}}, "a dict of titles"),
        ({"families": {"\ud800": ("a",)}}, "a dict of titles"),
        ({"urls": "http://here"}, "a list or tuple of addresses"),
        ({"urls": (5,)}, "a list or tuple of addresses"),
        ({"urls": ("file:///etc/",)}, "a list or tuple of addresses"),
        ({"urls": ("http://[::1/",)}, "a list or tuple of addresses"),
        ({"home": 5}, "of which a path can be made"),
        ({"home": "a\0b"}, "of which a path can be made"),
        ({"debian_package": 5}, "of which a path can be made"),
        ({"class_names": ("a",)}, "2 to 62 classes(?s:.*)1"),
        ({"class_names": tuple(f"c{i}" for i in range(63))}, "2 to 62 classes(?s:.*)63"),
        ({"name": "docs"}, "none of assets, cite, datasets, figures"),
        ({"name": "cache"}, "none of assets, cite, datasets, figures"),
        ({"name": "con"}, "a device of Windows"),
        ({"title": 5}, "a title, a licence and a source"),
        ({"source": "half a character: \udc80"}, "a title, a licence and a source"),
        ({"class_names": ("a b", "a\nb")}, "class names that differ"),
        ({"class_names": ("a", " ")}, "none of them empty"),
        ({"class_names": ("a", "\udc80")}, "none of them empty"),
        ({"families": {"all": ("a", "c")}}, "families of classes(?s:.*)'c'"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_mends_it(wrong, words):
    dataset.check_dataset_entry(ENTRY)
    with pytest.raises(EntryError, match=words) as caught:
        dataset.check_dataset_entry(dataclasses.replace(ENTRY, **wrong))
    assert "try:" in str(caught.value)


@pytest.mark.parametrize(
    "names",
    [tuple(string.digits + string.ascii_letters), tuple("おきすつなはまやれを"), ("猫", "犬"), ("T-shirt", "t shirt")],
)
def test_classes_have_the_names_that_their_data_set_gives_them(names):
    dataset.check_dataset_entry(dataclasses.replace(ENTRY, class_names=names))


def test_every_entry_of_the_table_is_sound():
    for entry in dataset.DATASETS.values():
        dataset.check_dataset_entry(entry)


def write_small(home):
    """Write eight images of 5 x 4 pixels in two classes, twice."""
    for seed, (images, labels) in enumerate((dataset.FILES[:2], dataset.FILES[2:])):
        dataset.write_idx(home / images, np.random.default_rng(seed).integers(0, 256, (8, 5, 4)).astype(np.uint8))
        dataset.write_idx(home / labels, np.arange(8, dtype=np.uint8) % 2)


@pytest.fixture
def mine(tmp_path):
    """A data set of one's own, in the place that its name gives it, not accepted yet."""
    home = tmp_path / "data" / "mine"
    write_small(home)
    return home


def load_mine(home, entry=None, **more):
    root = home.parents[1]
    return dataset.load_dataset(
        "mine", root=root, cache_dir=root / "cache", report=quiet, datasets={"mine": entry or ENTRY}, **more
    )


def test_a_data_set_is_its_files_once_they_are_accepted(mine):
    with pytest.raises(DataError, match="are not recorded(?s:.*)ACCEPT=1"):
        load_mine(mine)
    assert load_mine(mine, accept=True).image_shape == (5, 4)
    assert len((mine / "SHA256SUMS").read_text().splitlines()) == 4
    assert load_mine(mine).n_test == 8


def test_nobody_is_told_to_remove_a_file_that_cannot_be_fetched_again(mine):
    load_mine(mine, accept=True)
    dataset.write_idx(mine / LABELS, np.arange(1, 9, dtype=np.uint8) % 2)
    with pytest.raises(DataError, match="put the right file in its place(?s:.*)ACCEPT=1 if it is meant") as caught:
        load_mine(mine)
    assert "rm " not in str(caught.value)


def draw_pictures(home, first=0):
    from PIL import Image

    for number, (part, name, i) in enumerate(itertools.product(("train", "test"), "ab", range(3))):
        (home / part / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 5), first + number).save(home / part / name / f"{i}.png")
    return home


def test_a_folder_of_pictures_is_converted_once_and_again_when_a_picture_changes(tmp_path):
    home = draw_pictures(tmp_path / "data" / "mine")
    first = load_mine(home, accept=True)
    assert first.train_images[:, 0, 0].tolist() == list(range(6))
    written = (tmp_path / "cache" / "mine" / IMAGES).stat().st_mtime_ns
    for path in home.rglob("*"):
        os.utime(path)
    assert load_mine(home).digest == first.digest
    assert (tmp_path / "cache" / "mine" / IMAGES).stat().st_mtime_ns == written
    (home / "test" / "b" / "1.png").unlink()
    with pytest.raises(DataError, match="SHA256SUMS"):
        load_mine(home)


def replaced_picture(home):
    shutil.copy(home / "train" / "b" / "2.png", home / "train" / "a" / "1.png")
    return home / "train" / "a" / "1.png"


def replaced_gzip(home):
    path = home / f"{IMAGES}.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[20] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    return path


@pytest.mark.parametrize("replace_file", [replaced_picture, replaced_gzip])
def test_a_source_that_was_replaced_by_an_older_one_is_read_again(tmp_path, replace_file):
    home = draw_pictures(tmp_path / "data" / "mine")
    if replace_file is replaced_gzip:
        shutil.rmtree(home)
        write_small(home)
        for name in dataset.FILES:
            (home / f"{name}.gz").write_bytes(gzip.compress((home / name).read_bytes()))
            (home / name).unlink()
    before = load_mine(home, accept=True)
    os.utime(replace_file(home), (1, 1))
    with pytest.raises(DataError, match="not the file that SHA256SUMS describes(?s:.*)ACCEPT=1 if it is meant"):
        load_mine(home)
    after = load_mine(home, accept=True)
    assert after.digest != before.digest
    assert load_mine(home).digest == after.digest


def test_the_pictures_of_another_folder_are_read_however_old_they_are(tmp_path):
    home = draw_pictures(tmp_path / "data" / "mine")
    other = draw_pictures(tmp_path / "other", first=100)
    for path in [*other.rglob("*"), other]:
        os.utime(path, (1, 1))
    first = load_mine(home, accept=True)
    with pytest.raises(
        DataError, match="SHA256SUMS(?s:.*)make data DATASET=mine ACCEPT=1 DATA_DIR=.*other if it is meant"
    ):
        load_mine(home, data_dir=other)
    assert load_mine(home, data_dir=other, accept=True).train_images[0, 0, 0] == 100
    assert load_mine(home, accept=True).digest == first.digest


@pytest.mark.parametrize("name", [*dataset.FILES, "made-of.json"])
def test_a_conversion_that_was_altered_or_is_not_whole_is_made_again(tmp_path, name):
    home = draw_pictures(tmp_path / "data" / "mine")
    first = load_mine(home, accept=True)
    path = tmp_path / "cache" / "mine" / name
    for content in (b"", b"[]", b'{"source": 1}', path.read_bytes()[:-1] + b"\0", None):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        assert load_mine(home, accept=True).digest == first.digest == load_mine(home).digest


def test_a_subset_that_was_altered_is_drawn_again(sample, tmp_path):
    part = dataset.subset(sample, 300, 50, cache_dir=tmp_path)
    path = Path(part.train_images.filename)
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    assert dataset.subset(sample, 300, 50, cache_dir=tmp_path).digest == part.digest


def test_a_subset_keeps_as_many_images_of_a_rare_class_as_a_data_set_must_have(tmp_path):
    home = tmp_path / "data" / "mine"
    entry = replace(ENTRY, class_names=("a", "b", "rare"))
    for seed, (images, labels, n, n_rare) in enumerate(((*dataset.FILES[:2], 450, 3), (*dataset.FILES[2:], 150, 1))):
        truth = np.repeat(np.arange(3, dtype=np.uint8), (n, n, n_rare))
        dataset.write_idx(
            home / images, np.random.default_rng(seed).integers(0, 256, (len(truth), 2, 2)).astype(np.uint8)
        )
        dataset.write_idx(home / labels, truth)
    part = dataset.subset(load_mine(home, entry, accept=True), 60, 20, cache_dir=tmp_path)
    assert np.bincount(part.train_labels).tolist() in ([29, 28, 3], [28, 29, 3])
    assert np.bincount(part.test_labels).tolist() in ([10, 9, 1], [9, 10, 1])


def test_pictures_are_read_again_when_the_classes_change_places(tmp_path):
    from PIL import Image

    home = tmp_path / "data" / "mine"
    for part, name, i in itertools.product(("train", "test"), "ab", range(3)):
        (home / part / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 5), 10 * i).save(home / part / name / f"{i}.png")
    assert load_mine(home, accept=True).train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    turned = replace(ENTRY, class_names=("b", "a"))
    assert load_mine(home, turned, accept=True).train_labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_a_folder_of_ones_own_is_mended_by_hand_for_nothing_is_fetched_into_it(plain, tmp_path):
    for damage in (
        lambda path: None,
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.unlink(),
    ):
        damage(plain / LABELS)
        with pytest.raises(DataError, match=r"put (the right file in its place: |it into )/\S+$") as error:
            load(plain, tmp_path, "fashion-mnist")
        assert "make data" not in str(error.value)


def test_a_packed_file_of_other_contents_is_named_and_not_what_it_was_unpacked_to(tmp_path):
    folder = tmp_path / "given"
    shutil.copytree(ROOT / "tests" / "data", folder)
    with gzip.open(folder / f"{IMAGES}.gz") as stream:
        content = bytearray(stream.read())
    content[-1] ^= 1
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match=f"given/{IMAGES}.gz is not the file that SHA256SUMS describes"):
        load(folder, tmp_path)


# ------------------------------------------------------------------------------- how other archives lay out the files
def dotted(home, name):
    (home / name).rename(home / name.replace("-idx", ".idx"))


def dotted_and_packed(home, name):
    (home / f"{name.replace('-idx', '.idx')}.gz").write_bytes(gzip.compress((home / name).read_bytes()))
    (home / name).unlink()


def boxed(home, name):
    (home / name).rename(home / "inner")
    (home / name).mkdir()
    (home / "inner").rename(home / name / name)


def dotted_and_boxed(home, name):
    boxed(home, name)
    dotted(home / name, name)


@pytest.mark.parametrize("lay", [dotted, dotted_and_packed, boxed, dotted_and_boxed])
@pytest.mark.parametrize("names", [dataset.FILES, dataset.FILES[1:2]], ids=["all", "one"])
def test_files_are_found_under_the_names_that_archives_give_them(mine, lay, names):
    first = load_mine(mine, accept=True)
    for name in names:
        lay(mine, name)
    assert load_mine(mine).digest == first.digest
    assert load_mine(mine, data_dir=mine, accept=True).digest == first.digest


def test_a_bad_file_in_a_folder_of_its_name_is_named_with_a_remedy_that_works(mine):
    entry = replace(ENTRY, urls=("http://nowhere/",))
    boxed(mine, LABELS)
    (mine / LABELS / LABELS).write_text("x")
    (mine / "SHA256SUMS").write_text("".join(f"{64 * '0'}  {name}\n" for name in dataset.FILES))
    with pytest.raises(DataError, match=f"{LABELS}/{LABELS} ends within its header") as caught:
        load_mine(mine, entry)
    assert "".join(map(str, caught.value.remedy)) == f"rm -r {mine / LABELS} && make data"


def test_an_empty_folder_in_the_place_of_a_file_that_is_to_be_fetched_is_named(mine):
    (mine / LABELS).unlink()
    (mine / LABELS).mkdir()
    with pytest.raises(
        DataError, match=f"{LABELS} is a folder(?s:.*)a folder with nothing(?s:.*)rm -r .*{LABELS} && make data"
    ):
        load_mine(mine, replace(ENTRY, urls=("http://nowhere/",)), accept=True)


@pytest.mark.parametrize("name", [LABELS, f"{LABELS}.gz", "train"])
def test_a_link_to_nothing_is_named_as_such(mine, name):
    (mine / LABELS).unlink()
    (mine / name).symlink_to("../annex/x")
    with pytest.raises(
        DataError, match=f"{name} is a link to what is not there(?s:.*)a link to ../annex/x(?s:.*)git annex get"
    ):
        load_mine(mine, accept=True)


def test_where_files_of_other_names_lie_they_are_listed(tmp_path, mine):
    for name in dataset.FILES:
        (mine / name).rename(mine / f"emnist-{name}")
    for where in ({}, {"data_dir": mine}):
        with pytest.raises(DataError, match="found: .*emnist-t10k-images-idx3-ubyte, emnist-t10k-labels-idx1-ubyte"):
            load_mine(mine, accept=True, **where)


def test_what_lacks_one_of_the_files_that_are_fetched_is_fetched_again(mine, monkeypatch):
    kept = {name: gzip.compress((mine / name).read_bytes()) for name in dataset.FILES}
    monkeypatch.setattr(fetch, "download", lambda _, to, __: [(to / f"{n}.gz").write_bytes(c) for n, c in kept.items()])
    first = load_mine(mine, accept=True)
    (mine / LABELS).unlink()
    assert load_mine(mine, replace(ENTRY, urls=("http://good/",))).digest == first.digest
    assert (mine / LABELS).is_file()


def test_packed_files_in_the_place_of_fetched_ones_are_unpacked_beside_them_once_they_are_verified(mine):
    entry = replace(ENTRY, urls=("http://nowhere/",))
    load_mine(mine, accept=True)
    for name in dataset.FILES:
        (mine / f"{name}.gz").write_bytes(gzip.compress((mine / name).read_bytes()))
        (mine / name).unlink()
    load_mine(mine, entry)
    assert all((mine / name).is_file() for name in dataset.FILES)


def test_a_plain_file_beside_a_packed_one_of_other_contents_is_not_accepted(mine):
    (mine / f"{IMAGES}.gz").write_bytes(gzip.compress((mine / IMAGES).read_bytes()))
    load_mine(mine, accept=True)
    replaced_gzip(mine)
    with pytest.raises(DataError, match=f"{IMAGES} and .*{IMAGES}.gz hold different contents"):
        load_mine(mine, accept=True)


def test_labels_that_begin_at_1_are_told_from_wrong_ones_with_what_mends_them(mine):
    for name in (LABELS, TEST_LABELS):
        dataset.write_idx(mine / name, np.arange(8, dtype=np.uint8) % 2 + 1)
    with pytest.raises(DataError, match="begin at 1(?s:.*)0 to 1(?s:.*)1 to 2(?s:.*)make data DATASET=mine CONVERT=1"):
        load_mine(mine, accept=True)
    assert load_mine(mine, accept=True, convert=True).train_labels.tolist() == [0, 1] * 4


def test_training_images_that_are_all_equal_are_no_data_set(mine):
    for value in (0, 255):
        dataset.write_idx(mine / IMAGES, np.full((8, 5, 4), value, np.uint8))
        with pytest.raises(DataError, match=f"8 training images that are all equal(?s:.*)from {value} to {value}"):
            load_mine(mine, accept=True)
    assert not (mine / "SHA256SUMS").exists()


def test_checksums_that_mark_binary_files_or_use_capitals_are_read(mine):
    load_mine(mine, accept=True)
    path = mine / "SHA256SUMS"
    rows = [line.split() for line in path.read_text().splitlines()]
    path.write_text("".join(f"{sha256.upper()} *{name}\r\n" for sha256, name in rows))
    assert load_mine(mine).n_train == 8


def test_damaged_checksums_of_ones_own_data_are_mended_by_accepting_it(mine):
    load_mine(mine, accept=True)
    for content in (b"<<<<<<< HEAD\n", b"\xff\n", b"", b"a b c\n"):
        (mine / "SHA256SUMS").write_bytes(content)
        with pytest.raises(DataError, match="SHA256SUMS(?s:.*)try: +make data DATASET=mine ACCEPT=1"):
            load_mine(mine)
    assert load_mine(mine, accept=True).digest == load_mine(mine).digest


def test_a_class_with_too_few_images_is_refused(mine):
    dataset.write_idx(mine / LABELS, np.array([0, 0, 0, 0, 0, 0, 1, 1], dtype=np.uint8))
    with pytest.raises(DataError, match="too few training images of the class 'b'(?s:.*)3 or more of each class"):
        load_mine(mine, accept=True)
    dataset.write_idx(mine / LABELS, np.arange(8, dtype=np.uint8) % 2)
    dataset.write_idx(mine / TEST_LABELS, np.zeros(8, dtype=np.uint8))
    with pytest.raises(DataError, match="too few test images of the class 'b'"):
        load_mine(mine, accept=True)
    assert not (mine / "SHA256SUMS").exists()


def test_the_summary_counts_each_class(sample):
    text = dataset.format_summary(dataset.summary(sample))
    assert "2,000 training and 1,000 test images of 28 x 28" in text
    assert sample.digest in text
