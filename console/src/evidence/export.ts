/** Exports: the entries of a log with checkpoints beside them. */

import { DoesNotHold, equal } from "./bytes.ts";
import { checkTrust, parseCheckpoint, type Trust } from "./checkpoint.ts";
import { type Entry, entryLeaf } from "./entry.ts";
import { checkPruneTrust, type Prune, parsePrune, permits } from "./prune.ts";
import { Frontier, type Hash } from "./tree.ts";

/** The leaves of entries whose bodies were pruned, from `index` on. */
export interface PrunedEntries {
  readonly log: string;
  readonly index: bigint;
  readonly leaves: readonly Hash[];
}

/** Goes on behind the prune checkpoint, unless that would leave something out. */
function skipPruned(tree: Frontier, prune: Prune, known: ReadonlyMap<bigint, Hash>): void {
  const [kept] = prune.kept;
  if (kept) throw new DoesNotHold("missing", `entry ${kept.start} is held, and missing`);
  for (const size of known.keys()) {
    if (size > 0n && size < prune.size) {
      throw new DoesNotHold("unproved", `what was signed at ${size} entries lies in the pruned part`);
    }
  }
  tree.restore(prune.size, prune.peaks);
}

/**
 * The size up to which entries and checkpoints agree.
 *
 * @throws DoesNotHold with what was found, as the page "Form of the ledger" names it
 */
export function verifyExport(
  entries: Iterable<Entry | PrunedEntries>,
  log: string,
  checkpoints: readonly Uint8Array[],
  trust: Trust,
  pruned?: Uint8Array,
): bigint {
  const prune = pruned && parsePrune(pruned);
  if (prune) checkPruneTrust(prune, trust);
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
  if (prune) {
    if (!equal(known.get(prune.size) ?? prune.root, prune.root)) {
      throw new DoesNotHold("split_view", `two different logs were signed at ${prune.size} entries`);
    }
    known.set(prune.size, prune.root);
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
    if (prune && tree.size === 0n && !("leaves" in entry) && entry.index === prune.size) {
      skipPruned(tree, prune, known);
      compare();
    }
    if (entry.index !== tree.size) {
      throw new DoesNotHold("gap", `entry ${entry.index} stands where ${tree.size} is expected`);
    }
    if (!("leaves" in entry)) {
      tree.append(entryLeaf(entry));
      compare();
      continue;
    }
    for (const leaf of entry.leaves) {
      if (!prune || !permits(prune, tree.size)) {
        throw new DoesNotHold("missing", `entry ${tree.size} is missing without a prune checkpoint`);
      }
      tree.append(leaf);
      compare();
    }
  }
  for (const size of known.keys()) {
    if (size > tree.size) {
      throw new DoesNotHold("truncated", `${size - tree.size} entries at the end are missing`);
    }
  }
  return proved;
}
