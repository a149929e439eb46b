//! What CHANGELOG.md says about the package's size.
//!
//! A release's section has a line `Size: 43210 bytes`; a line `- Size: …` in the section `Unreleased`
//! owns up to growth over it.

/// The size that the last release had, if any release names one.
pub(crate) fn last_release_size(changelog: &str) -> Option<u64> {
    sections(changelog)
        .filter(|(title, _)| !is_unreleased(title))
        .find_map(|(_, lines)| lines.iter().find_map(|line| size_of(line)))
}

/// Does the section of the coming release own up to a change of size?
pub(crate) fn explains_growth(changelog: &str) -> bool {
    sections(changelog)
        .filter(|(title, _)| is_unreleased(title))
        .any(|(_, lines)| {
            lines
                .iter()
                .any(|line| line.trim_start().starts_with("- Size:"))
        })
}

/// Sections under `## ` headings, with their lines.
fn sections(changelog: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    changelog.split("\n## ").skip(1).map(|section| {
        let mut lines = section.lines();
        (lines.next().unwrap_or_default(), lines.collect())
    })
}

fn is_unreleased(title: &str) -> bool {
    title.to_lowercase().contains("unreleased")
}

fn size_of(line: &str) -> Option<u64> {
    let (number, unit) = line.trim().strip_prefix("Size: ")?.split_once(' ')?;
    unit.starts_with("bytes").then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "# Changelog\n\n## Unreleased\n\n- Rooms.\n\n## 0.2.0\n\nSize: 43210 bytes\n\n## 0.1.0\n\nSize: 9 bytes\n";

    #[test]
    fn the_newest_release_with_a_size_is_compared() {
        assert_eq!(last_release_size(LOG), Some(43_210));
        assert_eq!(
            last_release_size("# Changelog\n\n## Unreleased\n\nSize: 5 bytes\n"),
            None
        );
    }

    #[test]
    fn only_a_line_in_the_coming_release_explains_growth() {
        assert!(!explains_growth(LOG));
        assert!(!explains_growth(
            &LOG.replace("Size: 9 bytes", "- Size: 9 bytes")
        ));
        assert!(explains_growth(
            &LOG.replace("- Rooms.", "- Size: calls cost 3 kB.")
        ));
    }
}
