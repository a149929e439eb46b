//! [`Member`](peerjs_mesh_core::Member) behind a byte-record boundary, for the npm package.
//!
//! JavaScript calls one export with a fact or a command, then [`Machine::drain`]s until nothing more comes. Bytes come
//! in as slices; what goes out stands as records in one reused buffer of this module's memory, which JavaScript reads
//! after the call has returned. Frames and values are not copied into that buffer: a record names where they lie, and
//! they lie there until the next `drain`.
//!
//! The layout of all records is written once, in [`records`], and read by `packages/peerjs-mesh/src/records.ts`.
//!
//! # Invariants
//! Every export takes `&self`; the state sits in a `RefCell` that no export holds while JavaScript runs, so a callback
//! that calls in again finds it free. A panic is a fault of ours: it traps, and JavaScript tells the user once.
// Without `std` a release carries no formatting of panics; a development build says where it panicked.
#![cfg_attr(all(target_family = "wasm", not(debug_assertions)), no_std)]

extern crate alloc;

mod boundary;
mod reader;
pub mod records;
#[cfg(test)]
mod vectors;
mod writer;

use alloc::vec::Vec;
pub use boundary::Boundary;
use core::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// One member of one room. Times are microseconds of a clock that runs through suspend.
#[wasm_bindgen]
pub struct Machine {
    state: RefCell<Boundary>,
}

#[wasm_bindgen]
impl Machine {
    /// Starts joining. `config` is a [config record](records); `seed` is 32 random bytes.
    /// A config that cannot be shows as an `Error` and a `Left` record of the first drain.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], seed: &[u8], now: f64) -> Machine {
        #[cfg(all(debug_assertions, target_family = "wasm"))]
        report_panics();
        Machine {
            state: RefCell::new(Boundary::new(config, seed, now)),
        }
    }

    /// Something has happened: an [input](records) of this kind, of session or link `id`. False: the bytes are no
    /// such record, which is a fault of the caller's.
    pub fn input(&self, now: f64, kind: u32, id: u32, extra: u32, bytes: &[u8]) -> bool {
        self.state
            .borrow_mut()
            .input(now, kind, id, extra, bytes)
            .is_some()
    }

    /// The deadline has come. Early or double calls do nothing.
    pub fn timeout(&self, now: f64) {
        self.state.borrow_mut().timeout(now);
    }

    /// Sends an encoded value to all (`to` empty) or to one. 0: accepted; positive: one more than the ticket that an
    /// `Accepted` or `Refused` record will name; negative: the error code's number, less one.
    pub fn send(&self, now: f64, payload: Vec<u8>, to: &[u8]) -> f64 {
        self.state.borrow_mut().send(now, payload, to)
    }

    /// Sets the own init data, an encoded value. 0: taken; negative: as for `send`.
    pub fn set_init_data(&self, now: f64, data: Vec<u8>) -> f64 {
        self.state.borrow_mut().set_init_data(now, data)
    }

    /// Ends this member's host role only.
    pub fn drop_host(&self, now: f64) {
        self.state.borrow_mut().drop_host(now);
    }

    /// Leaves: at once with a goodbye, or once everything sent is delivered.
    pub fn leave(&self, now: f64, at_once: bool) {
        self.state.borrow_mut().leave(now, at_once);
    }

    /// The address of the [records](records) of all that is due. To be called until its flag `more` is clear.
    /// What the records of the drain before pointed to is gone.
    pub fn drain(&self) -> *const u8 {
        self.state.borrow_mut().drain()
    }

    /// The address of a [status record](records). It holds until the next call.
    pub fn status(&self) -> *const u8 {
        self.state.borrow_mut().status()
    }
}

#[cfg(all(target_family = "wasm", not(debug_assertions)))]
#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Lets a development build say where it panicked. (1.2 kB gz: not in release builds.)
#[cfg(all(debug_assertions, target_family = "wasm"))]
fn report_panics() {
    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = console)]
        fn error(text: &str);
    }
    std::panic::set_hook(Box::new(|info| error(&info.to_string())));
}
