//! What the caller takes: rather a page or data, gzipped or not.

/// Whether `Accept` asks for `text/html` more strongly than for `application/json`: browsers do when a person types
/// an address, programs do not.
pub(crate) fn prefers_html(accept: Option<&str>) -> bool {
    let accept = accept.unwrap_or("*/*");
    weight(accept, "text", "html") > weight(accept, "application", "json")
}

/// The weight given to a media type, in thousandths: that of the most specific range that covers it.
fn weight(accept: &str, kind: &str, subtype: &str) -> u32 {
    let mut best = (0, 0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some((range_kind, range_subtype)) =
            parts.next().and_then(|range| range.split_once('/'))
        else {
            continue;
        };
        let specific = match (range_kind, range_subtype) {
            (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(subtype) => 3,
            (k, "*") if k.eq_ignore_ascii_case(kind) => 2,
            ("*", "*") => 1,
            _ => continue,
        };
        let quality = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1.0, |(_, value)| value.trim().parse::<f32>().unwrap_or(0.0));
        if specific > best.0 {
            best = (specific, (quality.clamp(0.0, 1.0) * 1_000.0) as u32);
        }
    }
    best.1
}

/// Whether `Accept-Encoding` names gzip, and not with a weight of zero.
pub(crate) fn takes_gzip(accept: Option<&str>) -> bool {
    accept.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        named
            && parts
                .filter_map(|parameter| parameter.split_once('='))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
                .is_none_or(|(_, value)| value.trim().parse::<f32>().is_ok_and(|q| q > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::{prefers_html, takes_gzip};

    #[test]
    fn gzip_is_sent_to_who_names_it() {
        for (accept, gzip) in [
            (None, false),
            (Some(""), false),
            (Some("br"), false),
            (Some("*"), false),
            (Some("gzip"), true),
            (Some("deflate, GZIP;q=0.5, br"), true),
            (Some("gzip;q=0"), false),
            (Some("gzip;q=x"), false),
            (Some("gzipped"), false),
        ] {
            assert_eq!(takes_gzip(accept), gzip, "{accept:?}");
        }
    }

    #[test]
    fn a_browser_prefers_html_and_a_program_does_not() {
        for (accept, html) in [
            (None, false),
            (Some("*/*"), false),
            (Some(""), false),
            (Some("nonsense"), false),
            (Some("application/json"), false),
            (Some("text/html"), true),
            (Some("TEXT/HTML;q=0.1"), true),
            (
                Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
                true,
            ),
            (Some("application/json, text/html;q=0.9"), false),
            (Some("text/*, application/json;q=0.5"), true),
            (Some("text/html;q=0, */*"), false),
            (Some("text/html;q=1, application/json;q=1"), false),
        ] {
            assert_eq!(prefers_html(accept), html, "{accept:?}");
        }
    }
}
