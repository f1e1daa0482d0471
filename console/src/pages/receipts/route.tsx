import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { AreaField, Form } from "../../parts/form.tsx";
import { Page } from "../../parts/page.tsx";
import { Badge, Code, Facts } from "../../parts/show.tsx";
import { ExactTime } from "../../parts/time.tsx";
import { type Checked, checkReceipt } from "./check.ts";

/** The longest receipt that is one: 2 MiB. */
const MAX_BYTES = 2 << 20;

function shown(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function Outcome({ of }: { of: Checked }) {
  if (!of.holds)
    return (
      <div role="alert" className="note refused">
        <strong>The receipt does not hold.</strong> {of.why}
      </div>
    );
  const taken = new Date(Number(of.entry.takenAt / 1000n)).toISOString();
  return (
    <section className="stack" aria-label="What the receipt proves">
      <div role="status" className="row">
        <Badge meaning="allowed">holds</Badge>
        <span>This entry is in the log, at this place, as it was taken.</span>
      </div>
      <Facts
        rows={[
          [
            "Log",
            <span key="log" className="mono" style={{ overflowWrap: "anywhere" }}>
              {of.origin}
            </span>,
          ],
          ["Position", `${of.entry.index} of ${of.size} entries when it was signed`],
          ["Taken at", <ExactTime key="taken" at={taken} />],
          ["Signed by", "the log"],
          ["Witnesses", of.witnesses.length === 0 ? "none of the keys given" : of.witnesses.join(", ")],
        ]}
      />
      <Code label="The entry" text={shown(of.entry.body)} />
    </section>
  );
}

/** Checks a receipt with keys that somebody believes, in the browser alone. */
export function ReceiptsPage() {
  const [receipt, setReceipt] = useState("");
  const [keys, setKeys] = useState("");
  const [found, setFound] = useState<Checked>();
  const [refused, setRefused] = useState<string>();
  const take = async (file: File | undefined) => {
    setFound(undefined);
    if (!file) return;
    setRefused(file.size > MAX_BYTES ? `${file.name} is too large to be a receipt.` : undefined);
    if (file.size <= MAX_BYTES) setReceipt(await file.text());
  };
  return (
    <Page
      title="Check a receipt"
      about="Whether an event is in the ledger as it stands in its receipt. It is worked out here, in your browser: nothing is sent, and no server has to be believed."
    >
      <div className="narrow">
        <Form
          unsaved={false}
          onSubmit={() => {
            setFound(checkReceipt(receipt, keys));
            return true;
          }}
        >
          <div className="field">
            <label htmlFor="receipt-file">File of the receipt</label>
            <input
              id="receipt-file"
              type="file"
              className="input"
              onChange={(event) => void take(event.target.files?.[0])}
            />
            {refused && <span className="wrong">{refused}</span>}
          </div>
          <AreaField
            label="Or its text"
            help="As the Audit service answers it, to the last line."
            rows={8}
            className="input mono"
            value={receipt}
            onChange={(event) => {
              setReceipt(event.target.value);
              setFound(undefined);
            }}
          />
          <AreaField
            label="Keys that you believe"
            help={
              <>
                One a line, as <code>caracald audit keys</code> prints them; those of witnesses too. Take them
                from whoever runs the deployment, not from whoever gave you the receipt.
              </>
            }
            rows={4}
            className="input mono"
            value={keys}
            onChange={(event) => {
              setKeys(event.target.value);
              setFound(undefined);
            }}
          />
          <div className="row">
            <Button
              look="main"
              type="submit"
              refused={receipt === "" ? "There is no receipt yet" : undefined}
            >
              Check it
            </Button>
          </div>
        </Form>
      </div>
      {found && <Outcome of={found} />}
    </Page>
  );
}
