import type { JSX } from "react";

/** Drawings of 24 by 24, in the colour of the text beside them. They say nothing to screen readers: labels do. */
const icon = (drawing: JSX.Element) =>
  function Icon(): JSX.Element {
    return (
      <svg className="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        {drawing}
      </svg>
    );
  };

const slash = <path d="M4 4l16 16" />;
const mic = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3" />
  </>
);
const camera = (
  <>
    <rect x="2.500" y="6" width="13" height="12" rx="3" />
    <path d="M15.500 11l6-3.500v9l-6-3.500" />
  </>
);

export const MicIcon = icon(mic);
export const MicOffIcon = icon(<>{mic}{slash}</>);
export const CameraIcon = icon(camera);
export const CameraOffIcon = icon(<>{camera}{slash}</>);
export const ScreenIcon = icon(
  <>
    <rect x="2.500" y="4" width="19" height="13" rx="2.500" />
    <path d="M8.500 21h7M12 13.500v-6M9.500 9.500 12 7l2.500 2.500" />
  </>,
);
export const ScreenOffIcon = icon(
  <>
    <rect x="2.500" y="4" width="19" height="13" rx="2.500" />
    <path d="M8.500 21h7M9.800 8.300l4.400 4.400M14.200 8.300l-4.400 4.400" />
  </>,
);
export const ChatIcon = icon(<path d="M12 4c5 0 9 3.200 9 7.200s-4 7.300-9 7.300c-1 0-2-.1-2.900-.4L4.500 20l1.200-3.600C4 15 3 13.200 3 11.200 3 7.200 7 4 12 4z" />);
export const PeopleIcon = icon(
  <>
    <circle cx="9" cy="8" r="3.500" />
    <path d="M2.500 20c.3-3.700 3-6 6.500-6s6.200 2.300 6.500 6M15.500 4.800a3.500 3.500 0 0 1 0 6.400M18 14.600c2 .9 3.300 2.800 3.500 5.400" />
  </>,
);
export const LeaveIcon = icon(<path d="M3.200 14.700c-.9-1-.8-2.700.3-3.700C5.800 8.900 8.800 8 12 8s6.200.9 8.500 3c1.100 1 1.200 2.700.3 3.700l-.6.7c-.6.7-1.600.8-2.400.4l-1.900-1c-.7-.3-1-1-1-1.700v-1.500a10.500 10.500 0 0 0-5.800 0v1.500c0 .7-.4 1.400-1 1.700l-1.900 1c-.8.4-1.800.3-2.400-.4z" />);
export const LinkIcon = icon(
  <path d="M10 14a4.200 4.200 0 0 0 6 0l3.500-3.500a4.200 4.200 0 0 0-6-6L12 6M14 10a4.200 4.200 0 0 0-6 0l-3.500 3.500a4.200 4.200 0 0 0 6 6L12 18" />,
);
export const CheckIcon = icon(<path d="M5 12.500l4.500 4.500L19 7.500" />);
export const SettingsIcon = icon(
  <>
    <path d="M4 7h9M19 7h1M4 17h1M11 17h9" />
    <circle cx="16" cy="7" r="2.500" />
    <circle cx="8" cy="17" r="2.500" />
  </>,
);
export const FullIcon = icon(<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" />);
export const NotFullIcon = icon(<path d="M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5" />);
export const CloseIcon = icon(<path d="M6 6l12 12M18 6L6 18" />);
export const SendIcon = icon(<path d="M4 12h15M13 5.500l6.500 6.500-6.500 6.500" />);
export const SpeakerIcon = icon(<path d="M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4.500 4.500 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11" />);

/** Three members, joined: the sign of the house. */
export function Mark(): JSX.Element {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--accent-solid)" />
      <path d="M9.500 21.500 16 10l6.500 11.500z" fill="none" stroke="#fff" strokeWidth="2" />
      <circle cx="16" cy="10" r="3.200" fill="#fff" />
      <circle cx="9.500" cy="21.500" r="3.200" fill="#fff" />
      <circle cx="22.500" cy="21.500" r="3.200" fill="#fff" />
    </svg>
  );
}
