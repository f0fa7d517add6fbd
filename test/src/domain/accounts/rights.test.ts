import { describe, expect, it } from "vitest";
import { type Actor, isInScope } from "../../../../src/domain/accounts/actor.ts";
import { hasRight, isAllowed, RIGHT_NAMES, type Right } from "../../../../src/domain/accounts/rights.ts";
import { KEY_ROLES, ROLES, type Role } from "../../../../src/domain/accounts/roles.ts";

const toActor = (role: Role, change: Partial<Actor> = {}): Actor => ({
  ...{ name: "wang", role, merchants: undefined, via: "session", person: "", isNew: false },
  ...change,
});
const listRights = (role: Role): readonly Right[] => RIGHT_NAMES.filter((right) => isAllowed(toActor(role), right));
const READ: readonly Right[] = RIGHT_NAMES.filter((right) => right.endsWith(".read"));

describe("the table of rights", () => {
  it("gives nobody what asks for a change and what decides it", () => {
    for (const role of ROLES) {
      const both: readonly Right[] = ["changes.propose", "changes.decide"];
      expect(
        both.filter((right) => hasRight(role, right)),
        role,
      ).not.toEqual(both);
    }
  });

  it("lets an auditor read everything and change nothing", () => {
    expect(listRights("auditor")).toEqual([...READ, "account.own"]);
  });

  it("keeps administrators out of changes, merchants, terminals and releases", () => {
    const rights = listRights("administrator");
    expect(rights.filter((right) => /^(changes|merchants|terminals|releases)\./.test(right))).toEqual([]);
    expect(rights).toContain("accounts.write");
  });

  it("gives accounts and policies to nobody but administrators", () => {
    for (const right of ["accounts.write", "policies.write"] as const) {
      expect(ROLES.filter((role) => hasRight(role, right))).toEqual(["administrator"]);
    }
  });

  it("lets an agent ask for changes and see what he asked for, no more", () => {
    expect(listRights("agent")).toEqual(["merchants.read", "changes.read", "changes.propose", "account.own"]);
  });

  it("lets a checker decide and read, no more", () => {
    expect(listRights("checker").filter((right) => !right.endsWith(".read"))).toEqual([
      "changes.decide",
      "account.own",
    ]);
  });

  it("gives each right to somebody", () => {
    for (const right of RIGHT_NAMES) expect(ROLES.filter((role) => hasRight(role, right)).length).toBeGreaterThan(0);
  });

  it("denies a role that nobody has heard of", () => {
    for (const role of ["root", "", "toString"]) {
      expect(RIGHT_NAMES.filter((right) => isAllowed(toActor(role as Role), right))).toEqual([]);
    }
  });
});

describe("an actor", () => {
  it("of a new account may care for that account alone", () => {
    for (const role of ROLES) {
      const actor = toActor(role, { isNew: true });
      expect(RIGHT_NAMES.filter((right) => isAllowed(actor, right))).toEqual(["account.own"]);
    }
  });

  it("with a key has no account of his own, and all else that his role has", () => {
    for (const role of KEY_ROLES) {
      const actor = toActor(role, { via: "key" });
      expect(RIGHT_NAMES.filter((right) => isAllowed(actor, right))).toEqual(
        listRights(role).filter((right) => right !== "account.own"),
      );
    }
  });

  it("with a key neither decides nor gives rights, whatever its role", () => {
    const rights = KEY_ROLES.flatMap(listRights);
    for (const right of ["changes.decide", "accounts.write", "policies.write"] as const) {
      expect(rights).not.toContain(right);
    }
  });
});

describe("a scope", () => {
  const MERCHANT = "822391058121070";

  it("lets through its merchants alone", () => {
    const actor = toActor("agent", { merchants: new Set([MERCHANT]) });
    expect(isInScope(actor, MERCHANT)).toBe(true);
    expect(isInScope(actor, "822391058121071")).toBe(false);
  });

  it("that is empty lets through nobody", () => {
    for (const role of ROLES) expect(isInScope(toActor(role, { merchants: new Set() }), MERCHANT)).toBe(false);
  });

  it("is all merchants where there is none, but for an agent", () => {
    expect(ROLES.filter((role) => !isInScope(toActor(role), MERCHANT))).toEqual(["agent"]);
  });
});
