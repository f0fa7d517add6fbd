import { dirname } from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { TillsyncError } from "../../../../proto/errors.ts";
import { toAccountKeyFile } from "../../../../src/app/accounts/account-key.ts";
import type { Accounts } from "../../../../src/app/accounts/accounts.ts";
import { openAccounts } from "../../../../src/app/accounts/open-accounts.ts";
import { addAccountsCommands } from "../../../../src/faces/cli/accounts-commands.ts";
import type { CliPorts } from "../../../../src/faces/cli/ports.ts";
import { AGENTS_MERCHANT, CHEAP, CountingArgon2, ORIGIN, readTold, toCodes } from "../../../support/accounts.ts";
import { openTestFleet, type TestFleet } from "../../../support/fleet-store.ts";

const BECAUSE = ["--reason", "new here", "--by", "root"];

let fleet: TestFleet;
/** What the service has of the same data folder: with the hashes that the commands make, and with ones that cost nothing. */
let service: Accounts;
let accounts: Accounts;

beforeEach(async () => {
  fleet = await openTestFleet();
  const keyFile = toAccountKeyFile(dirname(fleet.file));
  service = openAccounts(fleet, { keyFile });
  onTestFinished(() => service.close());
  accounts = openAccounts(fleet, { keyFile, argon2: new CountingArgon2(), cost: CHEAP });
});

/** Runs a command on the fleet's data folder; what it printed. */
async function call(...args: readonly string[]): Promise<string> {
  let out = "";
  const ports = {
    out: (text: string) => {
      out += text;
    },
    err: () => undefined,
    openBackend: async () => ({ context: fleet, folder: { path: dirname(fleet.file) }, close: async () => undefined }),
  };
  const program = new Command().option("--data <folder>").option("--json").exitOverride();
  addAccountsCommands(program, ports as unknown as CliPorts);
  for (const command of listCommands(program)) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(args, { from: "user" });
  return out;
}

function listCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...listCommands(child)]);
}

const callJson = async (...args: readonly string[]) => JSON.parse(await call("--json", "accounts", ...args));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: unknown) => (error instanceof TillsyncError ? error.code : "usage"),
  );

