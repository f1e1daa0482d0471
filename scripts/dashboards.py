#!/usr/bin/env python3
"""Grafana's dashboards: one source for Grafana, the chart and the handbook.

Usage: dashboards.py write|check|try PROMETHEUS_URL
`write` makes infra/observability/dashboards/*.json and the handbook's page anew; `check` fails when they are stale, or when a
panel reads a metric that no process has; `try` asks a Prometheus that scrapes a stack in use for every query, and fails when one
is wrong, or says nothing where a stack in use must say something."""

import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from known_metrics import unknown

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "infra/observability/dashboards"
PAGE = ROOT / "docs/src/operate/dashboards.md"
RATE = "$__rate_interval"
# How long a Prometheus may take to have looked twice.
WITHIN_SECONDS = 60


class Panel:
    """A question, and the queries that answer it as (PromQL, legend). `quiet`: a healthy stack may have nothing to show."""

    def __init__(self, title, unit, *queries, about="", kind="timeseries", wide=8, quiet=False):
        self.title, self.unit, self.queries, self.about = title, unit, queries, about
        self.kind, self.wide, self.quiet = kind, wide, quiet


def quantile(q, metric, by=""):
    return f"histogram_quantile({q}, sum by (le{', ' + by if by else ''}) (rate({metric}_bucket{{job=~\"$job\"}}[{RATE}])))"


def rate(metric, by="", match=""):
    inner = f'sum{" by (" + by + ")" if by else ""} (rate({metric}{{job=~"$job"{", " + match if match else ""}}}[{RATE}]))'
    return inner


def now(function, metric, by="", match=""):
    return f'{function}{" by (" + by + ")" if by else ""} ({metric}{{job=~"$job"{", " + match if match else ""}}})'


