import { toFleetCsv } from "./demo/fleet/fleet-csv.ts";

// Prints the sample fleet: node dist/sim/make-fleet.js > sim/data/fleet.csv
process.stdout.write(toFleetCsv());
