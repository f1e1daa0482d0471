#!/usr/bin/env python3
"""The handbook's page of alerts, made from the rules that Prometheus loads.

Usage: alerts.py print|check
`print` writes the page to standard output; `check` fails when docs/src/operate/alerts.md is another one, when an alert
lacks what a runbook needs or is not tested both ways, or when a rule reads a metric that no process has.
Reads the few forms of YAML that alerts.yml is written in, so that it needs nothing but Python.
"""

import pathlib
import re
import sys

from known_metrics import unknown

ROOT = pathlib.Path(__file__).resolve().parent.parent
RULES = ROOT / "infra/observability/alerts.yml"
TESTS = ROOT / "infra/observability/alerts.test.yml"
PAGE = ROOT / "docs/src/operate/alerts.md"
HEAD = """# Alerts

The page is made by `scripts/alerts.py print` from `infra/observability/alerts.yml`. Load that file into Prometheus
(`rule_files`), scrape each process under a job whose name begins with `caracal`, and give `METRICS_BEARER` as the
scrape's credentials outside `dev`. A process that serves several roles is one target: every listener shows the same metrics.

```yaml
rule_files: [alerts.yml]
scrape_configs:
  - job_name: caracal
    authorization: { credentials_file: /etc/prometheus/caracal-metrics-bearer }
    static_configs:
      - targets: ["sts:8080", "gateway:8081", "coordinator:4000", "api:3000", "audit:9090"]
```

`critical` wakes somebody, `warning` is for working hours. Each alert is shown to fire, and to stay silent, by
`promtool test rules infra/observability/alerts.test.yml`. The objectives at the top are yours to change, with the
numbers in the rules; an alert that protects evidence or revocation should not be.

"""


def alerts():
    """Each alert as (group, name, its fields and annotations by name)."""
    group, found, field = "", [], None
    for line in RULES.read_text().splitlines():
        text = line.strip()
        if match := re.match(r"- name: (\S+)", text):
            group = match[1]
        elif match := re.match(r"- (alert|record): (\S+)", text):
            found.append((group, match[2], {})) if match[1] == "alert" else None
            field = None if match[1] == "record" else "alert"
        elif field and (match := re.match(r"(\w+):(?: (.*))?$", text)) and not text.startswith(("or ", "and ")):
            field, value = match[1], match[2] or ""
            found[-1][2][field] = "" if value in (">-", "|-") else value
        elif field and text and not text.startswith("#"):
            found[-1][2][field] = (found[-1][2][field] + " " + text).strip()
    return found


def page():
    out, group = [HEAD], None
    for of, name, fields in alerts():
        if of != group:
            group = of
            out.append(f"## {of.removeprefix('caracal-').capitalize()}\n\n")
        severity = re.search(r"severity: ([\w-]+)", fields["labels"])[1]
        component = re.search(r"component: ([\w-]+)", fields["labels"])[1]
        lasts = f", after {fields['for']}" if "for" in fields else ""
        out.append(f"### {name}\n\n`{severity}` for {component}{lasts}.\n\n{fields['description']}\n\n")
        out.append(f"**Do:** {fields['action']}\n\n```promql\n{fields['expr']}\n```\n\n")
    return "".join(out).rstrip() + "\n"


def faults():
    tests, rules = TESTS.read_text(), RULES.read_text()
    for _, name, fields in alerts():
        for wanted in ("expr", "labels", "summary", "description", "action", "runbook_url"):
            if not fields.get(wanted):
                yield f"{name} has no {wanted}"
        if fields.get("runbook_url") != f"docs/src/operate/alerts.md#{name.lower()}":
            yield f"{name} does not lead to its runbook"
        for way in ("fires", "is silent"):
            if f"- name: {name} {way}\n" not in tests:
                yield f"{name} {way}: not tested"
    for metric in unknown(re.sub(r"#.*", "", rules)):
        yield f"no process has {metric}"
    if not PAGE.exists() or PAGE.read_text() != page():
        yield "docs/src/operate/alerts.md is stale: scripts/alerts.py print > docs/src/operate/alerts.md"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["print"]:
            sys.stdout.write(page())
        case ["check"]:
            found = list(faults())
            for fault in found:
                print(f"alerts: {fault}", file=sys.stderr)
            sys.exit(1 if found else 0)
        case _:
            sys.exit(__doc__)
