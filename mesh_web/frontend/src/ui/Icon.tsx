// The icon set: 20 by 20, drawn in strokes of the text's colour.

const PATHS = {
  graph:
    "M4 15.5 8 6l4 7 4-8M4 15.5a1.5 1.5 0 1 1-.01 0M8 6a1.5 1.5 0 1 1 .01 0M12 13a1.5 1.5 0 1 0 .01 0M16 5a1.5 1.5 0 1 1 .01 0",
  traces: "M3 5h8M6 10h9M9 15h8",
  logs: "M4 4.5h12M4 8.2h8M4 11.9h12M4 15.6h6",
  metrics: "M3.5 3.5v13h13M6.5 12.5l3-4 3 2.5 4-6",
  revisions: "M10 5.5V10l3 2M3.5 10a6.5 6.5 0 1 0 2-4.7M3.5 3.5v3.2h3.2",
  workloads: "M10 2.8 16.5 6.4v7.2L10 17.2 3.5 13.6V6.4zM3.5 6.4 10 10l6.5-3.6M10 10v7.2",
  proxies: "M3 6.5h9.5M10 3.5l3 3-3 3M17 13.5H7.5M10 10.5l-3 3 3 3",
  config: "M7 4.5 2.5 10 7 15.5M13 4.5 17.5 10 13 15.5",
  explain: "M5 17V3M5 4h8l3 2.5L13 9H5M5 11.5h5",
  search: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M13.2 13.2 17 17",
  close: "M5 5l10 10M15 5 5 15",
  check: "M4 10.5 8 14.5 16 6",
  warning: "M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.2v.1",
  error: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4M10 6.5v4.2M10 13.5v.1",
  lock: "M5.5 9h9v7.5h-9zM7 9V6.5a3 3 0 0 1 6 0V9",
  key: "M7 9.5a3.5 3.5 0 1 0 .01 0M9.6 10.6 16.5 3.7M13.5 6.7l2 2",
  unlock: "M5.5 9h9v7.5h-9zM7 9V6.5a3 3 0 0 1 5.8-1",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  fit: "M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4",
  play: "M6 4l10 6-10 6z",
  pause: "M7 4v12M13 4v12",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
  moon: "M16 11.5A6.5 6.5 0 1 1 8.5 4a5 5 0 0 0 7.5 7.5",
  system: "M3 4h14v9.5H3zM7 17h6M10 13.5V17",
  undo: "M7 4 3.5 7.5 7 11M3.5 7.5h8a5 5 0 0 1 0 10H8",
  copy: "M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4",
  keyboard: "M2.5 5.5h15v9h-15zM5.5 8.5h.1M8.5 8.5h.1M11.5 8.5h.1M14.5 8.5h.1M6.5 11.7h7",
  more: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  globe:
    "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4M2.8 10h14.4M10 2.8c-4.5 4-4.5 10.4 0 14.4M10 2.8c4.5 4 4.5 10.4 0 14.4",
  gateway: "M3 3.5v13M17 3.5v13M6 10h8M11.5 7l3 3-3 3",
  service: "M10 3.2 16.8 15.5H3.2z",
  unknown: "M7.5 7.5a2.5 2.5 0 1 1 3.8 2.1c-.8.5-1.3 1-1.3 2M10 14.5v.1",
  namespace: "M3.5 3.5h4v4h-4zM12.5 3.5h4v4h-4zM3.5 12.5h4v4h-4zM12.5 12.5h4v4h-4z",
  logout: "M8 3.5H4v13h4M12 6.5l3.5 3.5L12 13.5M15.5 10H8",
  chevron: "M7.5 5l5 5-5 5",
  sliders: "M4 6h7M15 6h1M4 14h1M9 14h7M11 4v4M9 12v4",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6",
  restart: "M16.5 10a6.5 6.5 0 1 1-2-4.7M16.5 3v3.2h-3.2",
  shield: "M10 2.8 16 5v5c0 3.6-2.5 6-6 7.2C6.5 16 4 13.6 4 10V5z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      aria-hidden="true"
      fill="none"
      height={size}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth={name === "more" ? 2.6 : 1.6}
      viewBox="0 0 20 20"
      width={size}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
