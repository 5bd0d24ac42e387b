// Pages that belong together, as links beside each other.
import { Link, usePath } from "./router";

export interface Tab {
  readonly href: string;
  readonly label: string;
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const path = usePath();
  return (
    <nav aria-label={label} className="tabs">
      {tabs.map((tab) => (
        <Link aria-current={path === tab.href ? "page" : undefined} href={tab.href} key={tab.href}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
