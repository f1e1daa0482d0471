import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Code } from "./show.tsx";

/** A secret that is shown this once, with what it is used with, as lines of an environment. */
export function NewSecret({
  of,
  about,
  environment,
  onClose,
}: {
  of: string;
  about: string;
  environment: Readonly<Record<string, string>>;
  onClose: () => void;
}) {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  return (
    <Dialog title={`Secret of ${of}`} onClose={onClose}>
      <p>{about}</p>
      <Code label="Environment" text={lines.join("")} />
      <div className="row">
        <Button look="main" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
