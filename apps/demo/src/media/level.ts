/** How loud a track is, for bars that move with the voice. */

/** Calls `hear` with 0 (silence) to 1 some times a second. Returns what ends it. */
export function watchLevel(track: MediaStreamTrack, hear: (level: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    // A quiet voice is some 0.01, a loud one 0.3: the ear's scale is the root of it.
    hear(track.enabled ? Math.min(1, Math.sqrt(Math.sqrt(sum / samples.length)) * 1.6) : 0);
  }, 80);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
