"""The metrics that processes have, as the handbook's generated page lists them."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/src/operate/metrics.md"


def unknown(text):
    """The metrics of Caracal and of its processes that `text` names and no process has, in order."""
    known = PAGE.read_text()
    for metric in sorted(set(re.findall(r"\b((?:caracal|process)_[a-z_]+)\b", text))):
        family = re.sub(r"_(bucket|count|sum)$", "", metric)
        if f"`{metric}`" not in known and f"`{family}`" not in known:
            yield metric
