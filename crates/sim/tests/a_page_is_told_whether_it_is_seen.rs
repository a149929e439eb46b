//! A page that nobody sees is told so; one that cannot run then is told when it can.

use peerjs_mesh_core::{
    Counters, Event, Input, Instant, LeaveHow, Outcome, Output, SendError, Sent, Status,
};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, Machine, World};
use std::cell::RefCell;
use std::rc::Rc;

/// Does nothing but remember what it was told, and what its clock showed.
struct Page(Rc<RefCell<Vec<(bool, u64)>>>);

impl Machine for Page {
    fn handle_input(&mut self, _: Instant, _: Input<'_>) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn send(&mut self, _: Instant, _: Vec<u8>, _: Option<&str>) -> Result<Sent, SendError> {
        Err(SendError::Left)
    }
    fn set_init_data(&mut self, _: Instant, _: Vec<u8>) -> Result<(), SendError> {
        Err(SendError::Left)
    }
    fn drop_host(&mut self, _: Instant) {}
    fn set_hidden(&mut self, now: Instant, hidden: bool) {
        self.0.borrow_mut().push((hidden, now.as_micros()));
    }
    fn leave(&mut self, _: Instant, _: LeaveHow) {}
    fn poll_output(&mut self) -> Option<Output> {
        None
    }
    fn poll_outcome(&mut self) -> Option<Outcome> {
        None
    }
    fn poll_event(&mut self) -> Option<Event> {
        None
    }
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn id(&self) -> &str {
        "page"
    }
    fn status(&self) -> Status {
        Status {
            id: "page".into(),
            room: String::new(),
            founding: [0; 16],
            term: 0,
            host: None,
            is_host: false,
            signalling: false,
            buffered: 0,
            peers: Vec::new(),
        }
    }
    fn counters(&self) -> Counters {
        Counters::default()
    }
}

#[test]
fn at_once_when_it_runs_and_when_it_wakes_when_it_does_not() {
    let mut world = World::new(1, Climate::calm(ServerKind::Ours));
    let told = Rc::default();
    let page = world.add(Box::new(Page(Rc::clone(&told))), 0, 1);
    world.hide(page, true);
    world.freeze(page);
    world.run_ms(5);
    world.hide(page, false);
    assert_eq!(*told.borrow(), [(true, 0)]);
    world.step_clock(page, 1_000);
    world.wake(page);
    assert_eq!(*told.borrow(), [(true, 0), (false, 1_005_000)]);
}
