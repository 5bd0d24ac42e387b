// Pages that belong together.
import type { Tab } from "./Tabs";

export const PROXY_TABS: readonly Tab[] = [
  { href: "/proxies", label: "Proxies" },
  { href: "/certificates", label: "Certificates" },
];
export const METRICS_TABS: readonly Tab[] = [
  { href: "/query", label: "Query" },
  { href: "/rules", label: "Rules" },
  { href: "/targets", label: "Targets" },
];
export const ACCESS_TABS: readonly Tab[] = [
  { href: "/access", label: "Accounts" },
  { href: "/access/tokens", label: "Tokens" },
  { href: "/access/audit", label: "Audit" },
];
export const CONFIG_TABS: readonly Tab[] = [
  { href: "/config", label: "Resources" },
  { href: "/config/edit", label: "Editor" },
];
