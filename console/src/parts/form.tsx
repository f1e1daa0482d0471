import {
  type FormEvent,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { Problem } from "../api/problem.ts";
import { useUnsaved } from "./unsaved.ts";

type Shared = { label: string; help?: ReactNode; wrong?: string | undefined };

function Around({ id, label, help, wrong, children }: Shared & { id: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {help && (
        <span className="help" id={`${id}-help`}>
          {help}
        </span>
      )}
      {wrong && (
        <span className="wrong" id={`${id}-wrong`}>
          {wrong}
        </span>
      )}
    </div>
  );
}

function described(id: string, { help, wrong }: Shared): string | undefined {
  const ids = [help && `${id}-help`, wrong && `${id}-wrong`].filter(Boolean);
  return ids.length > 0 ? ids.join(" ") : undefined;
}

/** A line of text with its label, help and what is wrong with it. */
export function TextField({ label, help, wrong, ...rest }: Shared & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Around id={id} label={label} help={help} wrong={wrong}>
      <input
        {...rest}
        id={id}
        className="input"
        aria-invalid={wrong ? true : undefined}
        aria-describedby={described(id, { label, help, wrong })}
      />
    </Around>
  );
}

/** Several lines of text. */
export function AreaField({
  label,
  help,
  wrong,
  ...rest
}: Shared & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Around id={id} label={label} help={help} wrong={wrong}>
      <textarea
        spellCheck={false}
        {...rest}
        id={id}
        className="input"
        aria-invalid={wrong ? true : undefined}
        aria-describedby={described(id, { label, help, wrong })}
      />
    </Around>
  );
}

/** One of a few. */
export function SelectField({
  label,
  help,
  wrong,
  options,
  ...rest
}: Shared &
  SelectHTMLAttributes<HTMLSelectElement> & {
    options: ReadonlyArray<readonly [value: string, label: string]>;
  }) {
  const id = useId();
  return (
    <Around id={id} label={label} help={help} wrong={wrong}>
      <select
        {...rest}
        id={id}
        className="input"
        aria-invalid={wrong ? true : undefined}
        aria-describedby={described(id, { label, help, wrong })}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Around>
  );
}

/** Yes or no. */
export function CheckField({ label, help, ...rest }: Shared & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="field">
      <div className="choice">
        <input {...rest} type="checkbox" id={id} aria-describedby={described(id, { label, help })} />
        <label htmlFor={id}>{label}</label>
      </div>
      {help && (
        <span className="help" id={`${id}-help`}>
          {help}
        </span>
      )}
    </div>
  );
}

/** One of two or three, each with what it means. */
export function ChoiceField<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: ReadonlyArray<readonly [value: Value, label: string, help?: string | undefined]>;
  onChange: (value: Value) => void;
}) {
  const id = useId();
  return (
    <fieldset className="field">
      <legend>{label}</legend>
      {options.map(([one, text, help]) => (
        <div key={one} className="choice">
          <input
            type="radio"
            id={`${id}-${one}`}
            name={id}
            checked={one === value}
            aria-describedby={help && `${id}-${one}-help`}
            onChange={() => onChange(one)}
          />
          <div>
            <label htmlFor={`${id}-${one}`}>{text}</label>
            {help && (
              <div className="help" id={`${id}-${one}-help`}>
                {help}
              </div>
            )}
          </div>
        </div>
      ))}
    </fieldset>
  );
}

/** What is wrong with the field at `path`. */
export function wrongAt(error: unknown, ...paths: string[]): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  return error.issues.find((issue) => paths.includes(issue.path))?.message;
}

/** What went wrong, above the fields; it is read out and scrolled to. */
export function FormProblem({ error }: { error: unknown }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) box.current?.focus();
  }, [error]);
  if (!error) return null;
  return (
    <div ref={box} tabIndex={-1} role="alert" className="note refused">
      {error instanceof Error ? error.message : "Something went wrong."}
      {error instanceof Problem && error.requestId && (
        <div className="small">
          Request <span className="mono">{error.requestId}</span>
        </div>
      )}
    </div>
  );
}

/**
 * A form that never loses what was typed: it asks before somebody goes on without sending it. What `onSubmit` tells is whether it
 * went well.
 */
export function Form({
  onSubmit,
  unsaved,
  children,
}: {
  onSubmit: () => boolean | Promise<boolean>;
  /** Whether there is something to lose, where that is not told by whether anybody typed; false where nobody would miss it. */
  unsaved?: boolean | undefined;
  children: ReactNode;
}) {
  const [touched, setTouched] = useState(false);
  const own = useUnsaved(unsaved ?? touched);
  return (
    <form
      className="stack"
      noValidate
      onInput={() => {
        own.asks = true;
        setTouched(true);
      }}
      onSubmit={async (event: FormEvent) => {
        event.preventDefault();
        // What is sent well often leads to another page, which is nothing to ask about.
        own.asks = false;
        if (await onSubmit()) setTouched(false);
        else own.asks = true;
      }}
    >
      {children}
    </form>
  );
}
