#!/usr/bin/env python3
"""The handbook's reference of every route, from the OpenAPI documents.

Usage: api_reference.py write|check
`write` makes docs/src/reference/api/ROLE.md anew from docs/openapi/ROLE.json; `check` fails when one is stale."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = ROOT / "docs/openapi"
# Whose paths belong to upstreams, or to the console's pages.
IN_THE_REPOSITORY = {"gateway", "web"}
PAGES = ROOT / "docs/src/reference/api"
METHODS = ("get", "head", "post", "put", "patch", "delete")
# Answers that nearly every route has, said once at the head of a page.
GENERAL = {"default"}


def cell(text):
    """Text as it stands in a cell of a table."""
    return " ".join(str(text or "").split()).replace("|", "\\|")


class Document:
    """One role's document, with what its pages need to know of schemas."""

    def __init__(self, path):
        self.role = path.stem
        self.whole = json.loads(path.read_text())
        self.schemas = self.whole.get("components", {}).get("schemas", {})
        self.responses = self.whole.get("components", {}).get("responses", {})
        self.shown = set()

    def named(self, schema):
        return schema.get("$ref", "").rpartition("/schemas/")[2]

    def properties(self, schema):
        """Property -> (schema, whether it is required), those of composed schemas included."""
        if "$ref" in schema:
            return self.properties(self.schemas[self.named(schema)])
        found = {}
        for part in schema.get("allOf", []):
            found.update(self.properties(part))
        required = set(schema.get("required", []))
        found.update((name, (of, name in required)) for name, of in schema.get("properties", {}).items())
        return found

    def has_section(self, name):
        """Whether the schema is shown by itself; a word, a number or a list of them is shown where it is used."""
        schema = self.schemas[name]
        return bool(self.properties(schema)) or "oneOf" in schema or "anyOf" in schema

    def kind(self, schema):
        """What a schema takes, in a few words; a link where it has a section."""
        name = self.named(schema)
        if name:
            if self.has_section(name):
                self.shown.add(name)
                return f"[`{name}`](#{name.lower()})"
            return self.kind(self.schemas[name])
        if "const" in schema:
            return f"`{schema['const']}`"
        if "enum" in schema:
            return " or ".join(f"`{word}`" for word in schema["enum"])
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return " or ".join(dict.fromkeys(self.kind(part) for part in schema[word]))
        if "allOf" in schema:
            return " with ".join(self.kind(part) for part in schema["allOf"])
        types = schema.get("type", "any")
        types = [types] if isinstance(types, str) else types
        return " or ".join(self.plain(of, schema) for of in types)

    def plain(self, of, schema):
        if of == "array":
            return f"list of {self.kind(schema.get('items', {}))}"
        if of == "object" and isinstance(schema.get("additionalProperties"), dict):
            return f"map of {self.kind(schema['additionalProperties'])}"
        least, most = (schema.get(key) for key in (("minLength", "maxLength") if of == "string" else ("minimum", "maximum")))
        unit = " characters" if of == "string" else ""
        bounds = ""
        if most is not None:
            bounds = f", {least or 0:,} to {most:,}{unit}"
        elif least:
            bounds = f", {least:,} or more{unit}"
        form = {"date-time": " (RFC 3339)", "uri": " (URI)"}.get(schema.get("format"), "")
        return f"{of}{form}{bounds}"

    def meaning(self, schema):
        """What the schema says of itself where it is used, or else of its own."""
        name = self.named(schema)
        inner = next((part for part in schema.get("oneOf", []) if "description" in part), {})
        text = schema.get("description") or inner.get("description")
        if not text and name and not self.has_section(name):
            text = self.schemas[name].get("description")
        default = f" `{json.dumps(schema['default'])}` when absent." if "default" in schema else ""
        return cell(text) + default

    def table(self, schema):
        rows = ["| member | takes | |", "|---|---|---|"]
        for name, (of, required) in self.properties(schema).items():
            rows.append(f"| `{name}`{'' if required else '?'} | {cell(self.kind(of))} | {self.meaning(of)} |")
        return rows

    def answer(self, response):
        """What of an answer is said in a row: its codes where it is an error, else its body."""
        response = self.responses[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        codes, kinds = [], []
        for media, content in response.get("content", {}).items():
            schema = content.get("schema", {})
            for part in schema.get("allOf", []):
                codes += part.get("properties", {}).get("error", {}).get("enum", [])
            if not codes:
                kind = self.kind(schema)
                kinds.append(kind if media == "application/json" else f"{kind} (`{media}`)" if schema else f"`{media}`")
        return " ".join(f"`{code}`" for code in sorted(set(codes))) or " or ".join(kinds) or cell(response.get("description"))

    def operation(self, method, path, of):
        lines = [f"### {of['summary'].rstrip('.')}", "", f"`{method.upper()} {path}`", ""]
        if of.get("description"):
            lines += [" ".join(of["description"].split()), ""]
        parameters = of.get("parameters", [])
        if parameters:
            lines += ["| parameter | takes | |", "|---|---|---|"]
            for one in parameters:
                schema = one.get("schema", {})
                said = cell(one.get("description")) or self.meaning(schema)
                mark = "" if one.get("required") else "?"
                lines.append(f"| `{one['name']}`{mark} ({one['in']}) | {cell(self.kind(schema))} | {said} |")
            lines.append("")
        for media, content in of.get("requestBody", {}).get("content", {}).items():
            schema = content.get("schema", {})
            optional = "" if of["requestBody"].get("required") else ", which may be absent"
            if self.properties(schema):
                lines += [f"The body is `{media}`{optional}:", "", *self.table(schema), ""]
            else:
                lines += [f"The body is `{media}`{optional}: {self.kind(schema)}.", ""]
        lines += ["| answer | |", "|---|---|"]
        lines += [f"| {status} | {self.answer(answer)} |" for status, answer in of["responses"].items() if status not in GENERAL]
        return lines + [""]

    def page(self):
        info = self.whole["info"]
        here = self.role in IN_THE_REPOSITORY
        served = "which the role does not serve" if here else "which the role serves at `/openapi.json`"
        lines = [
            f"# {info['title']}: every route",
            "",
            f"Made by `scripts/api_reference.py write` from `docs/openapi/{self.role}.json`, {served}.",
            "A name with `?` may be absent. What an error code means is in [error codes](../error-codes.md); a status that is not listed",
            "has the same form.",
            "",
        ]
        by_tag = {}
        for path, routes in self.whole["paths"].items():
            for method in METHODS:
                if method in routes:
                    of = routes[method]
                    by_tag.setdefault(of["tags"][0], []).append((method, path, of))
        for tag in (tag["name"] for tag in self.whole["tags"]):
            if tag in by_tag:
                lines += [f"## {tag.replace('_', ' ').capitalize()}", ""]
                for route in by_tag[tag]:
                    lines += self.operation(*route)
        lines += self.sections()
        return "\n".join(lines).rstrip() + "\n"

    def sections(self):
        """Every schema that something on the page points at, and what those point at in turn."""
        made = {}
        while self.shown - made.keys():
            for name in sorted(self.shown - made.keys()):
                schema = self.schemas[name]
                lines = [f"### `{name}`", ""]
                if schema.get("description"):
                    lines += [" ".join(schema["description"].split()), ""]
                if self.properties(schema):
                    lines += [*self.table(schema), ""]
                for part in schema.get("oneOf", schema.get("anyOf", [])):
                    said = self.meaning(part)
                    if self.named(part) or not self.properties(part):
                        lines.append(f"- {self.kind(part)}{': ' + said if said else ''}")
                    else:
                        lines += [f"- {said or 'Either'}", "", *self.table(part), ""]
                made[name] = [*lines, ""]
        return ["## Schemas", ""] + [line for name in sorted(made) for line in made[name]] if made else []


def main():
    if sys.argv[1:] not in (["write"], ["check"]):
        sys.exit(__doc__)
    pages = {path.stem: Document(path).page() for path in sorted(DOCUMENTS.glob("*.json"))}
    there = {path.stem: path.read_text() for path in PAGES.glob("*.md")} if PAGES.exists() else {}
    if sys.argv[1] == "check":
        stale = sorted(name for name in pages.keys() | there.keys() if pages.get(name) != there.get(name))
        if stale:
            sys.exit(f"stale in docs/src/reference/api: {', '.join(stale)}; make them anew with scripts/api_reference.py write")
        return
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - pages.keys():
        (PAGES / f"{name}.md").unlink()
    for name, page in pages.items():
        (PAGES / f"{name}.md").write_text(page)


if __name__ == "__main__":
    main()
