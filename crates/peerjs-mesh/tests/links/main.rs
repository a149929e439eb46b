//! Native links with each other on loopback, below the core: one behaviour, one file.

mod world;

mod a_dead_remote_is_reported_within_its_deadline;
mod closing_tells_the_other;
mod frames_arrive_whole_on_every_lane;
mod garbage_harms_nothing;
mod many_links_share_a_socket;
mod two_links_to_the_same_remote;
