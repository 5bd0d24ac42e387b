// Pages that belong together.
import type { Tab } from "./Tabs";

export const PROXY_TABS: readonly Tab[] = [
  { href: "/proxies", label: "Proxies" },
  { href: "/certificates", label: "Certificates" },
];
