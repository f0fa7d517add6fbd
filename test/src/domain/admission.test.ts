import { describe, expect, it } from "vitest";
import { type Asked, judgePeer, type StandingTerminal } from "../../../src/domain/admission.ts";
import { LIVES } from "../../../src/domain/life.ts";

const [KEY, OTHER_KEY, SHOWN, OTHER] = [1, 2, 3, 4].map((n) => new Uint8Array(32).fill(n)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const terminal: StandingTerminal = { life: "active", deviceKey: KEY, fingerprint: OTHER, isQuarantined: false };
const certificate = { tusn: "T", deviceKey: KEY, isRevoked: false };
const asked: Asked = { tusn: "T", fingerprint: SHOWN, terminal, certificate };

describe("a peer", () => {
  it.each(LIVES)("whose terminal is %s is admitted as its life allows", (life) => {
    const expected = {
      suspended: { admission: "greeting" },
      retired: { refusal: "TERMINAL_RETIRED", isAlarming: false },
      replaced: { refusal: "TERMINAL_RETIRED", isAlarming: false },
    };
    const judgement = judgePeer({ ...asked, terminal: { ...terminal, life } });
    expect(judgement).toEqual(Object.entries(expected).find(([name]) => name === life)?.[1] ?? { admission: "full" });
  });

  it.each<[string, Partial<Asked>, object]>([
    ["with the certificate enrolled last", {}, { admission: "full" }],
    ["in quarantine may greet", { terminal: { ...terminal, isQuarantined: true } }, { admission: "greeting" }],
    ["not on record is refused", { terminal: undefined, certificate: undefined }, { refusal: "NOT_FOUND" }],
    [
      "with a revoked certificate is refused",
      { certificate: { ...certificate, isRevoked: true } },
      { refusal: "CERTIFICATE_REVOKED", isAlarming: false },
    ],
    [
      "with a certificate that nobody was given is refused, with alarm",
      { certificate: undefined },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: true },
    ],
    [
      "with such a certificate while in quarantine is refused, without another alarm",
      { certificate: undefined, terminal: { ...terminal, isQuarantined: true } },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: false },
    ],
    [
      "with such a certificate where none was ever enrolled is refused, with alarm",
      { certificate: undefined, terminal: { ...terminal, fingerprint: undefined, deviceKey: undefined } },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: true },
    ],
    [
      "enrolled before certificates were kept is known by its fingerprint",
      { certificate: undefined, terminal: { ...terminal, fingerprint: SHOWN } },
      { admission: "full" },
    ],
    [
      "with a certificate of a key that it was parted from is refused",
      { certificate: { ...certificate, deviceKey: OTHER_KEY } },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: false },
    ],
    [
      "with another terminal's certificate is refused",
      { certificate: { ...certificate, tusn: "U" } },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: false },
    ],
    [
      "without any device key on record is refused",
      { terminal: { ...terminal, deviceKey: undefined } },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: false },
    ],
    [
      "known by its fingerprint alone, without device key, is refused",
      { certificate: undefined, terminal: { ...terminal, fingerprint: SHOWN, deviceKey: undefined } },
      { refusal: "CERTIFICATE_UNKNOWN", isAlarming: false },
    ],
  ])("%s", (_, change, judgement) => {
    expect(judgePeer({ ...asked, ...change })).toMatchObject(judgement);
  });
});
