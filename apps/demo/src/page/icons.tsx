import type { ReactNode } from 'react';

const icon = (children: ReactNode) => () => (
  <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
    {children}
  </svg>
);

export const MenuIcon = icon(<path d="M3 6h14M3 10h14M3 14h9" />);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const PencilIcon = icon(<path d="m4 16 .8-3.6L13.2 4 16 6.8 7.6 15.2 4 16Z" />);
export const SendIcon = icon(<path d="M10 16V4.5M5 9l5-5 5 5" />);
export const CheckIcon = icon(<path d="m4.5 10.5 3.5 3.5 7.5-8" />);
export const ChecksIcon = icon(<path d="m1.5 10.5 3.5 3.5 7.5-8M9.5 12.5 11 14l7.5-8" />);
export const ClockIcon = icon(
  <>
    <circle cx="10" cy="10" r="6.5" />
    <path d="M10 6.5V10l2.5 1.5" />
  </>,
);
export const WarningIcon = icon(<path d="M10 3.5 17.5 16.5h-15L10 3.5ZM10 8.5v4M10 14.6v.1" />);
export const DownIcon = icon(<path d="M10 4v11.5M5 11l5 5 5-5" />);
export const LeaveIcon = icon(<path d="M12 4h4v12h-4M3.5 10h8M8.5 6.5 12 10l-3.5 3.5" />);
