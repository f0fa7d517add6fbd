import { TillsyncError } from "../proto/errors.ts";
import { isTusn, parseTusn, type Tusn } from "../proto/tusn.ts";
import type { Admission } from "./bus.ts";
import { SERVICE_READS, SERVICE_WRITES, toDeliveryTopics, toPublishTopics } from "./policy.ts";

// The access policy as a broker of somebody else's reads it: the access control list of Mosquitto. Every terminal has
// its own lines with its own topics written out: no pattern, into which a broker would put what a client calls itself.

/** Name that the service's own certificate has on an external broker; no TUSN, so that no terminal can have it. */
export const SERVICE_NAME = "tillsync-service";

/**
 * Serial numbers that no maker gives (999999, device type "reserved"): the self-probe connects as these two. The list
 * has them among the terminals, so that what is tried on them is what terminals are held to.
 */
export const CANARIES: readonly [Tusn, Tusn] = [parseTusn("99999907CANARY1"), parseTusn("99999907CANARY2")];

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The beginning of every list: what nobody may, the service and the two canaries. Never empty, whatever fleet follows:
 * there were brokers to which an empty list allowed everything (CVE-2018-12550).
 *
 * @throws TillsyncError CONFIG_INVALID for a service's name that is not 1 to 64 letters, digits, `.`, `_` or `-`, or has
 *   the form of a TUSN
 */
export function toAclHead(service: string = SERVICE_NAME): string {
  if (!NAME.test(service) || isTusn(service)) throw new TillsyncError("CONFIG_INVALID", { setting: "service" });
  const lines = [
    "# Who may do what on the broker, as tillsync broker acl wrote it. What is not allowed here is forbidden.",
    "topic deny #",
    "",
    `user ${service}`,
    ...SERVICE_READS.map((filter) => `topic read ${filter}`),
    ...SERVICE_WRITES.map((filter) => `topic write ${filter}`),
  ];
  return `${lines.join("\n")}\n\n${CANARIES.map((tusn) => toAclEntry(tusn, "full")).join("")}`;
}

/** Lines of one terminal; they hold for connections whose certificate names it. */
export function toAclEntry(tusn: Tusn, admission: Admission): string {
  const lines = [
    `user ${tusn}`,
    ...toPublishTopics(tusn, admission).map((topic) => `topic write ${topic}`),
    ...toDeliveryTopics(tusn, admission).map((topic) => `topic read ${topic}`),
  ];
  return `${lines.join("\n")}\n\n`;
}
