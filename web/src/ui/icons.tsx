/** Pictures that say nothing a word beside them does not: all are hidden from screen readers. */
import type { ComponentChildren, JSX } from "preact";

function Icon({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const IconUpload = () => (
  <Icon>
    <path d="M10 13.5V4m0 0L6.2 7.8M10 4l3.8 3.8M3.5 13v2.2c0 .7.6 1.3 1.3 1.3h10.4c.7 0 1.3-.6 1.3-1.3V13" />
  </Icon>
);
export const IconFile = () => (
  <Icon>
    <path d="M5 2.8h6.5L15 6.3v10.9H5zM11.2 3v3.6h3.6" />
  </Icon>
);
export const IconDownload = () => (
  <Icon>
    <path d="M10 4v9.5m0 0 3.8-3.8M10 13.5 6.2 9.7M3.5 16.5h13" />
  </Icon>
);
export const IconTrash = () => (
  <Icon>
    <path d="M3.5 5.5h13M8 5.3V3.5h4v1.8M5.3 5.5l.8 11h7.8l.8-11M8.3 8.5v5M11.7 8.5v5" />
  </Icon>
);
export const IconClose = () => (
  <Icon>
    <path d="m5.5 5.5 9 9m0-9-9 9" />
  </Icon>
);
export const IconCheck = () => (
  <Icon>
    <path d="m4.5 10.5 3.7 3.7 7.3-8" />
  </Icon>
);
export const IconWarning = () => (
  <Icon>
    <path d="M10 3.3 17.3 16H2.7zM10 8v4m0 1.6v.4" />
  </Icon>
);
export const IconRetry = () => (
  <Icon>
    <path d="M15.8 8.2A6.2 6.2 0 1 0 16 12M16 4.2v4.1h-4.1" />
  </Icon>
);
export const IconBack = () => (
  <Icon>
    <path d="M11.8 4.8 6.6 10l5.2 5.2" />
  </Icon>
);
export const IconSearch = () => (
  <Icon>
    <path d="M13 13l4 4M14.3 8.9a5.4 5.4 0 1 1-10.8 0 5.4 5.4 0 0 1 10.8 0z" />
  </Icon>
);
export const IconBrand = () => (
  <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" class="brand-back" />
    <path d="M9 8h9l5 5v11H9z" class="brand-sheet" />
    <path d="M12.5 18l2.6 2.6 4.6-5" class="brand-tick" />
  </svg>
);
