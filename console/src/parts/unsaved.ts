import { createContext, useContext, useEffect, useRef } from "react";
import { teller } from "./told.ts";

/** Something that was typed and is kept nowhere yet. It does not ask while it is sent, and when somebody gave it up. */
export type Typed = { asks: boolean };

/** All of it on the page. */
const all = new Set<Typed>();
const { tell, useTold } = teller();

/** Whether anything that was typed would be lost with the page. */
export function hasUnsaved(): boolean {
  return all.size > 0;
}

export const asks = (typed: ReadonlySet<Typed>): boolean => [...typed].some((one) => one.asks);

/** Lets it go without being asked about it. */
export function giveUp(typed: ReadonlySet<Typed> = all): void {
  for (const one of typed) one.asks = false;
}

/** What was typed within a dialog. */
export const Within = createContext<Set<Typed> | undefined>(undefined);

/** Asks before what was typed is lost, whichever way somebody goes. What is returned says so while it is sent. */
export function useUnsaved(unsaved: boolean): Typed {
  const own = useRef<Typed>({ asks: true }).current;
  const within = useContext(Within);
  useEffect(() => {
    if (!unsaved) return;
    own.asks = true;
    all.add(own);
    within?.add(own);
    tell();
    return () => {
      all.delete(own);
      within?.delete(own);
      tell();
    };
  }, [unsaved, own, within]);
  return own;
}

/** Whether anything that was typed would be lost with the page, as it changes. */
export function useAnyUnsaved(): boolean {
  return useTold(hasUnsaved);
}

/** Whether somebody is asked before they leave the page. */
export const asksToLeave = (): boolean => asks(all);
