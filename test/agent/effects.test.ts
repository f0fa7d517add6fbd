import { afterEach, describe, expect, it } from "vitest";
import { createPerform, type Perform } from "../../agent/effects.ts";
import { Readiness } from "../../agent/readiness.ts";
import { openObjects } from "../../agent/slots/objects.ts";
import { openSlots } from "../../agent/slots/slots.ts";
import { openTrustStore, toStoredBundle } from "../../agent/slots/trust-store.ts";
import type { Terminal } from "../../agent/terminal/terminal.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { type Acquirer, openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { createTerminal, KNOWN_TERMINAL, toProfileAt, toStanding } from "../support/acquirer.ts";
import { slotOf, TUSN } from "../support/machine.ts";
import { createWorld, DEVICE_KEY, NOW } from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { toDelivery, toDirective } from "../support/release.ts";

let acquirer: Acquirer | undefined;

afterEach(async () => {
  await acquirer?.close();
  acquirer = undefined;
});

/** A slot on a disk in memory, and what performs effects on it over real sockets. */
async function prepare(change: Partial<Terminal> = {}) {
  acquirer = await openAcquirer({ host: "127.0.0.1", port: 0, terminals: [KNOWN_TERMINAL] });
  const { approvers } = createWorld();
  const objects = openObjects(new MemoryFiles());
  const slots = openSlots(objects, openTrustStore(objects, approvers.trust.root), TUSN);
  const profile = toProfileAt(acquirer.port);
  const directive = toDirective({ tusn: TUSN, deviceKey: DEVICE_KEY, sequence: 1, profile, now: NOW });
  const delivery = toDelivery(approvers, directive, "binding", NOW);
  const slot = {
    delivery: objects.put(delivery),
    trust: objects.put(toStoredBundle(approvers.trust, approvers.trust.root)),
    profile: toHex(toDigest(directive.profile)),
    directive: toHex(toDigest(parseDelivery(delivery).directive)),
    sealed: "",
  };
  const pauses: number[] = [];
  const pause = async (atMostMs: number) => {
    pauses.push(atMostMs);
  };
  const terminal: Terminal = { ...createTerminal(), ...change };
  const perform: Perform = createPerform({ slots, terminal, readiness: new Readiness(terminal), pause });
  return { perform, slot, profile, pauses };
}

const fails = async (): Promise<never> => {
  throw new TillsyncError("COMMAND_FAILED");
};
const breaks = async (): Promise<never> => {
  throw new Error("out of memory");
};

describe("an effect", () => {
  it("tells whether the terminal is ready; one that does not answer is busy", async () => {
    const ready = await prepare({ readStatus: async () => ({ kind: "ready" }) });
    expect(await ready.perform({ kind: "read_status" })).toEqual({ kind: "status", busy: undefined });
    const busy = await prepare({ readStatus: async () => ({ kind: "busy", reason: "printer" }) });
    expect(await busy.perform({ kind: "read_status" })).toEqual({ kind: "status", busy: "printer" });
    const failed = await prepare({ readStatus: fails });
    expect(await failed.perform({ kind: "read_status" })).toEqual({ kind: "status", busy: "COMMAND_FAILED" });
  });

  it("hands the terminal the profile's exact bytes, or none, and tells what came of it", async () => {
    const applied: (Uint8Array | undefined)[] = [];
    const apply = async (bytes: Uint8Array | undefined) => {
      applied.push(bytes);
      return { kind: "applied" } as const;
    };
    const good = await prepare({ apply });
    const done = { kind: "applied", result: "applied", detail: "" };
    expect(await good.perform({ kind: "apply", slot: good.slot })).toEqual(done);
    expect(await good.perform({ kind: "apply", slot: undefined })).toEqual(done);
    expect(applied).toEqual([toProfileBytes(good.profile), undefined]);

    const busy = await prepare({ apply: async () => ({ kind: "busy", reason: "low_power" }) });
    expect(await busy.perform({ kind: "apply", slot: undefined })).toMatchObject({
      result: "busy",
      detail: "low_power",
    });
    const torn = await prepare({ apply: async () => ({ kind: "failed", detail: "torn" }) });
    expect(await torn.perform({ kind: "apply", slot: undefined })).toMatchObject({ result: "failed", detail: "torn" });
    const silent = await prepare({ apply: fails });
    const failed = { result: "failed", detail: "COMMAND_FAILED" };
    expect(await silent.perform({ kind: "apply", slot: undefined })).toMatchObject(failed);
  });

  it("tests at the acquirer and reverses there", async () => {
    const { perform, slot } = await prepare();
    const tested = await perform({ kind: "test", slot, trace: 1 });
    expect(tested).toEqual({ kind: "tested", verdict: { kind: "passed", detail: "" }, reversalReason: "06" });
    expect(toStanding(acquirer?.records() ?? [])).toBe(1);
    const reversed = await perform({ kind: "reverse", slot, trace: 1, signInTrace: 4, reason: "06" });
    expect(reversed).toEqual({ kind: "reversed", answered: true });
    expect(toStanding(acquirer?.records() ?? [])).toBe(0);
  });

  it("needs no reversal after a definite refusal", async () => {
    const { perform, slot } = await prepare();
    acquirer?.script(KNOWN_TERMINAL.terminalNo, [{ kind: "decline", code: "58" }]);
    const verdict = { kind: "failed", detail: "purchase 58" };
    expect(await perform({ kind: "test", slot, trace: 1 })).toEqual({
      kind: "tested",
      verdict,
      reversalReason: undefined,
    });
  });

  it("takes any fault of its own for a purchase that may have gone, except before it could be packed", async () => {
    const broken = await prepare({ loadWorkingKeys: breaks });
    const inconclusive = { verdict: { kind: "inconclusive", detail: "INTERNAL" }, reversalReason: "98" };
    expect(await broken.perform({ kind: "test", slot: broken.slot, trace: 1 })).toMatchObject(inconclusive);
    const reverse = { kind: "reverse", slot: broken.slot, trace: 1, signInTrace: 4, reason: "98" } as const;
    expect(await broken.perform(reverse)).toEqual({ kind: "reversed", answered: false });

    const { perform, slot } = await prepare();
    const failed = { verdict: { kind: "failed", detail: "ISO_FIELD_INVALID" }, reversalReason: undefined };
    expect(await perform({ kind: "test", slot, trace: 1.5 })).toMatchObject(failed);
  });

  it("pauses as long as it is told to", async () => {
    const { perform, pauses } = await prepare();
    expect(await perform({ kind: "pause", atMostMs: 250 })).toEqual({ kind: "resumed" });
    expect(pauses).toEqual([250]);
  });

  it("does nothing at all with a slot that does not prove itself", async () => {
    const applied: unknown[] = [];
    const apply = async (bytes: unknown) => {
      applied.push(bytes);
      return { kind: "applied" } as const;
    };
    const { perform, slot } = await prepare({ apply });
    const corrupt = expect.objectContaining({ code: "SLOT_CORRUPT" });
    for (const wrong of [
      slotOf("1"),
      { ...slot, profile: slotOf("1").profile },
      { ...slot, directive: slot.profile },
    ]) {
      await expect(perform({ kind: "apply", slot: wrong })).rejects.toThrow(corrupt);
      await expect(perform({ kind: "test", slot: wrong, trace: 1 })).rejects.toThrow(corrupt);
    }
    expect(applied).toEqual([]);
    expect(acquirer?.records()).toEqual([]);
  });
});
