//! Half a character: JSON can escape what UTF-8, and so Rust's text, cannot hold.

use std::borrow::Cow;

/// The JSON text with each escaped surrogate that has no partner replaced by `\ufffd`: what JavaScript makes of such
/// text when it leaves it as UTF-8. Anything else, JSON or not, stays as it is; so does its length.
pub fn mend_surrogates(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut alone = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b'\\')) {
        at += found;
        match escaped(bytes, at) {
            Some(0xd800..=0xdbff) if matches!(escaped(bytes, at + 6), Some(0xdc00..=0xdfff)) => {
                at += 12;
            }
            Some(0xd800..=0xdfff) => {
                alone.push(at + 2);
                at += 6;
            }
            // The next may be a backslash that stands for itself.
            _ => at += 2,
        }
    }
    if alone.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut mended = text.to_owned();
    for at in alone {
        mended.replace_range(at..at + 4, "fffd");
    }
    Cow::Owned(mended)
}

fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

/// The number of the `\uXXXX` that stands there.
fn escaped(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |code, digit| {
        Some(code << 4 | char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::mend_surrogates;

    #[test]
    fn only_a_surrogate_without_its_partner_is_replaced() {
        for (text, mended) in [
            (r#""""#, r#""""#),
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""\uDFFF""#, r#""\ufffd""#),
            (r#""\ud83d\ude03""#, r#""\ud83d\ude03""#),
            (r#""\ude03\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude03""#, r#""\ufffd\ud83d\ude03""#),
            (r#""\ud83dx\ude03""#, r#""\ufffdx\ufffd""#),
            (r#""\ud83d\n\u0041""#, r#""\ufffd\n\u0041""#),
            (r#""\\ud800""#, r#""\\ud800""#),
            (r#""\\\ud800""#, r#""\\\ufffd""#),
            (r#""é\udc00é""#, r#""é\ufffdé""#),
            (r#""\ud8"#, r#""\ud8"#),
            (r#""\ud80é""#, r#""\ud80é""#),
            (r#"\"#, r#"\"#),
        ] {
            assert_eq!(mend_surrogates(text), mended, "{text}");
        }
    }
}
