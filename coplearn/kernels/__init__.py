"""Compiled loops over plain arrays.

What a kernel may assume about its arrays:

- every array is C-contiguous and has the dtype that the docstring names; nobody converts inside;
- positions, not labels: authors, words and windows are integers from 0, and -1 says "not there";
- sizes agree and indices are in range, because the calling module has checked them once;
- nothing is missing: rows that could not be used were dropped, and counted, before the call;
- arrays called ``out`` (or named in a ``NamedTuple`` of results) are given by the caller and overwritten.

A kernel keeps the symbols of its paper, draws no random numbers of its own, and shares its file with every
function that it calls, since numba's cache does not notice an edit in another file.
"""
