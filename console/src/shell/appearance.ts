import { teller } from "../parts/told.ts";

/** Something about how pages look that is chosen once for this browser; `public/appearance.js` brings it before anything is painted. */
function choice<const Name extends string, const Usual extends string, const Other extends string>(
  name: Name,
  usual: Usual,
  others: readonly Other[],
) {
  const { tell, useTold } = teller();
  const { dataset } = document.documentElement;
  const chosen = (): Usual | Other => others.find((other) => other === dataset[name]) ?? usual;
  return {
    set: (value: Usual | Other): void => {
      if (value === usual) delete dataset[name];
      else dataset[name] = value;
      try {
        localStorage.setItem(`caracal.${name}`, value);
      } catch {
        // A browser that keeps nothing has it until the page is closed.
      }
      tell();
    },
    use: (): Usual | Other => useTold(chosen),
  };
}

export const theme = choice("theme", "system", ["light", "dark"]);

/** How close the rows of tables are. */
export const density = choice("density", "comfortable", ["compact"]);
