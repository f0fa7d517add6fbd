import {
  type DeploymentPage,
  listDeploymentPage,
  listQuarantinePage,
  listReleasePage,
  type QuarantinePage,
} from "../../store/pages.ts";
import type { ReleaseRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { type QuarantineView, toQuarantineView } from "../admission/list-quarantines.ts";
import { type DeploymentView, toDeploymentView } from "./deployments.ts";

// Lists that may be long, page by page. Whoever gets as many as he asked for may ask for those behind the last.

/** A release in a list. */
export type ReleaseLine = Omit<ReleaseRow, "statement" | "root">;

/** The newest first. */
export async function pageReleases(
  store: Store,
  page: Parameters<typeof listReleasePage>[1],
): Promise<readonly ReleaseLine[]> {
  const rows = await listReleasePage(store, page);
  return rows.map(({ statement: _, root: __, ...line }) => line);
}

/** In order of TUSN, of each terminal the newest first. */
export async function pageDeployments(store: Store, page: DeploymentPage): Promise<readonly DeploymentView[]> {
  return (await listDeploymentPage(store, page)).map(toDeploymentView);
}

/** The newest first, each with the id that the next page goes on behind. */
export async function pageQuarantines(
  store: Store,
  page: QuarantinePage,
): Promise<readonly { readonly id: number; readonly view: QuarantineView }[]> {
  return (await listQuarantinePage(store, page)).map((row) => ({ id: row.id, view: toQuarantineView(row) }));
}
