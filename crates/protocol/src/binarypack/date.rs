//! Dates as text, for members that know no dates.

use crate::prelude::*;
use crate::value::MAX_DATE_MS;

const DAY_MS: i64 = 86_400_000;

/// ISO 8601 in UTC with milliseconds, as JavaScript's `toISOString` writes it: four digits of the year, or a sign and
/// six. Outside JavaScript's range `Invalid Date`, the text that PeerJS sends for one.
///
/// PeerJS itself sends the long form, which depends on the sender's time zone and drops the milliseconds.
pub(super) fn iso(ms: i64) -> String {
    if !(-MAX_DATE_MS..=MAX_DATE_MS).contains(&ms) {
        return "Invalid Date".into();
    }
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    let time = ms.rem_euclid(DAY_MS);
    let mut text = String::with_capacity(27);
    if (0..=9999).contains(&year) {
        push(&mut text, year, 4);
    } else {
        text.push(if year < 0 { '-' } else { '+' });
        push(&mut text, year.abs(), 6);
    }
    for (mark, number, digits) in [
        ('-', month, 2),
        ('-', day, 2),
        ('T', time / 3_600_000, 2),
        (':', time / 60_000 % 60, 2),
        (':', time / 1000 % 60, 2),
        ('.', time % 1000, 3),
    ] {
        text.push(mark);
        push(&mut text, number, digits);
    }
    text.push('Z');
    text
}

fn push(text: &mut String, number: i64, digits: u32) {
    for digit in (0..digits).rev() {
        text.push(char::from(b'0' + (number / 10_i64.pow(digit) % 10) as u8));
    }
}

/// Year, month and day of the Gregorian calendar, from days since 1970-01-01. Years are counted from March, so that
/// the leap day comes last and months have a regular rhythm of 153 days in five.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    // Days since 0000-03-01.
    let days = days + 719_468;
    let era = days.div_euclid(DAYS_IN_400_YEARS);
    let day = days.rem_euclid(DAYS_IN_400_YEARS);
    // Without the leap days before it, every year has 365 days.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}
