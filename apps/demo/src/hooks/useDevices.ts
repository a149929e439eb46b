import { useSyncExternalStore } from "react";
import type { Devices, DevicesState } from "../media/devices.js";

/** Camera, microphone and speakers as they are now. */
export const useDevices = (devices: Devices): DevicesState => useSyncExternalStore(devices.subscribe, devices.snapshot);
