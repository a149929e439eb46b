//! What a page calls. It is one thread, and nothing calls back: one at a time is in here.
#![allow(
    unsafe_code,
    reason = "an export must be declared so; and without memory to allocate from, what there is must be static"
)]

use crate::Decoder;
use crate::model::{LONGEST, Model};

#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct State {
    model: Model,
    decoder: Decoder,
    packed: [u8; LONGEST],
}

static mut STATE: State = State {
    model: Model::NEW,
    decoder: Decoder::NEW,
    packed: [0; LONGEST],
};

/// Where what was packed is to be put, without its length.
#[unsafe(no_mangle)]
extern "C" fn room() -> *mut u8 {
    // SAFETY: see above, one at a time.
    let state = unsafe { &mut *&raw mut STATE };
    state.model.begin();
    state.packed.as_mut_ptr()
}

/// Takes out so many bytes more, and gives the address of all that there are.
#[unsafe(no_mangle)]
extern "C" fn take(count: usize) -> *const u8 {
    // SAFETY: see above, one at a time.
    let state = unsafe { &mut *&raw mut STATE };
    let mut coder = state.decoder.with(&state.packed);
    for _ in 0..count {
        state.model.byte(&mut coder);
    }
    state.model.out().as_ptr()
}
