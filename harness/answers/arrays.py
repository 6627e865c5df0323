"""Arrow arrays to and from numpy by their buffers: pyarrow's own ways import pandas, half a second, where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # what Arrow calls them, and numpy


def texts(values: Sequence[str]) -> pa.Array:
    """An array of texts, (n,).

    >>> texts(["a", "bé"]).to_pylist()
    ['a', 'bé']
    """
    data = [value.encode("utf-8", "surrogatepass") for value in values]
    offsets = np.append(0, np.cumsum(np.fromiter(map(len, data), np.int64, len(data))))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(data))]
    long = pa.Array.from_buffers(pa.large_string(), len(data), buffers)
    return long if offsets[-1] >= 2**31 else long.cast(pa.string())


def lists(values: Sequence[Sequence[str]]) -> pa.Array:
    """An array of lists of texts, (n,)."""
    offsets = np.append(0, np.cumsum(np.fromiter(map(len, values), np.int64, len(values))))
    return pa.ListArray.from_arrays(numbers(offsets.astype(np.int32)), texts([one for own in values for one in own]))


def is_text(kind: pa.DataType) -> bool:
    """Whether an array of this type holds texts, as a dictionary or not."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def decoded(values: pa.Array) -> pa.Array:
    """The same values; a dictionary that holds a null is undone, since its nulls are not counted."""
    hidden = pa.types.is_dictionary(values.type) and values.dictionary.null_count
    return values.dictionary_decode() if hidden else values


def as_texts(values: pa.Array) -> pa.Array:
    """Values of any plain type as texts, lists as lists of texts; truth is yes or no. Raises pa.ArrowException."""
    if pa.types.is_dictionary(values.type):
        return values if is_text(values.type) else as_texts(values.dictionary_decode())
    if pa.types.is_boolean(values.type):
        return texts(["no", "yes"]).take(values.cast(pa.int8()))
    return values.cast(pa.list_(pa.string()) if pa.types.is_nested(values.type) else pa.string())


def numbers(values: npt.NDArray[Any]) -> pa.Array:
    """The same numbers, not copied."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def boolean(values: npt.NDArray[np.bool_]) -> pa.Array:
    """Truth values as Arrow has them, a bit each, (n,)."""
    bits = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def values_of(array: pa.Array, null: int = 0) -> npt.NDArray[Any]:
    """The numbers or truth values of an array, looked at where that can be; `null` in the place of nulls, (n,)."""
    if pa.types.is_boolean(array.type):
        return values_of(array.cast(pa.uint8())).view(bool)
    dtype = np.dtype(FLOATS.get(str(array.type), str(array.type)))
    if not len(array):
        return np.zeros(0, dtype)
    values = np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]
    if array.null_count:
        values = np.where(values_of(array.is_valid()), values, dtype.type(null))
    return values
