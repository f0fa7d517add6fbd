import { findSuspicions, toSkeleton } from "../../../../proto/confusables.ts";
import { DIFFERENCE_CLASSES } from "../../../../proto/difference.ts";
import { ROLE_NAMES } from "../../../trust/metadata.ts";
import type { Caps, Policy, Role } from "../../../trust/policy.ts";
import { toMissingRoles } from "../missing-roles.ts";
import type { CeremonyReport, PersonView, TrustWarningKind, TrustWarningView } from "./view.ts";

type Facts = Pick<CeremonyReport, "isNew" | "persons" | "holders" | "thresholds" | "caps" | "types" | "algorithms">;

/** Roles whose signature lets something change at terminals. */
const APPROVING: readonly Role[] = ["maker", "checker", "parameters"];

/** Everything by which a change makes trust looser, or leaves it unusable, or is not what it looks like. */
export function toTrustWarnings(facts: Facts, after: Policy): readonly TrustWarningView[] {
  const persons = facts.persons.filter(({ kind }) => kind !== "removed");
  return [
    ...toCapWarnings(facts),
    ...toClassWarnings(facts, after),
    ...toHolderWarnings(facts),
    ...persons.flatMap((person) => toPersonWarnings(person, facts.isNew)),
    ...toNameWarnings(persons),
    ...toFrozen(facts),
  ];
}

function toCapWarnings({ caps }: Facts): readonly TrustWarningView[] {
  return (Object.keys(caps) as (keyof Caps)[]).flatMap((cap) => {
    const { before, after } = caps[cap];
    if (before === undefined || after <= before) return [];
    return [{ kind: "cap-raised", subject: { cap }, before: String(before), after: String(after) } as const];
  });
}

function toClassWarnings({ thresholds }: Facts, { persons }: Policy): readonly TrustWarningView[] {
  return DIFFERENCE_CLASSES.flatMap((name): TrustWarningView[] => {
    const { before, after } = thresholds[name];
    const [old, next] = [(before ?? []).join(" + "), after.join(" + ")];
    const warn = (kind: TrustWarningKind): TrustWarningView => ({
      kind,
      subject: { class: name },
      before: old,
      after: next,
    });
    return [
      ...(before !== undefined && !before.every((role) => after.includes(role)) ? [warn("roles-fewer")] : []),
      ...(toMissingRoles(
        after,
        persons.filter(({ keys }) => keys.length > 0),
      ).length > 0
        ? [warn("cannot-sign")]
        : []),
    ];
  });
}

function toHolderWarnings({ holders }: Facts): readonly TrustWarningView[] {
  // The snapshot has the holders of the targets: they are told once.
  return ROLE_NAMES.filter((role) => role !== "snapshot").flatMap((role): TrustWarningView[] => {
    const { threshold, keys } = holders[role];
    const { before, after } = threshold;
    if (before === undefined) return [];
    return [
      ...(after < before
        ? [{ kind: "threshold-lowered", subject: { role }, before: `${before}`, after: `${after}` } as const]
        : []),
      ...keys.added.map(
        ({ fingerprint }) => ({ kind: "holder-added", subject: { role }, before: "", after: fingerprint }) as const,
      ),
    ];
  });
}

function toPersonWarnings({ id, kind, name, roles, keys }: PersonView, isNew: boolean): readonly TrustWarningView[] {
  const subject = { person: id, name: name.after };
  const [before, after] = [(roles.before ?? []).join(" + "), roles.after.join(" + ")];
  const isGained = (wanted: readonly Role[]): boolean =>
    wanted.every((role) => roles.after.includes(role)) &&
    !wanted.every((role) => roles.before?.includes(role) === true);
  // Of a new trust everybody is new.
  const gains = !isNew && APPROVING.some((role) => isGained([role]));
  return [
    ...(isGained(["maker", "checker"]) ? [{ kind: "both-roles", subject, before, after } as const] : []),
    ...(gains ? [{ kind: "approver-added", subject, before, after } as const] : []),
    ...(kind === "changed"
      ? keys.added.map(({ fingerprint }) => ({ kind: "key-added", subject, before: "", after: fingerprint }) as const)
      : []),
  ];
}

/** Names that hide something, and names or ids of two persons that look the same. */
function toNameWarnings(persons: readonly PersonView[]): readonly TrustWarningView[] {
  return persons.flatMap(({ id, name }, at): TrustWarningView[] => {
    const subject = { person: id, name: name.after };
    const others = persons.slice(0, at);
    const alike = others.find(
      (other) => toSkeleton(other.name.after) === toSkeleton(name.after) || toSkeleton(other.id) === toSkeleton(id),
    );
    const before = name.before ?? "";
    return [
      ...(findSuspicions(name.after, before).length > 0
        ? [{ kind: "name-odd", subject, before, after: name.after } as const]
        : []),
      ...(alike === undefined
        ? []
        : [
            {
              kind: "name-alike",
              subject,
              before: `${alike.name.after} (${alike.id})`,
              after: `${name.after} (${id})`,
            } as const,
          ]),
    ];
  });
}

function toFrozen({ types, algorithms }: Facts): readonly TrustWarningView[] {
  const isFrozen = [types, algorithms].some(({ after }) => after.length === 0);
  const wasFrozen = [types, algorithms].some(({ before }) => before?.length === 0);
  if (!isFrozen && !wasFrozen) return [];
  return [{ kind: isFrozen ? "frozen" : "unfrozen", subject: { none: true }, before: "", after: "" }];
}
