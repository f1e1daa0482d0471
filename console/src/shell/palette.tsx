import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { zonesQuery } from "../pages/zones/queries.ts";
import { Dialog } from "../parts/dialog.tsx";
import { OF_DEPLOYMENT, OF_ZONE } from "./places.ts";

type Choice = { key: string; label: string; where: string; words: string; href: string };

/** What of the choices has every word that was typed. */
function matching(choices: ReadonlyArray<Choice>, typed: string): ReadonlyArray<Choice> {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((choice) => {
    const text = `${choice.label} ${choice.where} ${choice.words}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Goes to a page, a zone, or the events of a request whose id was pasted. */
export function Palette({ zone, onClose }: { zone: string | undefined; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const zones = useQuery(zonesQuery).data?.items ?? [];
  const navigate = useNavigate();
  const id = useId();

  const all: Choice[] = [
    ...(zone
      ? OF_ZONE.flatMap(({ group, places }) =>
          places.map((place) => ({
            key: place.to,
            label: place.label,
            where: group,
            words: place.words ?? "",
            href: place.to.replace("$zone", encodeURIComponent(zone)),
          })),
        )
      : []),
    ...OF_DEPLOYMENT.map((place) => ({
      key: place.to,
      label: place.label,
      where: "Deployment",
      words: place.words ?? "",
      href: place.to,
    })),
    ...zones.map((one) => ({
      key: one.id,
      label: one.name,
      where: "Zone",
      words: one.slug,
      href: `/z/${encodeURIComponent(one.id)}`,
    })),
  ];
  const found = [...matching(all, typed)].slice(0, 12);
  const pasted = typed.trim();
  if (zone && /^[\w.:-]{8,128}$/.test(pasted)) {
    found.push({
      key: "request",
      label: `Events of request ${pasted}`,
      where: "Audit",
      words: "",
      href: `/z/${encodeURIComponent(zone)}/audit?request=${encodeURIComponent(pasted)}`,
    });
  }
  const chosen = Math.min(at, found.length - 1);
  const go = (choice: Choice | undefined) => {
    if (!choice) return;
    onClose();
    void navigate({ href: choice.href });
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div className="palette stack-small">
        <input
          className="input"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
          aria-label="Page, zone or request id"
          placeholder="Page, zone or request id"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") setAt((chosen + 1) % Math.max(found.length, 1));
            else if (event.key === "ArrowUp") setAt((chosen + found.length - 1) % Math.max(found.length, 1));
            else if (event.key === "Enter") go(found[chosen]);
            else return;
            event.preventDefault();
          }}
        />
        <div role="listbox" id={`${id}-list`} aria-label="Places">
          {found.map((choice, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above
            // biome-ignore lint/a11y/useFocusableInteractive: the field above keeps the focus
            <div
              key={choice.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onClick={() => go(choice)}
            >
              <bdi>{choice.label}</bdi>
              <span className="quiet small">{choice.where}</span>
            </div>
          ))}
        </div>
        {found.length === 0 && <p className="quiet">Nothing is called that.</p>}
      </div>
    </Dialog>
  );
}
