import { useCallback, useEffect, useMemo, useState } from "react";
import type { DevicesState } from "../media/devices.js";
import type { RoomSession } from "../room/session.js";

/** What one gives the others, and the switch between camera and screen. */
export interface Call {
  /** What of one is seen: the screen, else the camera; nothing when both are off. */
  picture: MediaStreamTrack | undefined;
  sound: MediaStreamTrack | undefined;
  sharing: boolean;
  /** Whether this browser can show its screen. */
  canShare: boolean;
  /** Asks for a screen and shows it, or goes back to the camera. */
  toggleShare: () => void;
}

/** Gives the room what the devices record, or the screen, and tells everybody which. */
export function useCall(session: RoomSession, name: string, { camera, microphone }: DevicesState): Call {
  const [screen, setScreen] = useState<MediaStreamTrack>();
  const picture = screen ?? camera.track;
  const sound = microphone.track;

  useEffect(() => session.publish(new MediaStream([picture, sound].filter((track) => track !== undefined))), [session, picture, sound]);

  const mic = microphone.standing === "on";
  const seen = camera.standing === "on";
  useEffect(() => session.present({ name, mic, camera: seen, screen: screen !== undefined }), [session, name, mic, seen, screen]);

  // Whoever ends it: this page, the browser's own button, the window that is closed.
  useEffect(() => {
    if (!screen) return;
    const ended = (): void => setScreen(undefined);
    screen.addEventListener("ended", ended);
    return () => {
      screen.removeEventListener("ended", ended);
      screen.stop();
    };
  }, [screen]);

  const toggleShare = useCallback(() => {
    if (screen) return setScreen(undefined);
    navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15 } }, audio: false }).then(
      (stream) => {
        const track = stream.getVideoTracks()[0];
        if (track) track.contentHint = "detail";
        setScreen(track);
      },
      (error: unknown) => {
        // Closing the browser's question is an answer, not an error.
        if (error instanceof DOMException && error.name === "NotAllowedError") return;
        session.notify("trouble", "The screen cannot be shown.");
      },
    );
  }, [session, screen]);

  const canShare = typeof navigator.mediaDevices?.getDisplayMedia === "function";
  const sharing = screen !== undefined;
  return useMemo(() => ({ picture, sound, sharing, canShare, toggleShare }), [picture, sound, sharing, canShare, toggleShare]);
}
