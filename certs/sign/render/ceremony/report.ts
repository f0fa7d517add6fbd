import { concat, toUtf8 } from "../../../../proto/bytes.ts";
import { DIFFERENCE_CLASSES, type DifferenceClass } from "../../../../proto/difference.ts";
import type { Ceremony } from "../../../ceremony/ceremony.ts";
import { toMissing } from "../../../ceremony/complete.ts";
import { SIGNED_FILES } from "../../../ceremony/sign.ts";
import { type CeremonyView, verifyCeremony } from "../../../ceremony/verify.ts";
import type { ApproverKey } from "../../../keys.ts";
import { toCanonicalBytes } from "../../../trust/json.ts";
import { parseMetadata, ROLE_NAMES, type RoleName } from "../../../trust/metadata.ts";
import type { Caps, Person, Policy } from "../../../trust/policy.ts";
import { toFingerprint } from "../fingerprint.ts";
import type { CeremonyReport, HoldersView, KeysView, KeyView, Pair, PersonView, SignaturesView } from "./view.ts";
import { toTrustWarnings } from "./warnings.ts";

const CAPS = [
  "cardChangesPerDay",
  "merchantsPerBindingRelease",
  "directivesPerBindingRelease",
  "directivesPerRelease",
] as const satisfies readonly (keyof Caps)[];

/**
 * What a ceremony would make of the trust there is, old beside new, from the very bytes that are signed. `now` in seconds.
 *
 * @throws TillsyncError whatever `verifyCeremony` throws
 */
export function toCeremonyReport(ceremony: Ceremony, now: number): CeremonyReport {
  const view = verifyCeremony(ceremony, now);
  const { before, after } = view;
  const toKey = createKeyNames(view);
  const persons = toPersons(before?.policy.persons ?? [], after.policy.persons, toKey);
  const holders = toRecord(ROLE_NAMES, (name) => toHolders(view, name, toKey));
  const thresholds = toRecord(DIFFERENCE_CLASSES, (name: DifferenceClass) =>
    toPair(before?.policy.thresholds[name], after.policy.thresholds[name]),
  );
  const caps = toRecord(CAPS, (name) => toPair(before?.policy.caps[name], after.policy.caps[name]));
  const types = toPair(before?.policy.types, after.policy.types);
  const algorithms = toPair(before?.policy.algorithms, after.policy.algorithms);
  const isNew = before === undefined;
  const facts = { isNew, persons, holders, thresholds, caps, types, algorithms };
  return {
    reason: view.reason,
    fingerprint: toFingerprint(toComparedBytes(ceremony)),
    versions: {
      root: toPair(before?.root.version, after.root.version),
      targets: toPair(before?.targets.version, after.targets.version),
      snapshot: toPair(before?.snapshot.version, after.snapshot.version),
      policy: toPair(before?.policy.version, after.policy.version),
    },
    expires: toRecord(SIGNED_FILES, (file) => toPair(before?.[file].expires, after[file].expires)),
    warnings: toTrustWarnings(facts, after.policy),
    ...facts,
    signatures: toSignatures(ceremony, now, toKey),
  };
}

type ToKey = (key: ApproverKey) => KeyView;

/**
 * The reason, which nobody signs, in one line: whoever hands the file about could tell each signer another one. Then what
 * is signed of each file, one after the other.
 */
function toComparedBytes({ reason, next }: Ceremony): Uint8Array {
  const parts = SIGNED_FILES.flatMap((file) => {
    const bytes = next[file];
    return bytes === undefined ? [] : [toCanonicalBytes(parseMetadata(file, bytes).signed)];
  });
  return concat(toUtf8(`${reason}\n`), ...parts);
}

/** Keys with the person whose they are, after the change or before it. */
function createKeyNames({ before, after }: CeremonyView): ToKey {
  const policies: readonly Policy[] = [...(before === undefined ? [] : [before.policy]), after.policy];
  const names = new Map(
    policies.flatMap(({ persons }) => persons.flatMap(({ id, keys }) => keys.map((key) => [key.id, id] as const))),
  );
  return ({ id, raw }) => {
    const person = names.get(id);
    return { id, fingerprint: toFingerprint(raw), ...(person === undefined ? {} : { person }) };
  };
}

function toPersons(before: readonly Person[], after: readonly Person[], toKey: ToKey): readonly PersonView[] {
  const removed = before.filter(({ id }) => !after.some((person) => person.id === id));
  return [
    ...after.map((person) =>
      toPerson(
        before.find(({ id }) => id === person.id),
        person,
        toKey,
      ),
    ),
    ...removed.map(
      ({ id, name, roles, keys }): PersonView => ({
        id,
        kind: "removed",
        name: toPair(name, name),
        roles: { before: roles, after: [] },
        keys: toKeys(keys, [], toKey),
      }),
    ),
  ];
}

function toPerson(before: Person | undefined, { id, name, roles, keys }: Person, toKey: ToKey): PersonView {
  const held = toKeys(before?.keys ?? [], keys, toKey);
  const isSame =
    before?.name === name &&
    before.roles.join() === roles.join() &&
    held.added.length === 0 &&
    held.removed.length === 0;
  return {
    id,
    kind: before === undefined ? "added" : isSame ? "same" : "changed",
    name: toPair(before?.name, name),
    roles: toPair(before?.roles, roles),
    keys: held,
  };
}

function toHolders({ before, after }: CeremonyView, name: RoleName, toKey: ToKey): HoldersView {
  const [old, next] = [before?.root.roles[name], after.root.roles[name]];
  return { threshold: toPair(old?.threshold, next.threshold), keys: toKeys(old?.keys ?? [], next.keys, toKey) };
}

function toKeys(before: readonly ApproverKey[], after: readonly ApproverKey[], toKey: ToKey): KeysView {
  const isIn = (keys: readonly ApproverKey[], key: ApproverKey): boolean => keys.some(({ id }) => id === key.id);
  return {
    added: after.filter((key) => !isIn(before, key)).map(toKey),
    removed: before.filter((key) => !isIn(after, key)).map(toKey),
    kept: after.filter((key) => isIn(before, key)).map(toKey),
  };
}

function toSignatures(ceremony: Ceremony, now: number, toKey: ToKey): readonly SignaturesView[] {
  return toMissing(ceremony, now).map(({ file, under, threshold, have, signers }) => ({
    file,
    under,
    threshold,
    have,
    signed: signers.filter(({ signed }) => signed).map(({ key }) => toKey(key)),
    open: signers.filter(({ signed }) => !signed).map(({ key }) => toKey(key)),
  }));
}

function toPair<T>(before: T | undefined, after: T): Pair<T> {
  return before === undefined ? { after } : { before, after };
}

function toRecord<K extends string, T>(names: readonly K[], toValue: (name: K) => T): Readonly<Record<K, T>> {
  return Object.fromEntries(names.map((name) => [name, toValue(name)])) as Record<K, T>;
}
