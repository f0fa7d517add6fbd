import { InvalidArgumentError } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { MAX_FLAT_JSON_BYTES } from "../../../proto/flat-json.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { parseBindingJson } from "../../../proto/settlement.ts";
import type { ChangeKind } from "../../domain/changes/change.ts";
import type { ChangeContent } from "../../domain/changes/content.ts";
import { CONTACT_ROLES, type Contact } from "../../domain/records/contact.ts";
import type { RecordPatch } from "../../domain/records/record.ts";
import { parseSettings } from "../../domain/settings.ts";
import { readBytes } from "./files.ts";

const MAX_SEALED_BYTES = 16_384;
/** Stands for what nobody knows. */
const NONE = "none";

/** Options that say what a change shall bring. */
export interface ContentOptions {
  readonly set: readonly string[];
  readonly principal?: string;
  readonly licenceValidUntil?: number | typeof NONE;
  readonly contact: readonly Contact[];
  readonly binding?: string;
  readonly validFrom?: number;
  readonly validUntil?: number;
  readonly account?: number;
  readonly sealed?: string;
  readonly sealedBefore?: string;
}

/** `role,name,phone,email`, the last two of which may be empty. */
export function toContact(text: string, previous: readonly Contact[]): readonly Contact[] {
  const [role = "", name = "", phone = "", email = "", ...more] = text.split(",").map((part) => part.trim());
  const known = CONTACT_ROLES.find((candidate) => candidate === role);
  if (known === undefined || more.length > 0) {
    throw new InvalidArgumentError(`Expected role,name,phone,email; roles are ${CONTACT_ROLES.join(", ")}.`);
  }
  return [...previous, { role: known, name, phone, email }];
}

/** Seconds from a day like 2029-05-31, at its beginning in UTC. */
export function toDay(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError("Expected a day such as 2029-05-31.");
  return ms / 1_000;
}

/** As `toDay`, or `none`, which stays as it is: commander takes null for no argument at all. */
export function toDayOrNone(text: string): number | typeof NONE {
  return text === NONE ? NONE : toDay(text);
}

/** Whether any of the options was given. */
export function hasContent(options: ContentOptions): boolean {
  const { set, principal, licenceValidUntil, contact, binding, account } = options;
  const { sealed, sealedBefore, validFrom, validUntil } = options;
  const given = [principal, licenceValidUntil, binding, account, sealed, sealedBefore, validFrom, validUntil];
  return set.length + contact.length > 0 || given.some((each) => each !== undefined);
}

/**
 * What the options say, for a change of that kind.
 *
 * @throws TillsyncError CONFIG_INVALID, SENSITIVE_DATA, and the identifiers' own codes
 */
export function toContent(kind: ChangeKind, options: ContentOptions): ChangeContent {
  const { binding, account, sealed, sealedBefore, validFrom, validUntil } = options;
  return {
    ...(kind === "merchant" || kind === "contact" ? { patch: toPatch(options) } : {}),
    ...(binding === undefined
      ? {}
      : {
          settlement: {
            ...parseBindingJson(readBytes(binding, MAX_FLAT_JSON_BYTES)),
            ...{ validFrom: validFrom ?? null, validUntil: validUntil ?? null },
          },
        }),
    ...(account === undefined ? {} : { bindingId: account }),
    ...(sealed === undefined ? {} : { sealed: readSealed(sealed) }),
    ...(sealedBefore === undefined ? {} : { sealedBefore: readSealed(sealedBefore) }),
  };
}

function toPatch({ set, principal, licenceValidUntil, contact }: ContentOptions): RecordPatch {
  const { merchant, acquiring, parameters } = parseSettings(set);
  if (Object.keys(acquiring).length + Object.keys(parameters).length > 0) {
    throw new TillsyncError("CONFIG_INVALID", {
      expected: "fields of the merchant; for others tillsync release build",
    });
  }
  if (principal !== undefined) checkNotSensitive(principal);
  const { number: _, ...fields } = merchant;
  return {
    ...fields,
    ...(principal === undefined ? {} : { principal }),
    ...(licenceValidUntil === undefined
      ? {}
      : { licenceValidUntil: licenceValidUntil === NONE ? null : licenceValidUntil }),
    ...(contact.length === 0 ? {} : { contacts: contact }),
  };
}

function readSealed(file: string): string {
  return Buffer.from(readBytes(file, MAX_SEALED_BYTES)).toString("base64");
}
