import { isEqual } from "../../proto/bytes.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import type { Life } from "./life.ts";

// Who may connect, and what for (clause 5.9).

/** What the records say of a terminal that asks to connect. */
export interface StandingTerminal {
  readonly life: Life;
  /** SHA-256 of the device key on record; undefined where none is. */
  readonly deviceKey: Uint8Array | undefined;
  /** SHA-256 of the certificate that was enrolled last; undefined where none was. */
  readonly fingerprint: Uint8Array | undefined;
  readonly isQuarantined: boolean;
}

/** What they say of the certificate it shows. */
export interface StandingCertificate {
  readonly tusn: string;
  /** SHA-256 of its key. */
  readonly deviceKey: Uint8Array;
  readonly isRevoked: boolean;
}

export interface Asked {
  readonly tusn: string;
  readonly fingerprint: Uint8Array;
  /** Undefined where it is not on record. */
  readonly terminal: StandingTerminal | undefined;
  readonly certificate: StandingCertificate | undefined;
}

export type Judgement =
  | { readonly admission: "full" | "greeting" }
  | {
      readonly refusal: ErrorCode;
      /**
       * The authority signed a certificate that nobody was given, which tells of a second device or of a stolen authority,
       * and the terminal is not in quarantine yet.
       */
      readonly isAlarming: boolean;
    };

const OUT_OF_SERVICE: readonly Life[] = ["retired", "replaced"];

/** What a peer may do whose certificate the authority signed and whose key it holds. */
export function judgePeer({ tusn, fingerprint, terminal, certificate }: Asked): Judgement {
  if (terminal === undefined) return refuse("NOT_FOUND");
  if (certificate?.isRevoked) return refuse("CERTIFICATE_REVOKED");
  if (OUT_OF_SERVICE.includes(terminal.life)) return refuse("TERMINAL_RETIRED");
  if (certificate === undefined && !isOf(terminal.fingerprint, fingerprint)) {
    return { refusal: "CERTIFICATE_UNKNOWN", isAlarming: !terminal.isQuarantined };
  }
  const isOwn =
    certificate === undefined || (certificate.tusn === tusn && isOf(terminal.deviceKey, certificate.deviceKey));
  if (!isOwn || terminal.deviceKey === undefined) return refuse("CERTIFICATE_UNKNOWN");
  return { admission: terminal.life === "suspended" || terminal.isQuarantined ? "greeting" : "full" };
}

function refuse(refusal: ErrorCode): Judgement {
  return { refusal, isAlarming: false };
}

function isOf(known: Uint8Array | undefined, shown: Uint8Array): boolean {
  return known !== undefined && isEqual(known, shown);
}
