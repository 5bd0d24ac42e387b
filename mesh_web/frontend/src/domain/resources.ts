// What is configured: resources, what is said of them, and when they end.
import type { Json } from "./dump";
import type { Finding, Tone } from "./mesh";
import { formatTime, type UnixSeconds, unixSeconds } from "./units";

/** As Kubernetes has them on the Gateway API's kinds. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Those of the object itself, of one listener, or of a route at one parent. */
export interface ConditionGroup {
  readonly title: string;
  readonly detail: string;
  readonly conditions: readonly Condition[];
}

export interface Resource {
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: number;
  readonly expiresAt: UnixSeconds | null;
  readonly findings: readonly Finding[];
  readonly revision: number;
  readonly state: string;
  readonly addresses: readonly string[];
  readonly groups: readonly ConditionGroup[];
  /** As a person would apply it. */
  readonly shown: Json;
}

/** "VirtualService shop/reviews", as revisions and addresses name it; kinds of the whole cluster have no namespace. */
export const resourceName = ({
  kind,
  namespace,
  name,
}: Pick<Resource, "kind" | "namespace" | "name">): string => `${kind} ${namespace}/${name}`;

/** The same for people: "Namespace shop". */
export const resourceTitle = (of: Pick<Resource, "kind" | "namespace" | "name">): string =>
  resourceName(of).replace(" /", " ");

const PROBLEMS: readonly string[] = ["Conflicted", "PartiallyInvalid", "OverlappingTLSConfig"];

/** Most conditions are well when they are true; some name a problem. */
export function conditionTone({ type, status }: Condition): Tone {
  if (PROBLEMS.includes(type)) return status === "True" ? "warning" : "good";
  return status === "True" ? "good" : "bad";
}

const HELP: Readonly<Record<string, string>> = {
  BackendNotFound:
    "A backendRef names a Service that is not there: see its name, namespace and port.",
  HostnameConflict: "Another listener of this port has the same hostname: only one can be served.",
  InvalidCertificateRef:
    "The listener's certificateRefs name no Secret of type kubernetes.io/tls: apply it, or correct the name.",
  InvalidKind: "A reference is to a kind that cannot be used here: use a Service.",
  InvalidRouteKinds: "allowedRoutes.kinds names kinds that this protocol cannot carry.",
  ListenersNotValid: "At least one listener below is not valid: its own conditions say why.",
  NoMatchingListenerHostname:
    "No hostname of the route fits a listener's hostname: make one of them wider.",
  NoMatchingParent: "The parent has no listener with this sectionName or port.",
  NoResources: "Nothing carries it out: no gateway pod runs that belongs to it.",
  NotAllowedByListeners:
    "The listener's allowedRoutes leave this namespace or kind out: widen namespaces.from or kinds.",
  Pending: "No gateway pod is ready for it yet.",
  ProtocolConflict: "Another listener of this port speaks another protocol.",
  RefNotPermitted:
    "The reference goes into another namespace: apply a ReferenceGrant there that allows it.",
  UnsupportedProtocol: "Listeners speak HTTP, HTTPS, TLS or TCP.",
  UnsupportedValue: "A value of it is not supported: the findings name its place.",
  Invalid: "It is not valid: the findings name the place.",
};

/** What to do about a condition that is not well; "" where it is, or nothing is known. */
export const conditionHelp = (condition: Condition): string =>
  conditionTone(condition) === "good" ? "" : (HELP[condition.reason] ?? "");

const SEVERITIES: readonly Finding["severity"][] = ["error", "warning", "info"];

/** How bad it is at worst: errors, conditions that are not met, warnings; null: nothing to say. */
export function worstOf({ findings, groups }: Resource): Finding["severity"] | null {
  const met = groups.every((group) =>
    group.conditions.every((one) => conditionTone(one) === "good"),
  );
  if (findings.some((one) => one.severity === "error")) return "error";
  if (!met) return "warning";
  return SEVERITIES.find((one) => findings.some((found) => found.severity === one)) ?? null;
}

export interface Filter {
  readonly words: string;
  readonly kind: string;
  readonly namespace: string;
  readonly troubled: boolean;
}

export function findResources(
  all: readonly Resource[],
  { words, kind, namespace, troubled }: Filter,
): readonly Resource[] {
  const lower = words.toLowerCase();
  return all.filter(
    (one) =>
      (kind === "" || one.kind === kind) &&
      (namespace === "" || one.namespace === namespace) &&
      (!troubled || worstOf(one) !== null) &&
      resourceName(one).toLowerCase().includes(lower),
  );
}

const unique = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].filter((name) => name !== "").sort((a, b) => a.localeCompare(b));
export const kindsOf = (all: readonly Resource[]) => unique(all.map((one) => one.kind));
export const namespacesIn = (all: readonly Resource[]) => unique(all.map((one) => one.namespace));

/** The moment that a `datetime-local` field holds, for `?at=`; "" where it holds none. */
export function momentOf(local: string): string {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? "" : at.toISOString().replace(".000Z", "Z");
}

/** "?at=" for people: a revision, or a moment. */
export function whenWords(at: string): string {
  if (/^\d+$/.test(at)) return `at revision ${at}`;
  const moment = new Date(at);
  return Number.isNaN(moment.getTime())
    ? `at ${at}`
    : `on ${formatTime(unixSeconds(moment.getTime() / 1000))}`;
}

export const LIFETIMES = [
  { value: "", label: "for good" },
  { value: "10m", label: "for 10 minutes" },
  { value: "1h", label: "for an hour" },
  { value: "1d", label: "for a day" },
  { value: "7d", label: "for a week" },
] as const;
