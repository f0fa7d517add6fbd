import type { Static, TSchema, Type } from "typebox";
import type { Accounts } from "../../../app/accounts/accounts.ts";
import type { Acquirer } from "../../../app/acquirers/acquirer.ts";
import type { OrderRunner } from "../../../app/acquirers/runner.ts";
import type { AcquirerSettings } from "../../../app/acquirers/settings.ts";
import type { Attachments } from "../../../app/changes/attachments.ts";
import type { ChangeTools } from "../../../app/changes/submit.ts";
import type { Context } from "../../../app/context.ts";
import type { Actor } from "../../../domain/accounts/actor.ts";
import type { Right } from "../../../domain/accounts/rights.ts";

export const METHODS = ["GET", "POST", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

/** The acquirers that are set up, and what drives the orders to them: the one of this process. */
export interface Acquiring {
  readonly settings: readonly AcquirerSettings[];
  /** By code. */
  readonly acquirers: ReadonlyMap<string, Acquirer>;
  readonly orders: OrderRunner;
}

/** What endpoints work with: the same application services as the command line. */
export interface Services {
  readonly context: Context;
  readonly accounts: Accounts;
  readonly tools: ChangeTools;
  readonly attachments: Attachments;
  readonly acquiring: Acquiring;
  /** Where evidence is kept. */
  readonly dataFolder: string;
  /** The font of documents to print. @throws TillsyncError CONFIG_INVALID */
  font(): Uint8Array;
  /** What this API is, in OpenAPI 3.1. */
  describe(): Promise<object>;
}

/** A request, checked. */
export interface Call<P, Q, B> {
  /** Whoever makes it; nobody on a public endpoint. */
  readonly actor: Actor;
  /** His session's token or API key; empty on a public endpoint. */
  readonly bearer: string;
  /** Address that it comes from. */
  readonly origin: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body where it is no JSON; else empty. */
  readonly bytes: Uint8Array;
  /** Version that If-Match names; 0 where the endpoint asks for none. */
  readonly seen: number;
}

/** A body that is taken as it is. */
export interface BytesBody {
  readonly types: readonly string[];
  readonly maxBytes: number;
}

/** A file. */
export interface Download {
  readonly type: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Which events are sent. */
export interface Watch {
  /** Of this change; of all that the actor may see where absent. */
  readonly changeId?: string;
  /** Whether it begins with the first event of all, where no Last-Event-ID says otherwise, or with the next one. */
  readonly fromFirst: boolean;
}

/** One row of the table: all that there is to know of an endpoint. */
export interface EndpointOf<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly method: Method;
  /** Below the API's prefix; parameters as `{name}`. */
  readonly path: string;
  /** The right it takes; `public` is for everybody. */
  readonly right: Right | "public";
  /**
   * `own`: the actor's own account. `scoped`: only what is of merchants in his scope is met, and the rest is as if it
   * were not there. `whole`: it cannot be cut down to some merchants, and is refused to whoever has a scope.
   */
  readonly reach: "own" | "scoped" | "whole";
  /** Whether a person has to do it himself: no key is let in, which may be anybody's. */
  readonly byPerson?: true;
  readonly group: string;
  readonly summary: string;
  /** Whether it changes something: then an idempotency key is honoured. */
  readonly changes?: true;
  /** The answer holds a secret, told this once: it is kept nowhere. */
  readonly tellsOnce?: true;
  /** Whether If-Match has to name the version that it is made for. */
  readonly ifMatch?: true;
  /** Member of the answer that is its version, told as ETag. */
  readonly tag?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Of a body in JSON; MAX_JSON_BYTES where absent. */
  readonly maxBytes?: number;
  readonly bytes?: BytesBody;
  readonly status: 200 | 201 | 202 | 204;
  /** Of an answer in JSON. */
  readonly answer?: TSchema;
  /** Whether somebody outside is asked for it, who may be slow: few of these are under way at once. */
  readonly asksOutside?: true;
  /** What the answer is where it is no JSON. */
  readonly sends?: "file" | "events";
  handle(services: Services, call: Call<Static<P>, Static<Q>, Static<B>>): Promise<unknown>;
}

export type Endpoint = EndpointOf<TSchema, TSchema, TSchema>;

type None = ReturnType<typeof Type.Object<Record<never, never>>>;

/** Gives a row its types; they are forgotten in the table. */
export function endpoint<P extends TSchema = None, Q extends TSchema = None, B extends TSchema = None>(
  row: EndpointOf<P, Q, B>,
): Endpoint {
  return row as unknown as Endpoint;
}

/** How its bearer is told in the ledger. */
export function toPerson({ name, person }: Actor): string {
  // Whoever signs must be known by the name that he signs under: nobody approves what he asked for himself.
  return person === "" ? name : person;
}
