import type { JSX } from "react";
import type { Devices, DevicesState, Kind } from "../media/devices.js";

const LABELS = { camera: "Camera", microphone: "Microphone", speaker: "Speakers" };
const USUAL = { camera: "Usual camera", microphone: "Usual microphone", speaker: "Usual speakers" };
const NONE = { camera: "No camera found", microphone: "No microphone found", speaker: "Usual speakers" };

interface PickerProps {
  kind: keyof typeof LABELS;
  list: readonly MediaDeviceInfo[];
  chosen: string;
  onChoose: (id: string) => void;
}

function Picker({ kind, list, chosen, onChoose }: PickerProps): JSX.Element {
  // Before the browser has been allowed to tell them, devices have neither name nor id.
  const named = list.filter(({ deviceId }) => deviceId !== "");
  const value = named.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  return (
    <label className="field">
      <span>{LABELS[kind]}</span>
      <select value={value} disabled={named.length === 0} onChange={(event) => onChoose(event.target.value)}>
        {value === "" && <option value="">{list.length > 0 ? USUAL[kind] : NONE[kind]}</option>}
        {named.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>{label || `${LABELS[kind]} ${index + 1}`}</option>
        ))}
      </select>
    </label>
  );
}

/** Which camera, microphone and loudspeaker are used. */
export function Pickers({ devices, state }: { devices: Devices; state: DevicesState }): JSX.Element {
  const choose = (kind: Kind) => (id: string) => void devices.choose(kind, id);
  return (
    <div className="pickers">
      <Picker kind="camera" list={state.camera.list} chosen={state.camera.chosen} onChoose={choose("camera")} />
      <Picker kind="microphone" list={state.microphone.list} chosen={state.microphone.chosen} onChoose={choose("microphone")} />
      {state.speakers.can && (
        <Picker kind="speaker" list={state.speakers.list} chosen={state.speakers.chosen} onChoose={(id) => devices.chooseSpeaker(id)} />
      )}
    </div>
  );
}
