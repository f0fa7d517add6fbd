import { describeRedTeam } from "../support/red-team-suite.ts";

// Row 13, the first half of the deliveries.
describeRedTeam(0);
