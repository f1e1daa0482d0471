import { teller } from "../parts/told.ts";

/** Whose session ended while something was typed that would be lost with the page. */
let ended: string | undefined;
const { tell, useTold } = teller();

/** Notes whose session ended; undefined once somebody is signed in again. */
export function noteEnded(account: string | undefined): void {
  ended = account;
  tell();
}

/** Whose session has ended, as far as somebody typed in it. */
export const endedAccount = (): string | undefined => ended;

export function useEnded(): string | undefined {
  return useTold(endedAccount);
}
