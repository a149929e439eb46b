import { useMemo, type JSX } from "react";
import { facesAway, notThatOne, whyNot, type Devices, type DevicesState, type Kind } from "../media/devices.js";
import { Avatar } from "../ui/Avatar.js";
import { CameraIcon, CameraOffIcon, MicIcon, MicOffIcon } from "../ui/icons.js";
import { RoundButton } from "../ui/RoundButton.js";
import { Video } from "../ui/Video.js";
import { LevelMeter } from "./LevelMeter.js";

/** What the others are going to see and hear, with the two switches for it. */
export function Preview({ devices, state, name }: { devices: Devices; state: DevicesState; name: string }): JSX.Element {
  const { camera, microphone } = state;
  const stream = useMemo(() => (camera.track ? new MediaStream([camera.track]) : undefined), [camera.track]);
  const asking = camera.standing === "asking" || microphone.standing === "asking";
  // The place for the picture is kept: nothing moves under a finger when it comes.
  const awaited = camera.standing === "idle" || camera.standing === "asking";
  const seen = camera.standing === "on";
  const heard = microphone.standing === "on";
  return (
    <div className="preview">
      <Video stream={stream} own mirrored={!facesAway(camera.track)} visible={seen} />
      {!seen && (
        <div className={`unseen${awaited ? "" : " for-good"}`}>
          {name.trim() && <Avatar name={name} />}
          <p>{asking ? "Asking for camera and microphone …" : camera.standing === "off" ? "Your camera is off" : "You will not be seen"}</p>
        </div>
      )}
      {heard && microphone.track && <LevelMeter track={microphone.track} />}
      <div className="switches">
        <RoundButton
          label={heard ? "Turn microphone off" : "Turn microphone on"}
          look={heard ? "plain" : "off"}
          onClick={() => void devices.toggle("microphone")}
        >
          {heard ? <MicIcon /> : <MicOffIcon />}
        </RoundButton>
        <RoundButton
          label={seen ? "Turn camera off" : "Turn camera on"}
          look={seen ? "plain" : "off"}
          onClick={() => void devices.toggle("camera")}
        >
          {seen ? <CameraIcon /> : <CameraOffIcon />}
        </RoundButton>
      </div>
    </div>
  );
}

/** In words, what is not as one would expect. */
export function Troubles({ devices, state }: { devices: Devices; state: DevicesState }): JSX.Element {
  const { camera, microphone } = state;
  const both = camera.standing === microphone.standing;
  const text = both ? whyNotBoth(state) : [whyNot("camera", camera.standing), whyNot("microphone", microphone.standing)].filter(Boolean).join(" ");
  const again = [camera, microphone].some(({ standing }) => ["denied", "busy"].includes(standing));
  const kept = (["camera", "microphone"] satisfies Kind[]).filter((kind) => state[kind].kept);
  return (
    <div className="troubles" role="status">
      {text && (
        <div className="trouble">
          <p>{text} <strong>You can join all the same</strong> and see, hear and write.</p>
          {again && <button type="button" className="button small" onClick={() => void devices.again()}>Try again</button>}
        </div>
      )}
      {kept.map((kind) => <p key={kind} className="trouble">{notThatOne(kind)}</p>)}
    </div>
  );
}

function whyNotBoth({ camera }: DevicesState): string {
  switch (camera.standing) {
    case "denied":
      return "The browser does not let this page use camera and microphone. Allow them beside the address, then try again.";
    case "missing":
      return "No camera and no microphone were found.";
    case "busy":
      return "Camera and microphone cannot be opened. Perhaps another program uses them.";
    case "lost":
      return "Camera and microphone were unplugged.";
    case "insecure":
      return "The browser gives camera and microphone only to pages with https. This one was opened without.";
    default:
      return "";
  }
}
