import { useEffect, useMemo, useRef, type JSX } from "react";
import { useFullScreen } from "../hooks/useFullScreen.js";
import { facesAway } from "../media/devices.js";
import { canFullScreen, leaveFullScreen, toggleFullScreen } from "../media/fullscreen.js";
import { watchVoice } from "../media/level.js";
import type { Member } from "../room/state.js";
import { Avatar } from "../ui/Avatar.js";
import { FullIcon, MicOffIcon, NotFullIcon, ScreenIcon } from "../ui/icons.js";
import { RoundButton } from "../ui/RoundButton.js";
import { Video } from "../ui/Video.js";

interface Props {
  member: Member;
  /** Whether it gets most of the space. */
  large: boolean;
  /** The key that puts it over the whole screen. */
  fullKey: string | undefined;
  /** What one gives; for the own tile only. */
  own?: { picture: MediaStreamTrack | undefined; sound: MediaStreamTrack | undefined } | undefined;
  speaker: string;
  onBlocked: () => void;
}

/** One person: the picture or the initials, the name, and whether they are heard. A frame shows who speaks. */
export function Tile({ member, large, fullKey, own, speaker, onBlocked }: Props): JSX.Element {
  const tile = useRef<HTMLLIElement>(null);
  const picture = own?.picture;
  const mirror = useMemo(() => (picture ? new MediaStream([picture]) : undefined), [picture]);
  const stream = member.self ? mirror : member.stream;
  const visible = stream !== undefined && (member.camera || member.screen);

  const sound = member.self ? own?.sound : member.stream?.getAudioTracks()[0];
  useEffect(() => {
    if (!sound || !member.mic) return;
    const unwatch = watchVoice(sound, (speaks) => tile.current?.classList.toggle("speaks", speaks));
    return () => {
      unwatch();
      tile.current?.classList.remove("speaks");
    };
  }, [sound, member.mic]);

  const full = useFullScreen(tile);
  // A screen that is shown no longer leaves nobody before a picture of a face, without a button.
  useEffect(() => {
    if (full && !large) leaveFullScreen();
  }, [full, large]);
  const toggle = (): void => void (tile.current && toggleFullScreen(tile.current));
  const canFull = large && canFullScreen();

  return (
    <li
      ref={tile} className="tile" data-screen={member.screen || undefined} data-large={large || undefined}
      onDoubleClick={canFull ? (event) => !(event.target as Element).closest("button") && toggle() : undefined}
    >
      <Avatar name={member.name} />
      <Video
        stream={stream} own={member.self} mirrored={member.self && !member.screen && !facesAway(picture)} visible={visible}
        speaker={speaker} onBlocked={onBlocked}
      />
      <div className="plate">
        {!member.mic && <><MicOffIcon /><span className="out">Microphone off:</span></>}
        {member.screen && <><ScreenIcon /><span className="out">Shows the screen:</span></>}
        <span className="name">{member.name}</span>
        {member.self && <span className="you">you</span>}
      </div>
      {canFull && (
        <RoundButton label={full ? "Leave full screen" : "Full screen"} shortcut={fullKey} onClick={toggle}>
          {full ? <NotFullIcon /> : <FullIcon />}
        </RoundButton>
      )}
    </li>
  );
}
