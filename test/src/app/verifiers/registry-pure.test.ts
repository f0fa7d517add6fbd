import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_ATTEMPTS, MAX_RETRY_AFTER_MS, parseRetryAfter, toDelay } from "../../../../src/app/http-client/backoff.ts";
import {
  type Breaker,
  type BreakerEvent,
  CLOSED,
  FAILURES_TO_OPEN,
  FIRST_OPEN_MS,
  MAX_OPEN_MS,
  stepBreaker,
} from "../../../../src/app/http-client/breaker.ts";
import { parseAnswer } from "../../../../src/app/verifiers/registry-answer.ts";

function run(events: readonly (readonly [BreakerEvent, number])[], from: Breaker = CLOSED): Breaker {
  return events.reduce((state, [event, now]) => stepBreaker(state, event, now).state, from);
}

const failures = (count: number, at = 0) => Array.from({ length: count }, () => ["failed", at] as const);

describe("the circuit breaker", () => {
  it("opens after so many failures in a row, and not one earlier", () => {
    expect(run(failures(FAILURES_TO_OPEN - 1)).kind).toBe("closed");
    expect(run(failures(FAILURES_TO_OPEN, 7))).toEqual({
      kind: "open",
      until: 7 + FIRST_OPEN_MS,
      openMs: FIRST_OPEN_MS,
    });
  });

  it("forgets failures with the first answer", () => {
    expect(run([...failures(FAILURES_TO_OPEN - 1), ["answered", 0], ...failures(FAILURES_TO_OPEN - 1)]).kind).toBe(
      "closed",
    );
  });

  it("lets nothing through while it is open, then one question, which decides", () => {
    const open = run(failures(FAILURES_TO_OPEN));
    expect(stepBreaker(open, "ask", FIRST_OPEN_MS - 1)).toEqual({ state: open, mayAsk: false });
    const probing = stepBreaker(open, "ask", FIRST_OPEN_MS);
    expect(probing).toMatchObject({ state: { kind: "half_open" }, mayAsk: true });
    expect(stepBreaker(probing.state, "ask", FIRST_OPEN_MS)).toEqual({ state: probing.state, mayAsk: false });
    expect(run([["answered", FIRST_OPEN_MS]], probing.state)).toEqual(CLOSED);
    expect(run([["failed", FIRST_OPEN_MS]], probing.state)).toMatchObject({ kind: "open", openMs: 2 * FIRST_OPEN_MS });
  });

  it("is not closed by what was asked before it opened", () => {
    const open = run(failures(FAILURES_TO_OPEN));
    expect(
      run(
        [
          ["answered", 1],
          ["failed", 1],
        ],
        open,
      ),
    ).toEqual(open);
  });

  it("stays open longer each time, up to its bound", () => {
    let state = run(failures(FAILURES_TO_OPEN));
    for (let now = 0, n = 0; n < 20; n += 1) {
      now = state.kind === "open" ? state.until : now;
      state = run(
        [
          ["ask", now],
          ["failed", now],
        ],
        state,
      );
    }
    expect(state).toMatchObject({ kind: "open", openMs: MAX_OPEN_MS });
  });

  it("whatever happens, asks again after its longest time, and never two at once after it opened", () => {
    const event = fc.tuple(fc.constantFrom<BreakerEvent>("ask", "answered", "failed"), fc.nat(1_000));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (steps) => {
        let [state, now]: [Breaker, number] = [CLOSED, 0];
        for (const [kind, ms] of steps) {
          now += ms;
          const next = stepBreaker(state, kind, now);
          if (state.kind === "half_open" && kind === "ask") expect(next.mayAsk).toBe(false);
          state = next.state;
        }
        if (state.kind === "open") expect(stepBreaker(state, "ask", now + MAX_OPEN_MS).mayAsk).toBe(true);
      }),
    );
  });
});

