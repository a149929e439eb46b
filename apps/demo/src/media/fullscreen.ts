/** A shared screen over the whole of one's own. */

/** Phones that put nothing else there than a video, by a way of their own. */
interface PhoneVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

export const canFullScreen = (): boolean => document.fullscreenEnabled || "webkitEnterFullscreen" in HTMLVideoElement.prototype;

/** Puts an element with a video in it over the whole screen, or back. A browser that refuses leaves it where it is. */
export function toggleFullScreen(element: Element): void {
  if (document.fullscreenElement === element) return leaveFullScreen();
  if (document.fullscreenEnabled) return void element.requestFullscreen().catch(() => undefined);
  element.querySelector<PhoneVideo>("video")?.webkitEnterFullscreen?.();
}

export function leaveFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
}
