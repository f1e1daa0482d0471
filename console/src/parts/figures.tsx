import type { ReactNode } from "react";

/** A number or a state with its name, and what makes it mean something. */
export type Figure = { readonly name: string; readonly value: ReactNode; readonly more?: ReactNode };

/** A few of them in a line, to be read at a glance. */
export function Figures({ of }: { of: readonly Figure[] }) {
  return (
    <dl className="figures">
      {of.map(({ name, value, more }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
