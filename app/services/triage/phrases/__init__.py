"""The words of triage, one file per language, all written for Aftersale.

`PHRASES`: per intent a phrase a line, its weight before it: 4 says it outright, 3 nearly, 2 hints, 1 is a touch; below
zero speaks against it; `no` rules the intent out ("don't cancel"). `GROUPS`: words used as `@name`. The signs are
explained in `wording.py`.
"""
