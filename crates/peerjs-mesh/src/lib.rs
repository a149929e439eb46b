//! Rooms over WebRTC, with no server in the middle: the mesh for native programs.

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub mod native;
