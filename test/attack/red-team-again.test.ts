import { describeRedTeam } from "../support/red-team-suite.ts";

// Row 13, the second half of the deliveries, with other people, terminals and choices.
describeRedTeam(1);
