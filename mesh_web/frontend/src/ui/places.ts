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
export const CONFIG_TABS: readonly Tab[] = [
  { href: "/config", label: "Resources" },
  { href: "/config/edit", label: "Editor" },
];
