// Talking to the REST API: one error shape, CSRF, a lost session.
import * as v from "valibot";
import type { Finding } from "../domain/mesh";
import type { paths } from "./openapi.gen";
import { errorSchema, pageOf, type Schema } from "./schema";

type Filled<P extends string> = P extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${Filled<Tail>}`
  : P;
type Below<P> = P extends `/api/v1${infer Rest}` ? Rest : never;
/** A path that the API has, its parameters filled in. */
export type ApiPath = Filled<Below<keyof paths>>;

/** An answer that is not a success. `message` is a sentence for people and says how to mend it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly findings: readonly Finding[];

  constructor(status: number, code: string, message: string, findings: readonly Finding[]) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.findings = findings;
  }
}

export const UNREACHABLE =
  "Meshweb does not answer. See whether it still runs in its terminal; this page tries again by itself.";

let csrf = "";
/** The token that writes carry; each session has its own. */
export function carryCsrf(token: string): void {
  csrf = token;
}

const lost = new Set<() => void>();
/** Be told when the server says that there is no session any more. */
export function onSessionLost(listener: () => void): () => void {
  lost.add(listener);
  return () => lost.delete(listener);
}

/** The server knows no session any more. */
export function tellSessionLost(): void {
  for (const listener of lost) listener();
}

interface Request {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly query?: Readonly<
    Record<string, string | number | boolean | readonly string[] | null | undefined>
  >;
  readonly json?: unknown;
  readonly yaml?: string;
  readonly signal?: AbortSignal | undefined;
}

function address(path: string, query: Request["query"]): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of [value].flat()) params.append(key, String(one));
  }
  const tail = params.toString();
  return `/api/v1${path}${tail === "" ? "" : `?${tail}`}`;
}

async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => ({}));
  const parsed = v.safeParse(errorSchema, body);
  const message = parsed.success && parsed.output.message !== "" ? parsed.output.message : null;
  const fallback =
    response.status >= 500
      ? "Meshweb failed to answer. Its log in the terminal says why; please try again."
      : `The request was refused (${response.status}).`;
  return new ApiError(
    response.status,
    parsed.success ? parsed.output.code : "",
    message ?? fallback,
    parsed.success ? parsed.output.findings : [],
  );
}

async function send(path: string, request: Request): Promise<Response> {
  const method = request.method ?? "GET";
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrf;
  if (request.json !== undefined) headers["Content-Type"] = "application/json";
  if (request.yaml !== undefined) headers["Content-Type"] = "application/yaml";
  const body = request.yaml ?? (request.json === undefined ? null : JSON.stringify(request.json));
  try {
    return await fetch(address(path, request.query), {
      method,
      headers,
      body,
      credentials: "same-origin",
      signal: request.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", UNREACHABLE, []);
  }
}

/** Call the API and check what it answers. */
export async function call<T>(path: ApiPath, schema: Schema<T>, request: Request = {}): Promise<T> {
  const response = await send(path, request);
  if (response.status === 401 && path !== "/login" && path !== "/session") {
    tellSessionLost();
  }
  if (!response.ok) throw await refusal(response);
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]) ?? "the answer";
  throw new ApiError(
    response.status,
    "unexpected_answer",
    `Meshweb answered ${path} in a shape this page does not know (${where}: ${parsed.issues[0].message}). Reload the page; after an upgrade it may be old.`,
    [],
  );
}

/** All items of a paged list, page after page. */
export async function callAll<T>(path: ApiPath, item: Schema<T>, request: Request = {}) {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: Request["query"] = { limit: 1000, ...request.query, cursor };
    const page: { items: T[]; next: string | null } = await call(path, pageOf(item), {
      ...request,
      query,
    });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < 10_000);
  return items;
}
