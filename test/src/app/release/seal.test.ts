import { describe, expect, it } from "vitest";
import { signRelease } from "../../../../certs/release.ts";
import { createCardKey, openCardNumber, sealCardNumber, toRawCardKey } from "../../../../certs/seal.ts";
import { type ReleaseFile, toReleaseFileBytes } from "../../../../proto/delivery.ts";
import { parseDirective } from "../../../../proto/directive.ts";
import type { Binding } from "../../../../proto/profile.ts";
import { toBinding } from "../../../../proto/settlement.ts";
import { buildRelease, type ReleaseRequest } from "../../../../src/app/release/build.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import { type TestFleet, toRequest } from "../../../support/fleet-store.ts";
import { readDeliveries } from "../../../support/queued-deliveries.ts";
import { openIntake } from "../../../support/test-intake.ts";
import { readDelivery, type TestTerminal } from "../../../support/test-terminal.ts";

const NUMBER = "6228480402564890018";
const SALT = Buffer.alloc(16, 3);
const BINDING: Binding = toBinding(
  { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "沈建国", accountNo: NUMBER },
  SALT,
);

/** Two terminals, of which the first needs card numbers. */
async function openNeeding() {
  const opened = await openIntake(2);
  const { terminals, receive } = opened;
  const [first, second] = terminals as [TestTerminal, TestTerminal];
  const cardKey = createCardKey();
  await receive(first, "hello", first.hello(first.vouch(toRawCardKey(cardKey))));
  await receive(second, "hello", second.hello());
  return { ...opened, first, second, cardKey };
}

function build(fleet: TestFleet, change: Partial<ReleaseRequest> = {}) {
  return buildRelease(fleet, toRequest({ patch: { binding: BINDING }, ...change }));
}

async function seal(file: ReleaseFile): Promise<ReleaseFile> {
  const sealed = await Promise.all(
    file.recipients.map(async ({ index, cardKey }) => {
      const { tusn } = parseDirective(file.directives[index] ?? new Uint8Array(0));
      const { commitment } = BINDING;
      const bytes = await sealCardNumber(cardKey, { number: NUMBER, salt: SALT }, { tusn, commitment });
      return { index, bytes };
    }),
  );
  return { ...file, sealed };
}

function publish(fleet: TestFleet, file: ReleaseFile) {
  const { maker, checker, policy } = fleet.approvers;
  return publishRelease(fleet, toReleaseFileBytes(signRelease(signRelease(file, maker), checker)), policy);
}

describe("a new binding", () => {
  it("names the terminals that need its number, with what is needed to seal it to them", async () => {
    const { fleet, first } = await openNeeding();
    const { file } = await build(fleet);
    expect(file.recipients).toHaveLength(1);
    const [recipient] = file.recipients;
    expect(parseDirective(file.directives[recipient?.index ?? 9] ?? new Uint8Array(0)).tusn).toBe(first.tusn);
    expect(file.sealed).toEqual([]);
  });

  it("reaches such a terminal with the number, which is nowhere else", async () => {
    const { fleet, first, second, cardKey } = await openNeeding();
    await publish(fleet, await seal((await build(fleet)).file));
    const [mine, other] = (await readDeliveries(fleet)).map(readDelivery);
    expect([mine?.parsed.tusn, other?.parsed.tusn]).toEqual([first.tusn, second.tusn]);
    expect(await openCardNumber(cardKey, mine?.sealed ?? SALT, { tusn: first.tusn, binding: BINDING })).toBe(NUMBER);
    expect(other?.sealed).toHaveLength(0);
    const rows = await fleet.store.selectFrom("deployments").select("sealed").orderBy("tusn").execute();
    expect(rows).toEqual([{ sealed: expect.any(Buffer) }, { sealed: null }]);
  });

  it("is refused as a whole where a number was not sealed, or sealed to nothing", async () => {
    const { fleet } = await openNeeding();
    const { file } = await build(fleet);
    const empty = { ...file, sealed: [{ index: file.recipients[0]?.index ?? 0, bytes: new Uint8Array(0) }] };
    for (const wrong of [file, empty]) {
      await expect(publish(fleet, wrong)).rejects.toThrow(expect.objectContaining({ code: "SEAL_MISSING" }));
    }
    expect(await fleet.store.selectFrom("deployments").selectAll().execute()).toEqual([]);
  });

  it("leaves out a terminal whose recipient was taken from the file, or whose card key is another by now", async () => {
    const { fleet, first, receive } = await openNeeding();
    const built = await build(fleet);
    const stripped = { ...built.file, recipients: [] };
    const skipped = [{ tusn: first.tusn, code: "SEAL_MISSING" }];
    expect(await publish(fleet, stripped)).toMatchObject({ deployments: 1, skipped });
    const { file } = await build(fleet);
    await receive(first, "hello", first.hello(first.vouch(toRawCardKey(createCardKey()))));
    expect(await publish(fleet, await seal(file))).toMatchObject({ deployments: 1, skipped });
  });

  it("is not built for a terminal whose card key was altered in the database; the others are", async () => {
    const { fleet, first } = await openNeeding();
    await fleet.store
      .updateTable("reported")
      .set({ cardKey: toRawCardKey(createCardKey()) })
      .where("tusn", "=", first.tusn)
      .execute();
    const built = await build(fleet);
    expect(built.skipped).toEqual([{ tusn: first.tusn, reason: "card_key_unproven" }]);
    expect(built.file.directives).toHaveLength(1);
    expect(built.file.recipients).toEqual([]);
  });
});

describe("a change of anything else", () => {
  it("asks for no number, nor does the way back from a new binding", async () => {
    const { fleet, terminals, receive, first } = await openNeeding();
    await publish(fleet, await seal((await build(fleet)).file));
    for (const delivery of await readDeliveries(fleet)) {
      const terminal = terminals.find(({ tusn }) => tusn === readDelivery(delivery).parsed.tusn) as TestTerminal;
      await receive(terminal, "report", terminal.report(delivery, "committed"));
    }
    const tusns = [first.tusn];
    expect((await build(fleet, { tusns, patch: { parameters: { attempts: 3 } } })).file.recipients).toEqual([]);
    const other = { ...BINDING, last4: "7264" };
    const { file } = await build(fleet, { tusns, patch: { binding: other }, withRollback: true });
    expect(file.directives).toHaveLength(2);
    expect(file.recipients.map(({ index }) => index)).toEqual([0]);
  });
});
