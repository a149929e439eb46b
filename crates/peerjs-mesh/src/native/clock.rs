//! The core's clock: microseconds that also pass while the machine is suspended, so that a member which slept knows it.

use peerjs_mesh_core::Instant;

/// The present moment.
pub(crate) fn now() -> Instant {
    Instant::from_micros(micros())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn micros() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000) + nanos / 1_000
}

/// Elsewhere the best that the standard library has.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn micros() -> u64 {
    use std::sync::OnceLock;
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let elapsed = START.get_or_init(std::time::Instant::now).elapsed();
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}
