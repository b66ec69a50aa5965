"""What was found when data were checked: findings with a code, a level and a sentence.

An error (E..) stops the construction of a community; a warning (W..) and a note (N..) travel with it.
Whatever a repair changed or dropped is counted here, so that nothing is lost silently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd

__all__ = ["Finding", "Report", "ValidationError"]

LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to know about the data: `code` names the rule, `count` the rows or members it touches."""

    code: str
    level: str
    table: str
    count: int
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.level}: {self.message}"


@dataclass(frozen=True, eq=False)
class Report:
    """Findings and row counts of one check.

    Attributes
    ----------
    findings : tuple of Finding
        Errors first, then warnings and notes.
    rows : dict of str to tuple of int
        For each table the rows given and the rows kept.
    """

    findings: tuple[Finding, ...]
    rows: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, findings: Iterable[Finding], rows: dict[str, tuple[int, int]]) -> Report:
        return cls(tuple(sorted(findings, key=lambda f: LEVELS.index(f.level))), rows)

    @property
    def codes(self) -> list[str]:
        """The codes found, in order of appearance."""
        return list(dict.fromkeys(f.code for f in self.findings))

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.level == "error")

    @property
    def dropped(self) -> dict[str, int]:
        """Rows that were given and are not in the community, by table."""
        return {name: given - kept for name, (given, kept) in self.rows.items() if given > kept}

    def table(self) -> pd.DataFrame:
        """A frame with one row a finding: code, level, table, count, message."""
        return pd.DataFrame([vars(f) for f in self.findings], columns=["code", "level", "table", "count", "message"])

    def __len__(self) -> int:
        return len(self.findings)

    def __repr__(self) -> str:
        if not self.findings:
            return "Report: nothing to remark"
        return "\n".join(str(f) for f in self.findings)

    def _repr_html_(self) -> str:
        if not self.findings:
            return "<p>Nothing to remark.</p>"
        lines = "".join(
            f"<tr><td>{f.code}</td><td>{f.level}</td><td>{f.table}</td>"
            f"<td style='text-align:left'>{escape(f.message)}</td></tr>"
            for f in self.findings
        )
        return f"<table><tr><th>code</th><th>level</th><th>table</th><th>finding</th></tr>{lines}</table>"


class ValidationError(ValueError):
    """The data break a rule; `report` holds every finding, the message the errors."""

    def __init__(self, name: str, report: Report) -> None:
        self.report = report
        lines = "\n".join(f"  {finding}" for finding in report.errors)
        count = len(report.errors)
        super().__init__(f"community {name!r} breaks {count} rule{'s' if count > 1 else ''}:\n{lines}")
