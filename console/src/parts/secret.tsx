import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Code } from "./show.tsx";

/** A text that is shown this once. */
export function ShownOnce({
  title,
  about,
  label,
  text,
  onClose,
}: {
  title: string;
  about: string;
  label: string;
  text: string;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{about}</p>
      <Code label={label} text={text} />
      <div className="row">
        <Button look="main" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

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
    <ShownOnce
      title={`Secret of ${of}`}
      about={about}
      label="Environment"
      text={lines.join("")}
      onClose={onClose}
    />
  );
}
