// The frame around every page: navigation, theme, account.
import { type ReactNode, useRef } from "react";
import { useLogout } from "../api/queries";
import { useTroubles } from "../api/readiness";
import { Button, IconButton, Segmented } from "../ui/controls";
import { Icon, type IconName } from "../ui/Icon";
import { Logo } from "../ui/Logo";
import { useClosing } from "../ui/popover";
import { Link, usePath } from "../ui/router";
import { useSession } from "../ui/session";
import { chooseTheme, type Theme, useTheme } from "../ui/theme";
import { Shortcuts, showShortcuts } from "./Shortcuts";
import "./shell.css";

interface Place {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  /** Only administrators are led there. */
  readonly admin?: true;
  /** On phones it stands under "More". */
  readonly wide?: true;
  /** Other pages that belong to it. */
  readonly also?: readonly string[];
}

const PLACES: readonly Place[] = [
  { href: "/", label: "Graph", icon: "graph" },
  { href: "/traces", label: "Traces", icon: "traces" },
  { href: "/query", label: "Metrics", icon: "metrics", wide: true, also: ["/rules", "/targets"] },
  { href: "/logs", label: "Logs", icon: "logs", wide: true },
  { href: "/workloads", label: "Workloads", icon: "workloads" },
  { href: "/proxies", label: "Proxies", icon: "proxies", also: ["/certificates"] },
  { href: "/explain", label: "Explain", icon: "explain", wide: true },
  { href: "/revisions", label: "Revisions", icon: "revisions" },
  { href: "/config", label: "Config", icon: "config" },
  { href: "/access", label: "Access", icon: "key", wide: true, admin: true },
];

const NEXT_THEME: Readonly<Record<Theme, Theme>> = {
  system: "light",
  light: "dark",
  dark: "system",
};
const THEME_ICONS: Readonly<Record<Theme, IconName>> = {
  system: "system",
  light: "sun",
  dark: "moon",
};

const THEMES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** What has no room in a phone's bar. */
function More({ here, children }: { readonly here: boolean; readonly children: ReactNode }) {
  const details = useRef<HTMLDetailsElement>(null);
  useClosing(details);
  return (
    <details className="rail-more popover" ref={details}>
      <summary aria-current={here ? "page" : undefined}>
        <Icon name="more" size={20} />
        More
      </summary>
      <div className="popover-body">{children}</div>
    </details>
  );
}

function ThemeButton() {
  const theme = useTheme();
  return (
    <IconButton
      icon={THEME_ICONS[theme]}
      label={`Theme: ${theme}. Change to ${NEXT_THEME[theme]}`}
      onClick={() => chooseTheme(NEXT_THEME[theme])}
    />
  );
}

/** What is wrong with Meshweb itself, whatever page it is. */
function Troubles() {
  const troubles = useTroubles();
  if (troubles.length === 0) return null;
  return (
    <ul className="troubles" data-testid="troubles" role="alert">
      {troubles.map((one) => (
        <li key={one}>
          <Icon name="error" size={16} />
          {one}
        </li>
      ))}
    </ul>
  );
}

const isHere = (path: string, { href, also = [] }: Place): boolean =>
  href === "/" ? path === "/" : [href, ...also].some((one) => path.startsWith(one));

export function Shell({ children }: { readonly children: ReactNode }) {
  const path = usePath();
  const session = useSession();
  const logout = useLogout();
  const theme = useTheme();
  const places = PLACES.filter(({ admin }) => !admin || session.role === "admin");
  const further = places.filter(({ wide }) => wide);
  return (
    <div className="shell">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <nav aria-label="Pages" className="rail">
        <Link aria-label="Meshweb" className="rail-logo" href="/">
          <Logo />
        </Link>
        <ul>
          {places.map((place) => (
            <li data-wide={place.wide} key={place.href}>
              <Link aria-current={isHere(path, place) ? "page" : undefined} href={place.href}>
                <Icon name={place.icon} size={20} />
                {place.label}
              </Link>
            </li>
          ))}
        </ul>
        <div className="rail-foot">
          <IconButton icon="keyboard" label="Keys" onClick={showShortcuts} />
          <ThemeButton />
          <IconButton
            icon="logout"
            label={`Log out ${session.user} (${session.role})`}
            onClick={() => logout.mutate()}
          />
        </div>
        <More here={further.some((place) => isHere(path, place))}>
          <p className="muted small">
            {session.user}, {session.role}
          </p>
          {further.map((place) => (
            <Link
              aria-current={isHere(path, place) ? "page" : undefined}
              href={place.href}
              key={place.href}
            >
              {place.label}
            </Link>
          ))}
          <Segmented label="Theme" onChange={chooseTheme} options={THEMES} value={theme} />
          <Button icon="logout" onClick={() => logout.mutate()}>
            Log out
          </Button>
        </More>
      </nav>
      <main className="page" id="page" tabIndex={-1}>
        <Troubles />
        {children}
      </main>
      <Shortcuts />
    </div>
  );
}
