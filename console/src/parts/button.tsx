import type { ButtonHTMLAttributes } from "react";

type Look = "main" | "danger" | "plain" | "usual";

/**
 * A button that says what happens. Where it may not be pressed it stays readable and says why, instead of being hidden.
 */
export function Button({
  look = "usual",
  refused,
  busy = false,
  className = "",
  onClick,
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; refused?: string | undefined; busy?: boolean }) {
  const off = refused !== undefined || busy;
  return (
    <button
      type="button"
      {...rest}
      className={`button ${look} ${className}`}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      title={refused ?? rest.title}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {children}
    </button>
  );
}