DASHBOARDS = {
    "overview": ("Caracal: overview", "Does it decide, does it prove, does it stop at once?", [
        Panel("Are processes up?", "none", (now("count", "caracal_build_info", "version"), "{{version}}"), kind="stat",
              about="Processes by version. Two versions for longer than an upgrade takes is a rollout that stopped."),
        Panel("May decisions be made?", "bool", (now("min", "caracal_revocations_fresh"), "fresh"), kind="stat",
              about="0: a process does not know what ended, and refuses everything."),
        Panel("How long until an end is in force?", "s", (quantile(0.99, "caracal_revocation_lag_seconds"), "p99"), kind="stat",
              quiet=True),
        Panel("How many governed calls?", "reqps", (rate("caracal_gateway_requests_allowed_total"), "allowed"),
              (rate("caracal_gateway_requests_denied_total"), "refused"), wide=12),
        Panel("Why were calls refused?", "reqps", (rate("caracal_gateway_denials_total", "reason"), "{{reason}}"), wide=12, quiet=True),
        Panel("Which requests fail?", "reqps", (rate("caracal_http_requests_total", "role, status", 'status=~"5.."'), "{{role}} {{status}}"),
              wide=12, quiet=True),
        Panel("How late is evidence?", "s", (quantile(0.5, "caracal_audit_lag_seconds"), "p50"),
              (quantile(0.99, "caracal_audit_lag_seconds"), "p99"), wide=12),
    ]),
    "governed-path": ("Caracal: the governed path", "From an agent's request to its upstream's answer: where does time go, where does it end?", [
        Panel("How long does the STS take?", "s", (quantile(0.5, "caracal_http_request_duration_seconds", "route"), "p50 {{route}}"),
              (quantile(0.99, "caracal_http_request_duration_seconds", "route"), "p99 {{route}}"), wide=12),
        Panel("What does the STS answer?", "reqps", (rate("caracal_sts_exchanges_total", "class, outcome"), "{{class}} {{outcome}}"), wide=12),
        Panel("How long does a Gateway wait for the STS?", "s", (quantile(0.5, "caracal_gateway_sts_exchange_seconds"), "p50"),
              (quantile(0.99, "caracal_gateway_sts_exchange_seconds"), "p99")),
        Panel("How long do upstreams take?", "s", (quantile(0.5, "caracal_gateway_upstream_response_seconds"), "p50"),
              (quantile(0.99, "caracal_gateway_upstream_response_seconds"), "p99")),
        Panel("How do upstreams fail?", "reqps", (rate("caracal_gateway_upstream_errors_total", "reason"), "{{reason}}"), quiet=True),
        Panel("Which logins fail?", "reqps", (rate("caracal_sts_login_failures_total", "reason"), "{{reason}}"), quiet=True),
        Panel("How many streams run?", "none", (now("sum", "caracal_gateway_streams"), "open")),
        Panel("Is a circuit open?", "bool", (now("max", "caracal_gateway_sts_circuit_open"), "STS"), kind="stat", quiet=True),
        Panel("Which limits are reached?", "reqps", (rate("caracal_http_limited_total", "limit"), "{{limit}}"), quiet=True),
        Panel("What starts and ends?", "ops", (rate("caracal_coordinator_sessions_started_total", "lifecycle"), "started {{lifecycle}}"),
              (rate("caracal_coordinator_sessions_ended_total", "cause"), "ended: {{cause}}"),
              (rate("caracal_coordinator_delegations_ended_total", "cause"), "delegation: {{cause}}"), wide=16),
        Panel("Does the token of zone keys answer?", "bool", (now("min", "caracal_zone_keys_token_up", "instance"), "{{instance}}"), kind="stat",
              quiet=True, about="0: zones whose signing key is in the token get no mandates. Nothing where keys are sealed."),
        Panel("How long does the token take to sign?", "s", (quantile(0.5, "caracal_zone_keys_token_sign_seconds"), "p50"),
              (quantile(0.99, "caracal_zone_keys_token_sign_seconds"), "p99"), wide=16, quiet=True),
        Panel("When does the first certificate for upstreams end?", "s", (now("min", "caracal_zones_client_certificate_left_seconds"), "left"), kind="stat",
              quiet=True, about="Of zones in use. The log of the STS names zone and provider of what ends within 14 days."),
    ]),
    "evidence": ("Caracal: evidence", "From a decision to a signed checkpoint: where does it wait?", [
        Panel("How many events?", "ops", (rate("caracal_events_spool_appended_total"), "spooled"),
              (rate("caracal_events_spool_drained_total"), "handed over"), (rate("caracal_audit_inserts_total"), "in the ledger"), wide=12),
        Panel("How full are the spools?", "percentunit",
              ('max by (instance) (caracal_events_spool_disk_bytes{job=~"$job"} / caracal_events_spool_capacity_bytes{job=~"$job"})', "{{instance}}"), wide=12),
        Panel("How old is what waits?", "s", (now("max", "caracal_events_spool_oldest_age_seconds", "instance"), "spool {{instance}}"),
              (now("max", "caracal_events_outbox_oldest_age_seconds", "instance"), "outbox {{instance}}")),
        Panel("How long is the stream?", "none", (now("max", "caracal_events_audit_stream_entries"), "entries"),
              (now("max", "caracal_events_audit_stream_bound"), "bound"), quiet=True),
        Panel("Are checkpoints signed?", "ops", (rate("caracal_audit_checkpoints_total"), "published"),
              (rate("caracal_audit_unpublished_total", "reason"), "not: {{reason}}")),
        Panel("What must somebody look at?", "none", (now("sum", "caracal_audit_put_aside_total", "reason"), "put aside: {{reason}}"),
              (now("sum", "caracal_audit_mismatches_total"), "other content"),
              (now("sum", "caracal_events_spool_quarantined_total"), "quarantined"),
              (now("sum", "caracal_events_outbox_dead_rows"), "outbox, put aside"), quiet=True),
        Panel("Does a zone wait?", "none", (now("max", "caracal_audit_zones_waiting"), "zones")),
        Panel("Is a previous key still needed?", "none", (now("max", "caracal_events_spool_segments_under_previous"), "spool"),
              (now("max", "caracal_audit_frames_under_previous"), "stream")),
    ]),
    "stores": ("Caracal: stores", "PostgreSQL, Redis and the disks, as the processes see them", [
        Panel("How many connections are used?", "percentunit",
              ('max by (instance, pool) (sum by (instance, pool) (caracal_storage_connections{job=~"$job", state="used"})'
               ' / on (instance, pool) caracal_storage_connections_limit{job=~"$job"})', "{{instance}} {{pool}}"), wide=12),
        Panel("Who asks the database?", "ops", (rate("caracal_storage_statements_total", "purpose"), "{{purpose}}"), wide=12,
              about="Statements of requests must not grow with governed calls."),
        Panel("Who gave way?", "ops", (rate("caracal_storage_contention_total", "outcome"), "{{outcome}}"), quiet=True),
        Panel("Were connections to the bus lost?", "ops", (rate("caracal_events_connection_losses_total"), "lost"), quiet=True),
        Panel("How fresh are zones?", "s", (now("max", "caracal_zones_oldest_age_seconds"), "oldest"),
              (now("max", "caracal_revocations_age_seconds"), "ends")),
        Panel("How much disk is free?", "percentunit",
              ('min by (instance, place) (caracal_disk_free_bytes{job=~"$job"} / caracal_disk_size_bytes{job=~"$job"})', "{{instance}} {{place}}"), wide=12),
        Panel("What does the outbox do?", "ops", (rate("caracal_events_outbox_published_total", "topic"), "{{topic}}"),
              (rate("caracal_events_outbox_retried_total", "topic"), "again: {{topic}}"), wide=12, quiet=True),
    ]),
    "capacity": ("Caracal: capacity", "How far is it to the next machine?", [
        Panel("How much CPU?", "none", (f'sum by (instance) (rate(process_cpu_seconds_total{{job=~"$job"}}[{RATE}]))', "{{instance}}"), wide=12),
        Panel("How much CPU for a call?", "s",
              (f'sum(rate(process_cpu_seconds_total{{job=~"$job"}}[{RATE}])) / sum(rate(caracal_gateway_requests_total{{job=~"$job"}}[{RATE}]))',
               "CPU seconds"), wide=12, quiet=True),
        Panel("How much memory?", "bytes", (now("max", "process_resident_memory_bytes", "instance"), "{{instance}}")),
        Panel("How many descriptors?", "percentunit",
              ('max by (instance) (process_open_fds{job=~"$job"} / process_max_fds{job=~"$job"})', "{{instance}}")),
        Panel("How many zones in memory?", "none", (now("max", "caracal_zones_in_memory", "instance"), "{{instance}}")),
        Panel("Which connections are refused?", "ops", (rate("caracal_connections_refused_total", "reason"), "{{reason}}"), quiet=True),
        Panel("Are log lines lost?", "ops", (rate("caracal_log_lines_lost_total", "reason"), "{{reason}}"), quiet=True),
        Panel("How many live tails?", "none", (now("sum", "caracal_tails_open"), "open"), quiet=True),
    ]),
}

