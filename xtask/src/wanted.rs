//! Which cases `--only NAME` names.

/// Files with this in their name take many minutes: they run only when `--only` says it, too.
const LONG: &str = ".long.";
/// Files with this in their name take minutes and next to no work: they run beside the others of their part.
const BESIDE: &str = ".beside.";

/// Does a case (`e2e/join.test.mjs`, `sim/host_dies`) answer to this name: the start of its file's name,
/// or of the whole?
pub(crate) fn matches(case: &str, name: &str) -> bool {
    let file = case.rsplit('/').next().unwrap_or(case);
    file.starts_with(name) || case.starts_with(name)
}

/// Does it run? `only` is the name that was given, `whole` whether that is a part's.
pub(crate) fn is_wanted(case: &str, only: Option<&str>, whole: bool) -> bool {
    match only {
        Some(name) if !whole => {
            matches(case, name)
                && (!case.contains(LONG) || name.contains(LONG.trim_end_matches('.')))
        }
        _ => !case.contains(LONG),
    }
}

/// Does it begin with its part, and run while the others do?
pub(crate) fn is_beside(case: &str) -> bool {
    case.contains(BESIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_answers_to_the_start_of_its_files_name_and_of_its_path() {
        assert!(matches("e2e/burst.test.mjs", "burst"));
        assert!(matches("e2e/contract/stock.test.mjs", "e2e/contract"));
        assert!(matches("sim/host_dies", "host"));
        assert!(!matches("sim/host_dies", "dies"));
    }

    #[test]
    fn what_runs_beside_others_says_so_in_its_name() {
        assert!(is_beside("e2e/hidden-minutes.beside.test.mjs"));
        assert!(!is_beside("e2e/failover-minutes.test.mjs"));
    }

    #[test]
    fn what_is_long_runs_only_when_it_is_named() {
        let long = "e2e/failover-ours.long.test.mjs";
        assert!(!is_wanted(long, None, true));
        assert!(!is_wanted(long, Some("e2e"), true));
        assert!(!is_wanted(long, Some("failover"), false));
        assert!(is_wanted(long, Some("failover-ours.long"), false));
        assert!(is_wanted(
            "e2e/failover.plain.test.mjs",
            Some("failover"),
            false
        ));
        assert!(!is_wanted(
            "e2e/room.plain.test.mjs",
            Some("failover"),
            false
        ));
    }
}
