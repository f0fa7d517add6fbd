import { isEqual } from "../../proto/bytes.ts";
import type { Hello } from "../../proto/terminal-messages.ts";
import { type DeploymentState, isUnderWay } from "./deployment.ts";

/** A terminal's newest deployment that is still open. Digests are empty where there is none. */
export interface OpenDeployment {
  readonly sequence: number;
  readonly state: DeploymentState;
  readonly baseDigest: Uint8Array;
  readonly profileDigest: Uint8Array;
}

/** Versions of the trust metadata that the service holds. */
export interface HeldTrust {
  readonly timestampVersion: number;
  readonly rootVersion: number;
}

/** What the service knows when a hello comes. */
export interface Knowledge {
  readonly trust: HeldTrust;
  /** Highest sequence it ever issued to the terminal. */
  readonly issuedSequence: number;
  /** Highest sequence the terminal ever said it accepted. */
  readonly reportedSequence: number;
  readonly open?: OpenDeployment;
}

/** An outcome that a signed hello proves by itself. */
export type Conclusion = "committed" | "rolled_back" | "suspended" | "broken";

/** What follows from a hello. */
export interface Reconciliation {
  /** The terminal's trust metadata is another than the service's. */
  readonly sendTrust: boolean;
  /** It is newer: our trust folder was put back, or somebody holds keys that he should not. */
  readonly isTrustAhead: boolean;
  /** The terminal has not taken the open directive. */
  readonly sendDirective: boolean;
  readonly conclude?: Conclusion;
  /** It accepted what this database never issued: the database is older than it was. */
  readonly isAhead: boolean;
  /** It accepted less than it once said: its state was put back, or there are two of it. */
  readonly isBehind: boolean;
}

/**
 * What the service has to do after a hello (clause 5.3). A hello tells the end of a directive only when nothing is
 * under way and no report of it is still to come: a report says why, a hello only what.
 */
export function reconcile(hello: Hello, knowledge: Knowledge): Reconciliation {
  const { open, trust } = knowledge;
  const { timestampVersion, rootVersion } = trust;
  const common = {
    // Sent even where the terminal's is newer: who drove its timestamp ahead is answered by a root that it lacks.
    sendTrust: hello.timestampVersion !== timestampVersion || hello.rootVersion !== rootVersion,
    isTrustAhead: hello.timestampVersion > timestampVersion || hello.rootVersion > rootVersion,
    isAhead: hello.sequence > knowledge.issuedSequence,
    isBehind: hello.sequence < knowledge.reportedSequence,
  };
  if (open === undefined) return { ...common, sendDirective: false };
  if (hello.sequence < open.sequence) {
    return { ...common, sendDirective: open.state === "pending" || open.state === "sent" };
  }
  const conclude = toConclusion(hello, open);
  return { ...common, sendDirective: false, ...(conclude === undefined ? {} : { conclude }) };
}

/**
 * Whether a hello proves that its terminal has lost a directive that it once took: its sequence survives a rollback, so a
 * lower one means that the state was reset or put back. Nothing more will be told of the directive then.
 */
export function isLost(hello: Hello, deployment: Pick<OpenDeployment, "sequence" | "state">): boolean {
  return hello.sequence < deployment.sequence && isUnderWay(deployment.state);
}

/**
 * Whether a hello proves that its terminal has ended a directive and can tell no more of it: it has accepted a later one,
 * and no report is still to come.
 */
export function isLeftBehind(hello: Hello, deployment: Pick<OpenDeployment, "sequence" | "state">): boolean {
  return hello.unsent === 0 && hello.sequence > deployment.sequence && isUnderWay(deployment.state);
}

/**
 * Whether a hello proves that a way back (clause 4.5) leads nowhere any more: the terminal has been past the change, is
 * at rest, and holds something else than what the change brought.
 */
export function isUseless(hello: Hello, reserve: Pick<OpenDeployment, "sequence" | "baseDigest">): boolean {
  const isAtRest = hello.directive.length === 0 && hello.unsent === 0;
  return isAtRest && hello.sequence >= reserve.sequence - 1 && !isEqual(hello.current, reserve.baseDigest);
}

/** The end of a directive that the hello proves; undefined where it proves none. */
export function toConclusion(hello: Hello, deployment: OpenDeployment): Conclusion | undefined {
  if (hello.unsent > 0 || hello.sequence !== deployment.sequence) return undefined;
  switch (hello.phase) {
    case "suspended":
    case "broken":
      return hello.phase;
    case "idle":
      if (isEqual(hello.current, deployment.profileDigest)) return "committed";
      return isEqual(hello.current, deployment.baseDigest) ? "rolled_back" : undefined;
    default:
      return undefined;
  }
}
