import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shop } from "../shop.ts";
import { type Asked, type Hand, Refused, toEvidencePdf } from "./hand.ts";

const SETTINGS = {
  name: "merchant.name",
  shortName: "merchant.short_name",
  licenceNo: "merchant.licence_no",
  taxNo: "merchant.tax_no",
  uscc: "merchant.uscc",
  mcc: "merchant.mcc",
} as const;

/** Somebody at the service's own machine. */
export function toCliHand(shop: Shop, person: string): Hand {
  const by = ["--by", person];
  return {
    create: async (asked) => {
      const { kind, reasonCode, reason, isRecovery = false } = asked;
      const why = ["--reason-code", reasonCode, "--reason", reason, ...(isRecovery ? ["--recovery"] : []), ...by];
      const args = ["--merchant", shop.merchant, "--kind", kind, ...why, ...toContentArgs(asked)];
      return (await runCli(shop, "changes", "create", ...args)).id;
    },
    attach: async (id, kind) => {
      const folder = join(shop.folders.maker, id);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${kind}.pdf`);
      writeFileSync(file, toEvidencePdf(id, kind));
      await runCli(shop, "changes", "attach", id, file, "--kind", kind, ...by);
    },
    preview: async (id) => {
      const { feeFen, findings, terminals } = await runCli(shop, "changes", "preview", id);
      return { feeFen, findings, ...(terminals === undefined ? {} : { reached: terminals.reached }) };
    },
    amend: async (id, { reasonCode, reason, ...content }) => {
      const why = [
        ...(reasonCode === undefined ? [] : ["--reason-code", reasonCode]),
        ...(reason === undefined ? [] : ["--reason", reason]),
      ];
      await runCli(shop, "changes", "amend", id, ...why, ...toContentArgs(content), ...by);
    },
    submit: async (id) => {
      await runCli(shop, "changes", "submit", id, ...by);
    },
    reject: async (id, comment) => {
      await runCli(shop, "changes", "reject", id, "--comment", comment, ...by);
    },
    task: async (id, task, note) => {
      await runCli(shop, "changes", "task", id, task, "--note", note, ...by);
    },
    show: (id) => runCli(shop, "changes", "show", id),
    merchant: () => runCli(shop, "merchants", "show", shop.merchant),
  };
}

/** What a command printed as JSON. @throws Refused */
export async function runCli(shop: Shop, ...args: readonly string[]) {
  const { code, stdout, stderr } = await shop.tillsync(...args);
  if (code !== 0) throw toRefused(stderr);
  return JSON.parse(stdout);
}

function toRefused(stderr: string): Error {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return last.startsWith("{") ? new Refused(JSON.parse(last).error.code) : new Error(stderr);
}

function toContentArgs({ patch = {}, binding, sealed }: Partial<Asked>): readonly string[] {
  const { contacts = [] } = patch;
  const settings = Object.entries(SETTINGS).flatMap(([field, setting]) => {
    const [, value] = Object.entries(patch).find(([name]) => name === field) ?? [];
    return value === undefined ? [] : ["--set", `${setting}=${value}`];
  });
  return [
    ...settings,
    ...(patch.principal === undefined ? [] : ["--principal", patch.principal]),
    ...contacts.flatMap(({ role, name, phone, email }) => ["--contact", [role, name, phone, email].join()]),
    ...(binding === undefined ? [] : ["--binding", binding]),
    ...(sealed === undefined ? [] : ["--sealed", sealed]),
  ];
}
