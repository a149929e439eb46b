import type { JSX } from "react";
import { Pickers } from "../lobby/Pickers.js";
import type { Devices, DevicesState } from "../media/devices.js";
import { LONGEST_NAME } from "../room/names.js";

const KEYS = [["m", "microphone"], ["v", "camera"], ["s", "share screen"], ["c", "chat"], ["p", "people"], ["f", "full screen"]] as const;

interface Props {
  devices: Devices;
  state: DevicesState;
  name: string;
  onName: (name: string) => void;
  keys: boolean;
  onKeys: (on: boolean) => void;
}

/** Name, devices and keys, to be changed during the call. */
export function Settings({ devices, state, name, onName, keys, onKeys }: Props): JSX.Element {
  return (
    <div className="settings">
      <label className="field">
        <span>Your name</span>
        <input
          defaultValue={name} maxLength={LONGEST_NAME} autoComplete="nickname"
          onBlur={(event) => onName(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && onName(event.currentTarget.value)}
        />
      </label>
      <Pickers devices={devices} state={state} />
      <label className="check">
        <input type="checkbox" checked={keys} onChange={(event) => onKeys(event.target.checked)} />
        <span>Single keys: {KEYS.map(([key, what]) => <span key={key} className="key"><kbd>{key}</kbd> {what}</span>)}</span>
      </label>
    </div>
  );
}
