import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { URI } from "otpauth";
import type { KeyRole, Role } from "../../../src/domain/accounts/roles.ts";
import { type ApiAnswer, type ApiAsking, ask } from "../api.ts";
import type { Shop } from "../shop.ts";
import { runCli } from "./cli-hand.ts";
import { type Asked, type Hand, Refused, toEvidencePdf } from "./hand.ts";

const REASON = ["--reason", "a story", "--by", "root"];

/** Somebody's own hand at the API, and the token or key that he asks with. */
export interface ApiHand extends Hand {
  readonly bearer: string;
}

export interface AccountRequest {
  readonly name: string;
  readonly role: Role;
  /** The same human being in the trust policy. */
  readonly person: string;
}

/**
 * An account as people come by it: a one-time password from the administrator, a password of one's own, a second factor,
 * and then a login with both.
 */
export async function openAccountHand(shop: Shop, { name, role, person }: AccountRequest): Promise<ApiHand> {
  const account = await runCli(shop, "accounts", "add", name, "--role", role, "--person", person, ...REASON);
  const login = async (password: string, code: string) => {
    const { json } = await demand(shop, "/sessions", { body: { name, password, code } });
    return String(json["token"]);
  };
  const first = await login(account.password, "");
  const password = `${[...name].reverse().join("")}'s long password 1`;
  await demand(shop, "/me/password", { as: first, body: { password: account.password, next: password } });
  const { json } = await demand(shop, "/me/totp", { as: first, body: { password } });
  const totp = URI.parse(String(json["uri"]));
  if (!("period" in totp)) throw new Error("no TOTP");
  // A code counts once: the one after it is good already.
  const toCode = (steps: number) => totp.generate({ timestamp: Date.now() + steps * totp.period * 1_000 });
  await demand(shop, "/me/totp/confirmation", { as: first, body: { code: toCode(0) } });
  return toApiHand(shop, await login(password, toCode(1)));
}

/** A program with an API key for the shop's merchant alone. */
export async function openKeyHand(shop: Shop, name: string, role: KeyRole): Promise<ApiHand> {
  const scope = ["--merchant", shop.merchant];
  const { key } = await runCli(shop, "accounts", "keys", "add", name, "--role", role, ...scope, ...REASON);
  return toApiHand(shop, key);
}

function toApiHand(shop: Shop, bearer: string): ApiHand {
  const get = async (path: string) => (await demand(shop, path, { as: bearer })).json as never;
  const change = (path: string, asking: ApiAsking) =>
    demand(shop, path, {
      method: "POST",
      ...asking,
      as: bearer,
      headers: { "idempotency-key": randomUUID(), ...asking.headers },
    });
  /** Alters what was read just before. */
  const alter = async (id: string, rest: string, asking: ApiAsking = {}) => {
    const { headers } = await demand(shop, `/changes/${id}`, { as: bearer });
    await change(`/changes/${id}${rest}`, { ...asking, headers: { "if-match": String(headers.etag) } });
  };
  return {
    bearer,
    create: async (asked) => {
      const { kind, reasonCode, reason, isRecovery = false } = asked;
      const body = { merchant: shop.merchant, kind, reasonCode, reason, isRecovery, content: toContent(asked) };
      const headers = { "idempotency-key": randomUUID() };
      const { json } = await change("/changes", { body, headers });
      // The line broke, and the program asks once more: it is one change all the same.
      const again = await change("/changes", { body, headers });
      if (again.json["id"] !== json["id"]) throw new Error("the same request began two changes");
      return String(json["id"]);
    },
    attach: async (id, kind) => {
      const headers = { "content-type": "application/pdf" };
      const body = toEvidencePdf(id, kind);
      await change(`/changes/${id}/attachments?kind=${kind}&name=${kind}.pdf`, { body, headers });
    },
    preview: async (id) => {
      const { json } = await demand(shop, `/changes/${id}/preview`, { as: bearer });
      const { feeFen, findings, terminals } = json as never as {
        readonly feeFen: number;
        readonly findings: [];
        readonly terminals?: { readonly reached: number };
      };
      return { feeFen, findings, ...(terminals === undefined ? {} : { reached: terminals.reached }) };
    },
    amend: async (id, { reasonCode, reason, ...content }) => {
      const body = {
        ...(reasonCode === undefined ? {} : { reasonCode }),
        ...(reason === undefined ? {} : { reason }),
        ...(Object.keys(content).length === 0 ? {} : { content: toContent(content) }),
      };
      await alter(id, "", { method: "PATCH", body });
    },
    submit: (id) => alter(id, "/submit"),
    reject: (id, comment) => alter(id, "/reject", { body: { reason: comment } }),
    task: (id, task, note) => alter(id, `/tasks/${task}`, { body: { note } }),
    show: (id) => get(`/changes/${id}`),
    merchant: () => get(`/merchants/${shop.merchant}`),
  };
}

/** @throws Refused */
async function demand(shop: Shop, path: string, asking: ApiAsking): Promise<ApiAnswer> {
  const answer = await ask({ port: shop.apiPort, ca: shop.ca }, path, asking);
  if (answer.status >= 400) throw new Refused(answer.code);
  return answer;
}

function toContent({ patch, binding, sealed }: Partial<Asked>): object {
  const settlement = binding === undefined ? undefined : JSON.parse(readFileSync(binding, "utf8"));
  return {
    ...(patch === undefined ? {} : { patch }),
    ...(settlement === undefined ? {} : { settlement: { ...settlement, validFrom: null, validUntil: null } }),
    ...(sealed === undefined ? {} : { sealed: readFileSync(sealed).toString("base64") }),
  };
}
