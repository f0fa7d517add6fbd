import { toDownTopic, toUpTopic } from "../../proto/topics.ts";
import { CANARIES } from "../acl.ts";
import { SERVICE_READS } from "../policy.ts";
import { PUBREC } from "./packets.ts";
import { type Company, createMark, type Trial } from "./trial.ts";

// Doing what one should not, from within. What counts is what arrives: a broker may grant a subscription and never
// deliver, or acknowledge a message and drop it.

const [FIRST, SECOND] = CANARIES;
const FIRST_DOWN = toDownTopic(FIRST, "receipt");
const FIRST_UP = toUpTopic(FIRST, "hello");
const SECOND_UP = toUpTopic(SECOND, "hello");
const SECOND_DOWN = toDownTopic(SECOND, "receipt");

const FILTERS = [
  FIRST_DOWN,
  FIRST_UP,
  "#",
  "+/+/+/+/+",
  "tillsync/#",
  "tillsync/v1/+/down/receipt",
  "tillsync/v1/+/up/hello",
  `$share/probe/${FIRST_DOWN}`,
  "$share/probe/#",
  "$SYS/#",
];
const CLIENT_IDS = [FIRST, "+", "#"];

/** What is allowed has to work, or else nothing that follows says anything. */
export async function tryOwnTopics(trial: Trial): Promise<string | undefined> {
  const company = await trial.openCompany();
  if (typeof company === "string") return company;
  const mark = await passBetween(company);
  if (!(await company.service.has(({ topic, payload }) => topic === FIRST_UP && payload === mark))) {
    return "what a terminal says does not reach the service";
  }
  const isReached = await company.first.has(({ topic, payload }) => topic === FIRST_DOWN && payload === mark);
  return isReached ? undefined : "what the service says does not reach a terminal";
}

export function trySubscriptions(trial: Trial): Promise<string | undefined> {
  return inCompany(trial, async (company) => {
    for (const filter of FILTERS) {
      const client = await trial.openSecond();
      await client?.subscribe([filter]);
      const mark = await passBetween(company);
      await company.first.has(({ payload }) => payload === mark);
      const isForeign = client?.has(
        ({ topic, payload }) => payload === mark || topic.startsWith("$"),
        trial.options.graceMs,
      );
      if (await isForeign) return `a terminal is sent what is not its own by subscribing to ${filter}`;
      client?.drop();
    }
    return undefined;
  });
}

export function tryPublishing(trial: Trial): Promise<string | undefined> {
  return inCompany(trial, async ({ first, service }) => {
    const { graceMs } = trial.options;
    const own = await trial.openSecond();
    await own?.subscribe([SECOND_DOWN]);
    const targets = [
      [FIRST_DOWN, first, "sends another one what only the service may send"],
      [FIRST_UP, service, "speaks in another one's name"],
      [SECOND_DOWN, own, "sends itself what only the service may send"],
    ] as const;
    for (const [topic, observer, detail] of targets) {
      const mark = createMark();
      const client = topic === SECOND_DOWN ? own : (await trial.open(trial.options.identities.second, SECOND)).client;
      await client?.publish(topic, mark);
      if (await observer?.has(({ payload }) => payload === mark, graceMs)) return `a terminal ${detail}: ${topic}`;
      if (client !== own) client?.drop();
    }
    return undefined;
  });
}

/** Another one's client id: neither its rights nor its connection may come with it. */
export function tryClientIds(trial: Trial): Promise<string | undefined> {
  return inCompany(trial, async ({ first, service }) => {
    const { graceMs, identities } = trial.options;
    for (const clientId of CLIENT_IDS) {
      const { client } = await trial.open(identities.second, clientId);
      if (await first.ends(graceMs)) return "a terminal cuts another one off by taking its client id";
      await client?.subscribe([FIRST_DOWN, "tillsync/v1/+/down/receipt"]);
      const [down, up] = [createMark(), createMark()];
      await service.publish(FIRST_DOWN, down);
      await client?.publish(FIRST_UP, up);
      if (await client?.has(({ payload }) => payload === down, graceMs))
        return `client id ${clientId} is sent what is another's`;
      if (await service.has(({ payload }) => payload === up, graceMs))
        return `client id ${clientId} speaks in another's name`;
      client?.drop();
    }
    return undefined;
  });
}

export async function tryRetained(trial: Trial): Promise<string | undefined> {
  const mark = createMark();
  const client = await trial.openSecond();
  await client?.publish(SECOND_UP, mark, { retain: true });
  const { client: service } = await trial.open(trial.options.identities.service, "tillsync-probe");
  await service?.subscribe(SERVICE_READS);
  const isKept = await service?.has(({ payload, retain }) => retain && payload === mark, trial.options.graceMs);
  // Nothing of the probe stays behind.
  if (isKept) await (await trial.openSecond())?.publish(SECOND_UP, "", { retain: true });
  return isKept ? "keeps what a terminal says and sends it to those who come later" : undefined;
}

export function tryWills(trial: Trial): Promise<string | undefined> {
  return inCompany(trial, async ({ first, service }) => {
    for (const [topic, observer] of [
      [FIRST_DOWN, first],
      [FIRST_UP, service],
    ] as const) {
      const mark = createMark();
      const client = await trial.openSecond({ will: { topic, payload: mark } });
      client?.drop();
      const isPublished = await observer.has(({ payload }) => payload === mark, trial.options.graceMs);
      if (isPublished) return `a terminal's will reaches what is not its own: ${topic}`;
    }
    return undefined;
  });
}

export async function tryQos2(trial: Trial): Promise<string | undefined> {
  const subscriber = await trial.openSecond();
  const granted = (await subscriber?.subscribe([SECOND_DOWN], 2)) ?? [];
  if (granted.includes(2)) return "grants a subscription with QoS 2";
  const publisher = await trial.openSecond();
  const answer = await publisher?.publish(SECOND_UP, createMark(), { qos: 2 });
  return answer === PUBREC ? "takes messages with QoS 2" : undefined;
}

async function inCompany(trial: Trial, look: (company: Company) => Promise<string | undefined>) {
  const company = await trial.openCompany();
  return typeof company === "string" ? `works no more: ${company}` : look(company);
}

/** The first canary and the service say something to each other. */
async function passBetween({ first, service }: Company): Promise<string> {
  const mark = createMark();
  await service.publish(FIRST_DOWN, mark);
  await first.publish(FIRST_UP, mark);
  return mark;
}
