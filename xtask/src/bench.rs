//! `bench NAME`: runs e2e/bench/NAME.mjs against the release build.

use std::time::Duration;

use serde_json::Value;

use crate::repo::Repo;
use crate::setup::{self, Need};
use crate::{Failure, Result, build, run};

/// The longest, `recovery`, takes about an hour.
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// Those that cut and slow networks, too.
const IN_LAB: [&str; 1] = ["recovery"];

/// `cargo xtask bench NAME [--check]`.
pub(crate) fn command(repo: &Repo, args: &[String]) -> Result<()> {
    let (flags, names): (Vec<&String>, Vec<&String>) =
        args.iter().partition(|arg| arg.starts_with('-'));
    let check = match flags.as_slice() {
        [] => false,
        [flag] if *flag == "--check" => true,
        _ => return Err(Failure::Usage("bench takes NAME and `--check`".into())),
    };
    let known = benches(repo);
    let name = match names.as_slice() {
        [name] if known.contains(name) => *name,
        _ => {
            return Err(Failure::Usage(format!(
                "bench takes one of: {}",
                known.join(" ")
            )));
        }
    };
    setup::provide(repo, Need::NodeModules)?;
    setup::provide(repo, Need::Browsers)?;
    if IN_LAB.contains(&name.as_str()) {
        setup::provide(repo, Need::Namespaces)?;
    }
    build::everything(repo)?;
    build::helpers(repo)?;

    let out = repo.target.join("bench").join(format!("{name}.json"));
    std::fs::create_dir_all(repo.target.join("bench"))?;
    // What an earlier run left is not this run's result.
    let _ = std::fs::remove_file(&out);
    let mut node = repo.program("node", "e2e");
    node.arg(format!("bench/{name}.mjs")).arg("--out").arg(&out);
    if check {
        node.arg("--check");
    }
    build::environment(repo, &mut node);
    let code = run::exit_code(node, LIMIT)?;
    let result: Value =
        serde_json::from_slice(&std::fs::read(&out).unwrap_or_default()).unwrap_or_default();
    if !has_shape(&result) {
        return Err(Failure::new(format!(
            "{} lacks name, machine or rows",
            repo.display(&out)
        )));
    }
    match code {
        Some(0) => Ok(()),
        _ => Err(Failure::new(if check {
            "a goal is missed"
        } else {
            "the bench failed"
        })),
    }
}

fn benches(repo: &Repo) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(repo.root.join("e2e/bench"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| {
            file.file_name()
                .to_str()?
                .strip_suffix(".mjs")
                .map(String::from)
        })
        .collect();
    names.sort();
    names
}

/// `{name, machine, rows: [{case, metric, unit, ours, …}]}`. What could not be measured at all is a goal missed, and has
/// been printed as that.
fn has_shape(result: &Value) -> bool {
    let row_is_good = |row: &Value| {
        ["case", "metric", "unit"]
            .iter()
            .all(|key| !row[key].is_null())
            && !(row["ours"].is_null() && row["goal"].is_null())
    };
    result["name"].is_string()
        && !result["machine"].is_null()
        && result["rows"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty() && rows.iter().all(row_is_good))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_without_rows_or_with_an_unmeasured_row_of_no_goal_is_refused() {
        let row = json!({"case": "empty room", "metric": "joined", "unit": "ms", "ours": 41.5});
        assert!(has_shape(
            &json!({"name": "join", "machine": {"cores": 2}, "rows": [row]})
        ));
        assert!(!has_shape(
            &json!({"name": "join", "machine": {"cores": 2}, "rows": []})
        ));
        let mut row = json!({"case": "empty room", "metric": "joined", "unit": "ms", "ours": null});
        assert!(!has_shape(
            &json!({"name": "join", "machine": {"cores": 2}, "rows": [row]})
        ));
        row["goal"] = json!("ratio <= 1");
        assert!(has_shape(
            &json!({"name": "join", "machine": {"cores": 2}, "rows": [row]})
        ));
    }
}
