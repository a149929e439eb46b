/** How loud a track is, for bars that move with the voice and for who speaks. */

/** Between two looks at a track, ms: a syllable. */
const LOOK_MS = 100;
/** Above this somebody speaks; a quiet room has some 0.05. Guess. */
const VOICE = 0.2;
/** Silence between two words of one sentence, ms. */
const PAUSE_MS = 700;

// One for all tracks: browsers allow only a few.
let shared: AudioContext | undefined;

/** Calls `hear` with 0 (silence) to 1 some times a second. Returns what ends it. */
export function watchLevel(track: MediaStreamTrack, hear: (level: number) => void): () => void {
  shared ??= new AudioContext();
  // Made before the first click it waits for one.
  if (shared.state === "suspended") void shared.resume().catch(() => undefined);
  const source = shared.createMediaStreamSource(new MediaStream([track]));
  const analyser = shared.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    // A quiet voice has a mean of some 0.01, a loud one of 0.3: the ear's scale is nearer to the root.
    hear(track.enabled ? Math.min(1, Math.sqrt(Math.sqrt(sum / samples.length)) * 1.6) : 0);
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/** Calls `tell` when somebody begins to speak, and when they have ended. Returns what ends it. */
export function watchVoice(track: MediaStreamTrack, tell: (speaks: boolean) => void): () => void {
  let speaks = false;
  let last = 0;
  return watchLevel(track, (level) => {
    const now = performance.now();
    if (level > VOICE) last = now;
    const does = last > 0 && now - last < PAUSE_MS;
    if (does !== speaks) tell((speaks = does));
  });
}
