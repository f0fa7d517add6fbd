import type { Person, Role } from "../../trust/policy.ts";

/**
 * The demanded roles that nobody fills yet, where every person fills one at most: as few as can be. None: the release
 * has all its signatures.
 */
export function toMissingRoles(demanded: readonly Role[], signedBy: readonly Person[]): readonly Role[] {
  /** For each person the place of the role that he fills. */
  const filled = new Map<string, number>();
  const fill = (place: number, tried: Set<string>): boolean =>
    signedBy.some((person) => {
      const role = demanded[place];
      if (role === undefined || !person.roles.includes(role) || tried.has(person.id)) return false;
      tried.add(person.id);
      const other = filled.get(person.id);
      // He may give his role to another person if that lets him fill this one.
      if (other !== undefined && !fill(other, tried)) return false;
      filled.set(person.id, place);
      return true;
    });
  return demanded.filter((_, place) => !fill(place, new Set()));
}
