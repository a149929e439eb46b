//! Members in rooms, with a real server, real websockets and real WebRTC on loopback: one behaviour, one file.

mod house;
mod impostors;

mod a_message_too_long_to_be_ours_costs_no_session;
mod a_send_is_answered_though_nobody_takes_events;
mod bad_input;
mod members_join_and_talk;
mod recorded;
mod the_room_outlives_its_host;
mod twenty_members;