HEAD = """# Dashboards

<!-- handbook: stack=embedded
-->

<!-- handbook:run
cat > prometheus.yml <<'YML'
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: caracal
    static_configs: [{ targets: ["127.0.0.1:3000"] }]
YML
prometheus --config.file prometheus.yml --storage.tsdb.path data --web.listen-address 127.0.0.1:9099 >prometheus.log 2>&1 &
"$CHECKOUT"/scripts/first-call.sh >/dev/null
python3 "$CHECKOUT"/scripts/dashboards.py try http://127.0.0.1:9099
-->

The page is made by `scripts/dashboards.py write`, as are the dashboards in `infra/observability/dashboards`. In Grafana: *Dashboards →
Import*, and choose the Prometheus that scrapes Caracal. With Helm, `dashboards.enabled` puts them where Grafana's sidecar looks. Each
panel's title is the question that it answers; every query is asked of a Prometheus that scrapes a running stack when the checks
run.

"""


def dashboard(name):
    title, about, panels = DASHBOARDS[name]
    made, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(panels, 1):
        tall = 5 if panel.kind == "stat" else 8
        if x + panel.wide > 24:
            x, y, row = 0, y + row, 0
        row = max(row, tall)
        unit = "short" if panel.unit in ("none", "bool") else panel.unit
        made.append({
            "id": number, "title": panel.title, "description": panel.about, "type": panel.kind,
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "gridPos": {"h": tall, "w": panel.wide, "x": x, "y": y},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {"fillOpacity": 10} if panel.kind == "timeseries" else {}},
                            "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
            if panel.kind == "timeseries" else {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "value_and_name"},
            "targets": [{"refId": chr(64 + at), "expr": expr, "legendFormat": legend,
                         "datasource": {"type": "prometheus", "uid": "${datasource}"}}
                        for at, (expr, legend) in enumerate(panel.queries, 1)],
        })
        x += panel.wide
    return {
        "uid": f"caracal-{name}", "title": title, "description": about, "tags": ["caracal"], "schemaVersion": 39, "version": 1,
        "editable": True, "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-1h", "to": "now"}, "timezone": "",
        "links": [{"type": "dashboards", "tags": ["caracal"], "title": "Caracal", "tooltip": "", "icon": "external link", "asDropdown": True,
                   "targetBlank": False, "includeVars": True, "keepTime": True}],
        "templating": {"list": [
            {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
            {"name": "job", "label": "Job", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
             "query": {"query": "label_values(caracal_build_info, job)", "refId": "job"},
             "includeAll": True, "multi": True, "allValue": "caracal.*", "refresh": 2, "current": {"text": "All", "value": "$__all"}},
        ]},
        "panels": made,
    }


