// The mark of the product.
export const Logo = ({ size = 28 }: { readonly size?: number }) => (
  <svg aria-hidden="true" height={size} viewBox="0 0 32 32" width={size}>
    <rect fill="var(--accent-fill)" height="32" rx="8" width="32" />
    <path
      d="M8 22 12 10l4 9 4-9 4 12"
      fill="none"
      stroke="#fff"
      strokeLinecap="round"
      strokeWidth="2"
    />
    <g fill="#fff">
      <circle cx="8" cy="22" r="2.6" />
      <circle cx="12" cy="10" r="2.6" />
      <circle cx="16" cy="19" r="2.6" />
      <circle cx="20" cy="10" r="2.6" />
      <circle cx="24" cy="22" r="2.6" />
    </g>
  </svg>
);
