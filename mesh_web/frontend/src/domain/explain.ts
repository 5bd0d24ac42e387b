// A request explained: its way through the proxies, hop by hop, and how it may end.

/** Made from a resource ("Kind namespace/name") at a YAML path; both may be empty. */
export interface MadeFrom {
  readonly resource: string;
  readonly path: string;
}

export interface Considered extends MadeFrom {
  readonly name: string;
  readonly holds: boolean;
  readonly reason: string;
}

export interface Ended {
  readonly share: number;
  readonly ending: "application" | "outside" | "answered" | "closed";
  readonly by: string;
  readonly message: string;
  readonly status: number | null;
  readonly grpcStatus: number | null;
  readonly flags: string;
  readonly details: string;
  readonly location: string;
}

interface Listening extends MadeFrom {
  readonly address: string;
  readonly port: number;
  readonly chain: string;
  readonly reason: string;
  readonly refused: string;
}

export interface Tokens {
  readonly verdict: string;
  readonly passes: boolean;
  readonly message: string;
  readonly providers: readonly Considered[];
}

export interface Guarded extends MadeFrom {
  readonly action: string;
  readonly dryRun: boolean;
  readonly passes: boolean;
  readonly message: string;
  readonly rules: readonly Considered[];
}

interface HeaderOperation {
  readonly on: string;
  readonly action: string;
  readonly name: string;
  readonly value: string;
  readonly of: string;
}

export interface Effects {
  readonly rewrittenPath: string;
  readonly rewrittenHost: string;
  readonly headers: readonly HeaderOperation[];
  readonly redirect: string;
  readonly directStatus: number | null;
  readonly delayMs: number | null;
  readonly delayPercent: number | null;
  readonly abortStatus: number | null;
  readonly abortGrpcStatus: number | null;
  readonly abortPercent: number | null;
  readonly mirrors: readonly { readonly cluster: string; readonly percent: number }[];
  readonly timeoutMs: number | null;
  readonly attempts: number | null;
  readonly retryOn: string;
  readonly cors: string;
  readonly hashing: readonly string[];
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface Onward {
  readonly share: number;
  readonly tls: string;
  readonly trouble: string;
  readonly endpoints: readonly Endpoint[];
  readonly hop: Hop | null;
}

interface Instead extends MadeFrom {
  readonly on: readonly string[];
  readonly status: number | null;
  readonly target: string;
}

export interface Destination extends MadeFrom {
  readonly cluster: string;
  readonly share: number;
  readonly member: string;
  readonly service: string;
  readonly subset: string;
  readonly instead: Instead | null;
  readonly onward: readonly Onward[];
}

/** What happens to a share of the requests at a hop; shares are percent of the hop's requests. */
export interface Turn {
  readonly share: number;
  readonly route: Considered | null;
  readonly effects: Effects | null;
  readonly ends: readonly Ended[];
  readonly destinations: readonly Destination[];
}

export interface Hop {
  readonly side: string;
  readonly namespace: string;
  readonly workload: string;
  readonly pod: string;
  readonly proxy: string;
  readonly listener: Listening | null;
  readonly tokens: Tokens | null;
  readonly guards: readonly Guarded[];
  readonly routeTable: string;
  readonly virtualHost: {
    readonly name: string;
    readonly domain: string;
    readonly how: string;
  } | null;
  readonly routes: readonly Considered[];
  readonly turns: readonly Turn[];
}

export interface Explanation {
  readonly source: { readonly namespace: string; readonly workload: string; readonly pod: string };
  readonly first: Hop;
  readonly outcomes: readonly Ended[];
  readonly notes: readonly string[];
}

/** A question as a page asks it; `headers` has a "name: value" on each line. */
export interface Question {
  readonly source: string;
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  readonly token: string;
  readonly documents: string;
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

export function headersOf(
  lines: string,
): readonly { readonly name: string; readonly value: string }[] {
  return lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", ...rest] = line.split(":");
      return { name: name.trim(), value: rest.join(":").trim() };
    });
}

/** The body of the question; claims are JSON where a token would stand. */
export function asked(question: Question): Record<string, unknown> {
  const { headers, token, ...rest } = question;
  const claims = claimsOf(token);
  return {
    ...rest,
    headers: headersOf(headers),
    ...(claims === null ? { token: token.trim() } : { claims }),
  };
}

function claimsOf(token: string): unknown {
  if (!token.trim().startsWith("{")) return null;
  try {
    return JSON.parse(token);
  } catch {
    return null;
  }
}

export type Tone = "good" | "bad" | "warning";

/** An answer of the mesh itself is worth a look; one that refuses is bad. */
export function toneOf(one: Ended): Tone {
  if (one.ending === "closed") return "bad";
  if (one.ending !== "answered") return "good";
  if (one.grpcStatus !== null && one.grpcStatus !== 0) return "bad";
  return (one.status ?? 0) >= 400 ? "bad" : "warning";
}

export const percentText = (share: number): string =>
  `${share.toLocaleString("en", { maximumFractionDigits: 2 })} %`;

/** What a route does beside sending on, a sentence each. */
export function effectsOf(effects: Effects): readonly string[] {
  const said: string[] = [];
  const say = (holds: boolean, text: string) => holds && said.push(text);
  say(effects.rewrittenPath !== "", `the path becomes ${effects.rewrittenPath}`);
  say(effects.rewrittenHost !== "", `the host becomes ${effects.rewrittenHost}`);
  say(effects.redirect !== "", `redirects to ${effects.redirect}`);
  say(effects.directStatus !== null, `answers ${effects.directStatus} by itself`);
  say(
    effects.delayMs !== null,
    `delays ${effects.delayPercent} % of the requests by ${effects.delayMs} ms`,
  );
  say(
    effects.abortPercent !== null,
    `fails ${effects.abortPercent} % of the requests with ${
      effects.abortStatus ?? `gRPC status ${effects.abortGrpcStatus}`
    }`,
  );
  for (const one of effects.mirrors) said.push(`mirrors ${one.percent} % to ${one.cluster}`);
  say(effects.timeoutMs !== null, `gives up after ${effects.timeoutMs} ms`);
  say(
    (effects.attempts ?? 0) > 0,
    `tries again up to ${effects.attempts} times on ${effects.retryOn}`,
  );
  say(effects.cors !== "", `scripts of ${effects.cors} may read answers`);
  for (const one of effects.hashing) said.push(`equal ${one} goes to the same endpoint`);
  for (const { on, action, name, value, of } of effects.headers) {
    const to = value === "" ? "" : ` to ${value}`;
    const whose = of === "" ? "" : ` (for ${of})`;
    said.push(`${action}s ${on} header ${name}${action === "remove" ? "" : to}${whose}`);
  }
  return said;
}
