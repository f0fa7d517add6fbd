import { fastify } from "fastify";
import { TillsyncError } from "../../../../proto/errors.ts";
import { addEndpoints } from "./add-endpoints.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { addOpenapi } from "./openapi.ts";

/** The API in OpenAPI 3.1, made of the table alone: no route of it is ever asked. */
export async function describeApi(): Promise<object> {
  const refuse = async () => {
    throw new TillsyncError("INTERNAL");
  };
  const app = fastify({ logger: false });
  // Nothing is to be checked here.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => () => "");
  addOpenapi(app);
  void app.register(async (api) => addEndpoints(api, ENDPOINTS, { enter: refuse, answer: refuse }));
  await app.ready();
  const description = app.swagger();
  await app.close();
  return description;
}

/** The same, made when it is first asked for. */
export function describeOnce(): () => Promise<object> {
  let description: Promise<object> | undefined;
  return () => {
    description ??= describeApi();
    return description;
  };
}
