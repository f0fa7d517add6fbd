import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { verifyDelivery } from "../agent/gate.ts";
import { toLeafHash, toTree } from "../proto/tree.ts";
import { measureAgentMemory } from "./agent-memory.ts";
import { measureDeployments } from "./deployments.ts";
import { toMedianSeconds, toRounded } from "./measure.ts";
import { createDelivery, createDirectives } from "./sample.ts";

// Prints one JSON object: figures of this machine, medians where several rounds were run. Nothing is judged.

const ROUNDS = 5;
const GATE_CALLS = 500;
const GATE_RELEASE = 100_000;
const TREE_LEAVES = 100_000;
const TERMINALS = 200;
const BUNDLE = fileURLToPath(new URL("../tillsync-agent.cjs", import.meta.url));

const result = {
  node: process.version,
  cpu: readCpu(),
  gateVerificationsPerSecond: await measureGate(),
  treeOf100000DirectivesSeconds: await measureTree(),
  deploymentsPerSecond: toRounded(await measureDeployments(TERMINALS)),
  deploymentTerminals: TERMINALS,
  agentIdleMegabytes: toRounded(await measureAgentMemory(BUNDLE)),
  agentBundleBytes: statSync(BUNDLE).size,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);

/** A binding release of GATE_RELEASE directives: two signatures, the inclusion proof, and all that follows. */
async function measureGate(): Promise<number> {
  const { delivery, context } = createDelivery(GATE_RELEASE);
  const seconds = await toMedianSeconds(ROUNDS, () => {
    for (let call = 0; call < GATE_CALLS; call++) verifyDelivery(delivery, context);
  });
  return toRounded(GATE_CALLS / seconds);
}

/** Leaf hashes and all levels. */
async function measureTree(): Promise<number> {
  const directives = createDirectives(TREE_LEAVES);
  return toRounded(await toMedianSeconds(ROUNDS, () => void toTree(directives.map(toLeafHash))));
}

function readCpu(): string {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
  return model?.[1] ?? "unknown";
}
