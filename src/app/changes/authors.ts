import type { Person, Role } from "../../../certs/trust/policy.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { listChangeEvents } from "../../store/changes.ts";
import type { ChangeEventRow } from "../../store/changes-schema.ts";
import type { Store } from "../../store/store.ts";

const WRITING: readonly ChangeEventRow["event"][] = ["created", "amend", "submit"];

/** Everybody who wrote at a change: who began it, altered it or handed it in. None of them counts as its checker. */
export async function findAuthors(db: Store, id: string): Promise<ReadonlySet<string>> {
  const events = await listChangeEvents(db, id);
  return new Set(events.filter(({ event }) => WRITING.includes(event)).map(({ actor }) => actor));
}

/** As whom a person counts who wrote at the change that he signs. */
export function withoutChecking(person: Person): Person {
  return { ...person, roles: person.roles.filter((role) => role !== "checker") };
}

/**
 * Lets nobody take the checker's place for what he wrote himself: his signature would count for nothing, and keep another
 * checker's program from signing.
 *
 * @throws TillsyncError SELF_APPROVAL
 */
export function verifyNotOwn(
  change: string,
  authors: ReadonlySet<string>,
  signers: readonly Person[],
  demanded: readonly Role[],
): void {
  for (const person of signers.filter(({ id }) => authors.has(id))) {
    const { roles } = withoutChecking(person);
    if (!demanded.some((role) => roles.includes(role))) throw new TillsyncError("SELF_APPROVAL", { change });
  }
}
