import { useEffect, useRef, type JSX } from "react";

interface Props {
  stream: MediaStream | undefined;
  /** One's own: seen as in a mirror, and not heard. */
  own?: boolean;
  mirrored?: boolean;
  /** Whether the picture is shown; it is heard in any case. */
  visible: boolean;
  /** The loudspeaker that it is heard on; empty: the usual one. */
  speaker?: string;
  /** Told when the browser wants a click before it plays sound. */
  onBlocked?: () => void;
}

/** Plays a stream. */
export function Video({ stream, own = false, mirrored = false, visible, speaker = "", onBlocked }: Props): JSX.Element {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video || video.srcObject === (stream ?? null)) return;
    video.srcObject = stream ?? null;
    if (stream) {
      video.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === "NotAllowedError") onBlocked?.();
      });
    }
  }, [stream, onBlocked]);
  useEffect(() => {
    // A loudspeaker that is gone: the usual one goes on.
    if (!own) void element.current?.setSinkId?.(speaker).catch(() => undefined);
  }, [own, speaker]);
  return <video ref={element} className={mirrored ? "mirrored" : ""} autoPlay playsInline muted={own} hidden={!visible} tabIndex={-1} aria-hidden="true" />;
}