describe("tillsync accounts", () => {
  it("rotates the key under a running service, and says whom it waits for", async () => {
    const { password } = await callJson("add", "wang", "--role", "checker", ...BECAUSE);
    expect(await callJson("rotate-key", "--by", "zhao")).toMatchObject({ resumed: false, resealed: 1, waiting: 1 });
    expect(await call("accounts", "rotate-key")).toContain("1 passwords are under an old key");
    await service.login({ name: "wang", password, code: "", origin: ORIGIN });
    expect(await callJson("rotate-key")).toMatchObject({ resumed: true, waiting: 0, removed: [expect.any(String)] });
    const told = (await readTold(fleet)).filter(({ kind }) => kind === "keys.rotated");
    expect(told.map(({ actor }) => actor)).toEqual(["zhao", "zhao", "operator", "operator"]);
  });

  it("adds the first administrator, who then logs in with the one-time password", async () => {
    const { name, role, password } = await callJson("add", "root.li", "--role", "administrator", ...BECAUSE);
    expect([name, role]).toEqual(["root.li", "administrator"]);
    const session = await service.login({ name, password, code: "", origin: ORIGIN });
    expect(session).toMatchObject({ account: "root.li", isNew: true });
    expect(await callJson("show", "root.li")).toMatchObject({ displayName: "root.li", sessions: 1, hasTotp: false });
    expect((await readTold(fleet, "root.li"))[0]).toMatchObject({
      ...{ kind: "account.added", actor: "root", detail: { reason: "new here" } },
    });
  });

  it("changes role and scope, state, password and second factor", async () => {
    await callJson("add", "wang", "--role", "agent", "--display", "王伟", "--merchant", AGENTS_MERCHANT, ...BECAUSE);
    expect(await callJson("show", "wang")).toMatchObject({ displayName: "王伟", merchants: [AGENTS_MERCHANT] });
    expect(await callJson("scope", "wang", "822391058121071", ...BECAUSE)).toMatchObject({ name: "wang" });
    expect(await callJson("role", "wang", "operator", ...BECAUSE)).toEqual({ name: "wang", role: "operator" });
    expect(await callJson("disable", "wang", ...BECAUSE)).toEqual({ name: "wang", disabled: true });
    expect(await callJson("show", "wang")).toMatchObject({ state: "disabled", role: "operator", merchants: [] });
    expect(await callJson("enable", "wang", ...BECAUSE)).toEqual({ name: "wang", enabled: true });
    const { uri } = await callJson("totp", "wang", ...BECAUSE);
    const { password } = await callJson("password", "wang", ...BECAUSE);
    const code = toCodes(fleet, uri)();
    expect((await service.login({ name: "wang", password, code, origin: ORIGIN })).account).toBe("wang");
    expect(await callJson("totp", "wang", "--remove", ...BECAUSE)).toEqual({ name: "wang", removed: true });
    const failing = { name: "wang", password: "wrong", code: "", origin: ORIGIN };
    for (let n = 0; n < 10; n += 1) await codeOf(accounts.login(failing));
    expect((await callJson("show", "wang")).lockedUntil).toBe(fleet.at + 1_800);
    expect(await callJson("unlock", "wang", ...BECAUSE)).toEqual({ name: "wang", unlocked: true });
  });

  it("makes, lists and revokes keys", async () => {
    const scope = ["--merchant", AGENTS_MERCHANT, "--valid", "1h"];
    const { key, expiresAt } = await callJson("keys", "add", "portal", "--role", "agent", ...scope, ...BECAUSE);
    expect(expiresAt).toBe(fleet.at + 3_600);
    expect((await accounts.authenticate(key)).merchants).toEqual(new Set([AGENTS_MERCHANT]));
    expect(await call("accounts", "keys", "list")).toMatch(/portal +agent +good +2027-.* root +822391058121070/);
    await callJson("keys", "revoke", "portal", ...BECAUSE);
    expect(await codeOf(accounts.authenticate(key))).toBe("NOT_AUTHENTICATED");
    expect(await call("accounts", "keys", "list")).toContain("revoked");
  });

  it("tells people what there is, and what to do where there is nothing", async () => {
    expect(await call("accounts", "list")).toContain("tillsync accounts add");
    expect(await call("accounts", "keys", "list")).toContain("tillsync accounts keys add");
    const numbers = Array.from({ length: 5 }, (_, n) => ["--merchant", `82239105812107${n}`]).flat();
    await call("accounts", "add", "wang", "--role", "agent", ...numbers, ...BECAUSE);
    expect(await call("accounts", "list")).toMatch(
      /wang +agent +wang +active +no +- +0 +8223\d+ 8223\d+ 8223\d+ and 2 more/,
    );
    expect(await call("accounts", "show", "wang")).toMatch(/second factor +not set yet/);
    await fleet.store.updateTable("accounts").set({ role: "administrator" }).execute();
    expect(await call("accounts", "list")).toContain("ALTERED");
  });

  it("shows who may do what, role by role", async () => {
    const text = await call("accounts", "roles");
    expect(text).toMatch(/^right +operator +checker +agent +auditor +administrator$/m);
    expect(text).toMatch(/^changes\.propose +yes +- +yes +- +-$/m);
    expect((await callJson("roles"))["accounts.write"]).toEqual(["administrator"]);
  });

  it("takes no act without a reason, no unknown role, and no password among its arguments", async () => {
    for (const args of [
      ["add", "wang", "--role", "operator"],
      ["add", "wang", ...BECAUSE],
      ["add", "wang", "--role", "root", ...BECAUSE],
      ["add", "wang", "--role", "operator", "--password", "a long password 1", ...BECAUSE],
      ["password", "wang", "a long password 1", ...BECAUSE],
      ["keys", "add", "portal", "--role", "administrator", ...BECAUSE],
    ]) {
      expect(await codeOf(call("accounts", ...args)), args.join(" ")).toBe("usage");
    }
    expect(await callJson("list")).toEqual([]);
    expect(await codeOf(call("accounts", "add", "wang", "--role", "operator", "--reason", "two\nlines"))).toBe(
      "CONFIG_INVALID",
    );
  });
});
