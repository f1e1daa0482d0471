/** Exports: the entries of a log with checkpoints beside them. */

import { DoesNotHold, equal } from "./bytes.ts";
import { checkTrust, parseCheckpoint, type Trust } from "./checkpoint.ts";
import { type Entry, entryLeaf } from "./entry.ts";
import { Frontier, type Hash } from "./tree.ts";

/**
 * The size up to which entries and checkpoints agree.
 *
 * @throws DoesNotHold with what was found, as the page "Form of the ledger" names it
 */
export function verifyExport(
  entries: Iterable<Entry>,
  log: string,
  checkpoints: readonly Uint8Array[],
  trust: Trust,
): bigint {
  const known = new Map<bigint, Hash>();
  for (const bytes of checkpoints) {
    const { size, root, ...rest } = parseCheckpoint(bytes);
    checkTrust({ size, root, ...rest }, trust);
    const before = known.get(size);
    if (before && !equal(before, root)) {
      throw new DoesNotHold("split_view", `two different logs were signed at ${size} entries`);
    }
    known.set(size, root);
  }
  const tree = new Frontier();
  let proved = 0n;
  const compare = (): void => {
    const root = known.get(tree.size);
    if (!root) return;
    if (!equal(root, tree.root())) {
      throw new DoesNotHold(
        "forked",
        `not the log that was signed at ${tree.size} entries; it was up to ${proved}`,
      );
    }
    proved = tree.size;
  };
  compare();
  for (const entry of entries) {
    if (entry.log !== log) throw new DoesNotHold("log", `entry ${tree.size} is of another log`);
    if (entry.index !== tree.size) {
      throw new DoesNotHold("gap", `entry ${entry.index} stands where ${tree.size} is expected`);
    }
    tree.append(entryLeaf(entry));
    compare();
  }
  for (const size of known.keys()) {
    if (size > tree.size) {
      throw new DoesNotHold("truncated", `${size - tree.size} entries at the end are missing`);
    }
  }
  return proved;
}
