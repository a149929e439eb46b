//! The module's exports. A member and an inbox are addresses to JavaScript; `glue.ts` hands in no others, and none that
//! was given back by `stop`.
#![allow(
    unsafe_code,
    reason = "an export must be declared so; no body here is unsafe"
)]

use crate::Boundary;
use alloc::boxed::Box;
use alloc::vec::Vec;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Where JavaScript puts bytes before a call that reads them. One is enough.
struct Inbox(Vec<u8>);

#[unsafe(no_mangle)]
extern "C" fn inbox() -> Box<Inbox> {
    Box::new(Inbox(Vec::new()))
}

/// The address of `length` bytes in the inbox. It holds until the next call.
#[unsafe(no_mangle)]
extern "C" fn room(inbox: &mut Inbox, length: usize) -> *mut u8 {
    inbox.0.clear();
    inbox.0.resize(length, 0);
    inbox.0.as_mut_ptr()
}

/// [`Boundary::new`]; in the inbox are `config` bytes of the config, then the seed.
#[unsafe(no_mangle)]
extern "C" fn start(inbox: &mut Inbox, config: usize, now: f64) -> Box<Boundary> {
    let (config, seed) = inbox.0.split_at_checked(config).unwrap_or_default();
    Box::new(Boundary::new(config, seed, now))
}

#[unsafe(no_mangle)]
extern "C" fn stop(member: Box<Boundary>) {
    drop(member);
}

/// [`Boundary::input`]; the inbox has its bytes.
#[unsafe(no_mangle)]
extern "C" fn input(
    member: &mut Boundary,
    inbox: &mut Inbox,
    now: f64,
    kind: u32,
    id: u32,
    extra: u32,
) -> bool {
    member.input(now, kind, id, extra, &inbox.0).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn timeout(member: &mut Boundary, now: f64) {
    member.timeout(now);
}

/// [`Boundary::send`]; in the inbox are `length` bytes of the value, then the receiver.
#[unsafe(no_mangle)]
extern "C" fn send(member: &mut Boundary, inbox: &mut Inbox, now: f64, length: usize) -> f64 {
    let mut payload = core::mem::take(&mut inbox.0);
    let to = payload.get(length..).unwrap_or_default().to_vec();
    payload.truncate(length);
    member.send(now, payload, &to)
}

/// [`Boundary::set_init_data`]; the inbox has the value.
#[unsafe(no_mangle)]
extern "C" fn set_init_data(member: &mut Boundary, inbox: &mut Inbox, now: f64) -> f64 {
    member.set_init_data(now, core::mem::take(&mut inbox.0))
}

#[unsafe(no_mangle)]
extern "C" fn give(member: &mut Boundary, now: f64, kinds: u32) {
    member.give(now, kinds);
}

/// [`Boundary::call_peer`]; the inbox has the id.
#[unsafe(no_mangle)]
extern "C" fn call_peer(member: &mut Boundary, inbox: &mut Inbox, now: f64) -> f64 {
    member.call_peer(now, &inbox.0)
}

#[unsafe(no_mangle)]
extern "C" fn drop_host(member: &mut Boundary, now: f64) {
    member.drop_host(now);
}

#[unsafe(no_mangle)]
extern "C" fn set_hidden(member: &mut Boundary, now: f64, hidden: bool) {
    member.set_hidden(now, hidden);
}

#[unsafe(no_mangle)]
extern "C" fn leave(member: &mut Boundary, now: f64, at_once: bool) {
    member.leave(now, at_once);
}

#[unsafe(no_mangle)]
extern "C" fn drain(member: &mut Boundary) -> *const u8 {
    member.drain()
}

#[unsafe(no_mangle)]
extern "C" fn status(member: &mut Boundary) -> *const u8 {
    member.status()
}
