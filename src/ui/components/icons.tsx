/** @file The few signs the page draws. All are decoration: what they say stands beside them in words. */
import type { JSX } from 'preact';

function Icon({ path, filled = false }: { path: string; filled?: boolean }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={path}
        fill={filled ? 'currentColor' : 'none'}
        stroke={filled ? 'none' : 'currentColor'}
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export const CheckIcon = () => <Icon path="M3 8.5 6.6 12 13 4.5" />;
export const CrossIcon = () => <Icon path="m4 4 8 8M12 4l-8 8" />;
export const MissingIcon = () => (
  <Icon path="M8 2.2v1.6M8 12.2v1.6M2.2 8h1.6M12.2 8h1.6M4 4l1 1M11 11l1 1M4 12l1-1M11 5l1-1" />
);
export const QuestionIcon = () => <Icon path="M5.8 6.2a2.3 2.3 0 1 1 3.4 2c-.8.5-1.2.9-1.2 1.8M8 12.6v.2" />;
export const WaitingIcon = () => <Icon path="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z" />;
export const RunningIcon = () => <Icon path="M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Z" filled />;
export const PencilIcon = () => <Icon path="m3 13 .7-3 7-7 2.3 2.3-7 7-3 .7ZM9.2 4.5l2.3 2.3" />;
export const LockIcon = () => <Icon path="M4.2 7.2h7.6v6H4.2zM5.7 7V5a2.3 2.3 0 0 1 4.6 0v2" />;

export function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#12443f" />
      <path d="M8 11h16M16 11v13" stroke="#f6f2ea" stroke-width="3.2" stroke-linecap="round" fill="none" />
      <circle cx="23.2" cy="22.6" r="2.6" fill="#f0b45a" />
    </svg>
  );
}
