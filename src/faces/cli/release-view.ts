import { type ReleaseLeaf, verifyReleaseFile } from "../../../certs/release.ts";
import { toSigners } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import type { ReleaseFile } from "../../../proto/delivery.ts";
import { type DifferenceClass, type FieldDifference, toDifferences } from "../../../proto/difference.ts";
import { toSheet, toTable, toTime } from "./output.ts";

/** One terminal of a release: what it would change, from the very bytes that are signed. */
export interface DirectiveView {
  readonly tusn: string;
  readonly sequence: number;
  readonly merchant: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly onFail: string;
  readonly digest: string;
  readonly differences: readonly FieldDifference[];
}

/** A release as a person reads it before signing. */
export interface ReleaseView {
  readonly releaseId: string;
  readonly purpose: DifferenceClass;
  readonly merchant: string;
  readonly reason: string;
  readonly created: number;
  readonly expires: number;
  readonly root: string;
  readonly demanded: readonly string[];
  readonly signedBy: readonly string[];
  readonly directives: readonly DirectiveView[];
}

/** How many terminals are shown in full; the rest is there in the JSON. */
const MAX_SHOWN = 20;

/** @throws TillsyncError where the file does not fit together: what is shown is what is signed */
export function toReleaseView(file: ReleaseFile, policy: Policy): ReleaseView {
  const { statement, leaves } = verifyReleaseFile(file);
  return {
    releaseId: toHex(statement.releaseId),
    purpose: statement.purpose,
    merchant: statement.merchant,
    reason: file.reason,
    created: statement.created,
    expires: statement.expires,
    root: toHex(statement.root),
    demanded: policy.thresholds[statement.purpose],
    signedBy: toSigners(policy, file.statement, file.signatures).map((person) => `${person.name} (${person.id})`),
    directives: leaves.map(toDirectiveView),
  };
}

export function toReleaseText(view: ReleaseView): string {
  const head = toSheet([
    ["release", view.releaseId],
    ["purpose", view.purpose === "binding" ? "BINDING: the settlement card or account changes" : view.purpose],
    ["merchant", view.merchant === "" ? "-" : view.merchant],
    ["reason", view.reason],
    ["valid", `${toTime(view.created)} to ${toTime(view.expires)}`],
    ["terminals", String(view.directives.length)],
    ["demanded", view.demanded.join(" + ")],
    ["signed by", view.signedBy.length === 0 ? "nobody yet" : view.signedBy.join(", ")],
  ]);
  const shown = view.directives.slice(0, MAX_SHOWN).map(toDirectiveText);
  const left = view.directives.length - shown.length;
  return [head, ...shown, ...(left > 0 ? [`… and ${left} more terminals (all of them with --json)`] : [])].join("\n\n");
}

function toDirectiveView({ directive, bytes, profile, base }: ReleaseLeaf): DirectiveView {
  return {
    tusn: directive.tusn,
    sequence: directive.sequence,
    merchant: profile.merchant.number,
    notBefore: directive.notBefore,
    notAfter: directive.notAfter,
    onFail: directive.onFail,
    digest: toHex(toDigest(bytes)),
    differences: toDifferences(base, profile),
  };
}

function toDirectiveText(view: DirectiveView): string {
  const title = `${view.tusn}, sequence ${view.sequence}, on failure: ${view.onFail}`;
  const rows = view.differences.map(({ group, field, before, after }) => [
    `  ${group}.${field}`,
    before === "" ? "-" : before,
    after === "" ? "-" : after,
  ]);
  return `${title}\n${toTable(["  field", "old", "new"], rows)}`;
}
