import io
import resource
import struct
import warnings
import zipfile

import numpy as np
import pytest

from tactful.data.arrays import load_arrays
from tactful.errors import DataError

WEIGHTS = np.linspace(-1, 1, 300)


def load(path, *names):
    return load_arrays(path, names or ("weights",), what="model", again="train it again")


def npy(header, data=bytes(64)):
    """An array whose header says anything."""
    said = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said + data


def said(dtype, shape):
    return npy(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}")


def saved(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zipped(path, *members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive, warnings.catch_warnings(action="ignore"):
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_arrays_read_back_as_they_were_saved(tmp_path):
    np.savez_compressed(tmp_path / "m", weights=WEIGHTS, more=np.array([1, 2]))
    read = load(tmp_path / "m.npz", "more", "weights")
    assert list(read) == ["more", "weights"]
    assert np.array_equal(read["weights"], WEIGHTS)


@pytest.mark.parametrize(
    "array",
    [
        WEIGHTS.astype("U8"),
        WEIGHTS.astype("S8"),
        WEIGHTS.astype(complex),
        WEIGHTS.astype(np.longdouble),
        WEIGHTS.astype(int).astype("M8[s]"),
        np.zeros(3, dtype=[("a", "f8")]),
        np.array([0.0, np.nan]),
        np.array(-np.inf),
        np.array([1e12]),
    ],
    ids=lambda array: str(array.dtype),
)
def test_what_is_no_finite_number_is_refused(array, tmp_path):
    with pytest.raises(
        DataError, match=r"'weights' holds something else than numbers of 8 bytes below 1e\+12"
    ):
        load(zipped(tmp_path / "m", ("weights.npy", saved(array))))


@pytest.mark.parametrize(
    "content",
    [
        said("'<f8'", "(1000000000000,)"),
        said("'<f8'", "(4611686018427387904, 8)"),
        said("'<f8'", "(-1,)"),
        said("'<f8'", "(" + "1," * 100 + ")"),
        said("'|i1'", "(90000000000,)"),
        said("'|V2147483647'", "()"),
        said("'<U500000000'", "()"),
        said("('<f8', (1000000, 1000))", "(1,)"),
        said("'|O'", "(1,)"),
        npy("(" * 5000 + ")" * 5000),
        npy("import os"),
        npy("{}"),
        b"\x93NUMPY\x09\x00" + bytes(64),
        b"hello",
        b"",
        saved(WEIGHTS)[:200],
    ],
)
def test_a_header_that_lies_is_refused_in_one_sentence(content, tmp_path):
    with pytest.raises(DataError) as refused:
        load(zipped(tmp_path / "m", ("weights.npy", content)))
    assert str(refused.value).startswith(f"{tmp_path / 'm'}: is no model (")
    assert str(refused.value).endswith("; train it again")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (6, b"\xc8\x00"),  # the version needed to unpack it
        (8, b"\x01\x00"),  # encrypted
        (10, b"\x63\x00"),  # a method that there is not
        (16, b"\x01\x02\x03\x04"),  # the sum of its bytes
        (24, b"\x0a\x00\x00\x00"),  # its size: too small
        (24, b"\xf0\xff\xff\xff"),  # its size: 4 GB
        (42, b"\xff\xff\xff\x7f"),  # where it begins
    ],
)
def test_a_damaged_list_of_members_is_refused_in_one_sentence(field, value, tmp_path):
    path = zipped(tmp_path / "m", ("weights.npy", saved(WEIGHTS)))
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02") + field
    content[at : at + len(value)] = value
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is no model \(.*; train it again$"):
        load(path)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_bytes_are_refused_in_one_sentence(seed, tmp_path):
    path = zipped(tmp_path / "m", ("weights.npy", saved(WEIGHTS)))
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(60, len(content), size=8):
        content[at] = rng.integers(256)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"^[^\n]*; train it again$"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 torn", b"\x80\x04K\x01.", saved(WEIGHTS)])
def test_what_is_no_npz_is_refused(content, tmp_path):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(DataError, match=r"m: is no model \(File is not a zip file\); train it again"):
        load(tmp_path / "m")


def test_a_missing_array_is_named(tmp_path):
    with pytest.raises(DataError, match="the array 'bias' is missing"):
        load(zipped(tmp_path / "m", ("weights.npy", saved(WEIGHTS))), "weights", "bias")


def test_of_two_members_with_one_name_the_last_counts_and_others_are_not_looked_at(tmp_path):
    good = ("weights.npy", saved(WEIGHTS))
    read = load(zipped(tmp_path / "m", ("weights.npy", b"x"), ("else.txt", b"x"), good))
    assert np.array_equal(read["weights"], WEIGHTS)


@pytest.mark.slow
def test_what_says_less_than_it_unpacks_to_is_cut_there(tmp_path):
    began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = tmp_path / "bomb"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("weights.npy", "w", force_zip64=True) as member,
    ):
        member.write(said("'<f8'", "(50000000,)"))
        for _ in range(100):
            member.write(bytes(1 << 20))
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 1000)
    path.write_bytes(content)
    with pytest.raises(DataError, match="is no model"):
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began < 50_000  # KB


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack_are_refused(method, tmp_path):
    with pytest.raises(DataError, match="packed by a method that npz does not know"):
        load(zipped(tmp_path / "m", ("weights.npy", saved(WEIGHTS)), method=method))