describe("waiting before asking again", () => {
  it("takes anything up to twice as much as before, and ends", () => {
    expect([toDelay(1, 0), toDelay(1, 0.999), toDelay(2, 0.999)]).toEqual([0, 249, 499]);
    expect(toDelay(MAX_ATTEMPTS, 0)).toBeUndefined();
  });

  it("is never shorter than the registry asks for, and never longer than it may ask for", () => {
    expect(toDelay(1, 0.5, 2_000)).toBe(2_125);
    expect(toDelay(1, 0, MAX_RETRY_AFTER_MS)).toBe(MAX_RETRY_AFTER_MS);
    expect(toDelay(1, 0, MAX_RETRY_AFTER_MS + 1)).toBeUndefined();
  });

  it("reads Retry-After as seconds or as a date, and nothing else", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    const read = (text?: string) => parseRetryAfter(text, now);
    expect([read("0"), read("3"), read("Sun, 22 Nov 2026 10:00:05 GMT")]).toEqual([0, 3_000, 5_000]);
    expect([read("Sun, 22 Nov 2026 09:00:00 GMT"), read(), read(""), read("-1"), read("1.5"), read("soon")]).toEqual(
      Array(6).fill(0),
    );
    expect([read("Sun, 99 Nov 2026 10:00:05 GMT"), read("9".repeat(30)), read("999999999")]).toEqual([
      0, 0, 999_999_999_000,
    ]);
  });
});

const SOUND = { verdict: "genuine", reference: "R-1", at: 1_800_000_000 };
const toBytes = (value: unknown) => Buffer.from(JSON.stringify(value) ?? "");
const isRead = (value: unknown) => {
  try {
    parseAnswer(toBytes(value));
    return true;
  } catch {
    return false;
  }
};

describe("the answer of a registry", () => {
  const validate = new Ajv().compile(JSON.parse(readFileSync("docs/registry/answer.schema.json", "utf8")));

  it("is read for what it says", () => {
    const verdicts = ["genuine", "mismatch", "unknown", "revoked"].map(
      (verdict) => parseAnswer(toBytes({ ...SOUND, verdict })).verdict,
    );
    expect(verdicts).toEqual(["verified-online", "mismatch", "unknown", "revoked"]);
    expect(parseAnswer(toBytes(SOUND))).toEqual({ verdict: "verified-online", reference: "R-1", at: 1_800_000_000 });
  });

  it("shows nothing that looks like a card number", () => {
    expect(parseAnswer(toBytes({ ...SOUND, reference: "6228480402564890018" })).reference).toBe("622848*********0018");
  });

  it("is refused outside its schema, member by member", () => {
    const wrong: readonly unknown[] = [
      ...[null, [], "genuine", 7, {}, [SOUND]],
      ...["verified-crypto", "GENUINE", "", null, true].map((verdict) => ({ ...SOUND, verdict })),
      ...["", "a b", "a".repeat(65), 7, "<b>", "号"].map((reference) => ({ ...SOUND, reference })),
      ...[-1, 1.5, "1", 4_294_967_296, null].map((at) => ({ ...SOUND, at })),
      { ...SOUND, life: "active" },
      { verdict: "genuine", at: 1 },
    ];
    for (const value of wrong) {
      expect(isRead(value), JSON.stringify(value)).toBe(false);
      expect(validate(value), JSON.stringify(value)).toBe(false);
    }
    for (const text of ["", "{", `${JSON.stringify(SOUND)}x`, JSON.stringify(SOUND).padEnd(4_097)]) {
      expect(() => parseAnswer(Buffer.from(text))).toThrow("FIELD_INVALID");
    }
    expect(() => parseAnswer(Buffer.from([0xff, 0xfe]))).toThrow("FIELD_INVALID");
  });

  it("is refused where it says one thing twice", () => {
    const sound = JSON.stringify(SOUND);
    for (const twice of ['"verdict":"mismatch"', '"ver\\u0064ict":"mismatch"', '"at":1', '"reference":"\\""']) {
      expect(() => parseAnswer(Buffer.from(sound.replace("{", `{${twice},`)))).toThrow("FIELD_INVALID");
    }
  });

  it("is read exactly where the published schema says that it is one", () => {
    const member = (sound: unknown) =>
      fc.oneof(fc.constant(sound), fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined));
    const reference = fc.oneof(member("R-1"), fc.stringMatching(/^[0-9A-Za-z._:/-]{0,70}$/), fc.string());
    const at = fc.oneof(member(1_800_000_000), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const verdict = fc.oneof(member("genuine"), fc.constantFrom("mismatch", "unknown", "revoked", "Genuine"));
    const answer = fc.record({ verdict, reference, at }, { requiredKeys: [] });
    const more = fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 1 }),
    );
    fc.assert(
      fc.property(answer, more, (one, other) => {
        const value = JSON.parse(JSON.stringify({ ...other, ...one }));
        expect(isRead(value)).toBe(validate(value));
      }),
      { numRuns: 3_000 },
    );
  });
});
