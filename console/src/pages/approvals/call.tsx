import type { Schema } from "../../api/client.ts";
import { Code, Facts, Id } from "../../parts/show.tsx";
import { operation } from "./asked.ts";
import { plainly } from "./plainly.ts";

const SHOWN: Readonly<Record<Schema["Shown"], string>> = {
  whole: "This is all that it carries. With anything else in it, it is another call and is held again.",
  names:
    "The tier keeps values from whoever decides: the names are those of the call, the values are not shown.",
  nothing: "The tier keeps what it carries from whoever decides. The digest tells it from every other call.",
};

/** What it carries, as text; undefined where nothing of it is there or shown. */
function carried(call: Schema["HeldCall"]): string | undefined {
  if (call.arguments !== undefined) return plainly(JSON.stringify(call.arguments, null, 2));
  return typeof call.text === "string" ? plainly(call.text) : undefined;
}

/** The one call that an approval releases. */
export function Call({ call, resource }: { call: Schema["HeldCall"]; resource: string | undefined }) {
  const text = carried(call);
  return (
    <section className="stack-small" aria-labelledby="the-call">
      <h3 id="the-call">The call that it releases, once</h3>
      <Facts
        rows={[
          [
            "Operation",
            <span key="operation" className="mono">
              {call.protocol && call.call ? `${call.protocol} ` : ""}
              {operation(call)}
            </span>,
          ],
          ...(call.call
            ? [
                [
                  "Sent as",
                  <span key="sent" className="mono">
                    {plainly(`${call.method} ${call.path}${call.query ? `?${call.query}` : ""}`)}
                  </span>,
                ] as const,
              ]
            : []),
          ...(resource
            ? [
                [
                  "Resource",
                  <span key="resource" className="mono">
                    {resource}
                  </span>,
                ] as const,
              ]
            : []),
          ...(call.media_type ? [["Kind", plainly(call.media_type)] as const] : []),
          ...(typeof call.bytes === "number"
            ? [["Body", `${call.bytes.toLocaleString()} bytes that are no text`] as const]
            : []),
          ["Digest of all it carries", <Id key="digest" of={call.digest} />],
        ]}
      />
      {text !== undefined && <Code text={text} label="What the call carries" />}
      <p className="quiet small">{SHOWN[call.shown]}</p>
    </section>
  );
}