def page():
    out = [HEAD]
    for name, (title, about, panels) in DASHBOARDS.items():
        out.append(f"## {title.removeprefix('Caracal: ').capitalize()}\n\n{about} (`{name}.json`)\n\n| Question | Read from |\n|---|---|\n")
        for panel in panels:
            read = sorted(set(re.findall(r"\b((?:caracal|process)_[a-z_]+)\b", " ".join(expr for expr, _ in panel.queries))))
            read = [re.sub(r"_bucket$", "", metric) for metric in read]
            out.append(f"| {panel.title} | {', '.join(f'`{metric}`' for metric in read)} |\n")
        out.append("\n")
    return "".join(out).rstrip() + "\n"


def text(name):
    return json.dumps(dashboard(name), indent=1, ensure_ascii=False) + "\n"


def faults():
    for name in DASHBOARDS:
        file = PLACE / f"{name}.json"
        if not file.exists() or file.read_text() != text(name):
            yield f"{file.relative_to(ROOT)} is stale: scripts/dashboards.py write"
        for metric in unknown(text(name)):
            yield f"{name}: no process has {metric}"
    for file in PLACE.glob("*"):
        if file.stem not in DASHBOARDS:
            yield f"{file.relative_to(ROOT)} is nobody's"
    if not PAGE.exists() or PAGE.read_text() != page():
        yield "docs/src/operate/dashboards.md is stale: scripts/dashboards.py write"


def answers(prometheus):
    for name, (_, _, panels) in DASHBOARDS.items():
        for panel in panels:
            said = 0
            for expr, _ in panel.queries:
                asked = expr.replace(RATE, "1m").replace("$job", "caracal.*")
                url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": asked})
                try:
                    with urllib.request.urlopen(url, timeout=10) as answer:
                        said += len(json.load(answer)["data"]["result"])
                except urllib.error.HTTPError as error:
                    yield f"{name}: {panel.title} {error.read().decode()}"
                except urllib.error.URLError as error:
                    yield f"{name}: {panel.title} {error.reason}"
            if said == 0 and not panel.quiet:
                yield f"{name}: {panel.title} Nothing of a stack in use answers it"


def tell(found):
    for fault in found:
        print(f"dashboards: {fault}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write"]:
            PLACE.mkdir(parents=True, exist_ok=True)
            for name in DASHBOARDS:
                (PLACE / f"{name}.json").write_text(text(name))
            PAGE.write_text(page())
        case ["check"]:
            tell(list(faults()))
        case ["try", prometheus]:
            # It may have just been started: a rate needs two looks at the stack.
            for _ in range(WITHIN_SECONDS):
                found = list(answers(prometheus))
                if not found:
                    break
                time.sleep(1)
            tell(found)
        case _:
            sys.exit(__doc__)
