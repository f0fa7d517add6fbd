import type { AedesOptions, Client } from "aedes";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { parseUpTopic } from "../../proto/topics.ts";
import type { Admission, Peer } from "../bus.ts";
import { isConnectAllowed, isDeliveryAllowed, isPublishAllowed, isSubscribeAllowed } from "../policy.ts";
import type { Log } from "./log.ts";
import type { Session } from "./session.ts";

/** What a decision needs to know of a connection. */
type Known = Pick<Session, "tusn" | "peer" | "admission" | "hold" | "receive">;

type Hooks = Required<
  Pick<
    AedesOptions,
    "preConnect" | "authenticate" | "authorizePublish" | "authorizeSubscribe" | "authorizeForward" | "published"
  >
>;

/**
 * Every decision of aedes, made by the access policy. An error given back drops the connection; a plain "no" would keep
 * it open, so there is none.
 */
export function createHooks(
  sessionOf: (client: Client | null) => Known | undefined,
  admit: (peer: Peer) => Promise<Admission>,
  log: Log,
): Hooks {
  const refuse = (session: Known | undefined, action: string): Error => {
    log("bus.access_denied", { code: "ACCESS_DENIED", action, tusn: session?.tusn ?? "" });
    return new TillsyncError("ACCESS_DENIED", { action });
  };

  return {
    preConnect(client, packet, done) {
      const session = sessionOf(client);
      const isAllowed =
        session !== undefined &&
        isConnectAllowed({
          certificateTusn: session.tusn,
          clientId: packet.clientId,
          clean: packet.clean === true,
          will: packet.will !== undefined,
          credentials: packet.username !== undefined || packet.password !== undefined,
          protocolVersion: packet.protocolVersion ?? 0,
          keepalive: packet.keepalive ?? 0,
        });
      if (!isAllowed) {
        done(refuse(session, "connect"), false);
        return;
      }
      // A client may send on before its CONNACK: nothing of it is read before it is known what the client may do.
      session.hold();
      admit(session.peer).then(
        (admission) => {
          session.admission = admission;
          done(null, true);
        },
        (error: Error) => {
          log("bus.not_admitted", { code: toErrorCode(error), tusn: session.tusn });
          done(error, false);
        },
      );
    },

    authenticate(client, _username, _password, done) {
      done(null, client.id === sessionOf(client)?.tusn);
    },

    authorizePublish(client, packet, done) {
      const session = sessionOf(client);
      const { topic, qos, retain, payload } = packet;
      const bytes = Buffer.from(payload);
      if (
        session?.admission === undefined ||
        !isPublishAllowed({
          ...{ tusn: session.tusn, admission: session.admission },
          ...{ topic, qos, retain, bytes: bytes.length },
        })
      ) {
        done(refuse(session, "publish"));
        return;
      }
      session.receive(parseUpTopic(topic).kind, bytes).then(
        () => done(),
        (error: Error) => {
          log("bus.not_stored", { code: toErrorCode(error), tusn: session.tusn });
          done(error);
        },
      );
    },

    authorizeSubscribe(client, subscription, done) {
      const session = sessionOf(client);
      const { topic: filter, qos } = subscription;
      if (session !== undefined && isSubscribeAllowed({ tusn: session.tusn, filter, qos })) done(null, subscription);
      else done(refuse(session, "subscribe"));
    },

    authorizeForward(client, packet) {
      const session = sessionOf(client);
      const isAllowed =
        session?.admission !== undefined && isDeliveryAllowed(session.tusn, session.admission, packet.topic);
      return isAllowed ? packet : null;
    },

    published(_packet, _client, done) {
      done();
    },
  };
}
