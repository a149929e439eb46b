//! The part of the browser build that needs crates which most commands do without: a program of its own.
//! `strip MODULE RESULT FUNCTIONS` takes names and notes off, and writes the functions' sizes as JSON; `pack MODULE RESULT`
//! packs it for `index.js`.

use std::collections::BTreeMap;
use std::error::Error;

use serde_json::json;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// Functions listed in the report.
const LISTED: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["strip", module, result, functions] => {
            let bytes = std::fs::read(module)?;
            std::fs::write(result, strip(&bytes)?)?;
            std::fs::write(functions, format!("{:#}\n", functions_of(&bytes)?))?;
            Ok(())
        }
        ["pack", module, result] => {
            let packed = peerjs_mesh_packing::pack(&std::fs::read(module)?)?;
            Ok(std::fs::write(result, packed)?)
        }
        _ => Err("usage: xtask-module strip MODULE RESULT FUNCTIONS | pack MODULE RESULT".into()),
    }
}

/// The module without custom sections: names, producers, features are for tools, not for browsers.
fn strip(module: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut result = module.get(..8).ok_or("the module has no header")?.to_vec();
    let mut rest = &module[8..];
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, length) = leb128(after_id).ok_or("a section has no size")?;
        let section = rest
            .get(..1 + length + size)
            .ok_or("a section is cut off")?;
        if id != 0 {
            result.extend_from_slice(section);
        }
        rest = &rest[section.len()..];
    }
    Ok(result)
}

/// An unsigned LEB128 number, and how many bytes it took.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Bytes of code and data, and the largest functions by name.
fn functions_of(module: &[u8]) -> Result<serde_json::Value, Box<dyn Error>> {
    let mut imported = 0u32;
    let mut sizes: Vec<usize> = Vec::new();
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    let (mut code, mut data) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionStart { range, .. } => code = range.len(),
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
            Payload::DataSection(section) => data = section.range().len(),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(section) = section.as_known() else {
                    continue;
                };
                for part in section {
                    let Name::Function(map) = part? else { continue };
                    for naming in map {
                        let naming = naming?;
                        names.insert(
                            naming.index,
                            format!("{:#}", rustc_demangle::demangle(naming.name)),
                        );
                    }
                }
            }
            _ => {}
        }
    }
    let mut functions: Vec<(usize, String)> = (imported..)
        .zip(&sizes)
        .map(|(index, size)| {
            (
                *size,
                names
                    .get(&index)
                    .cloned()
                    .unwrap_or_else(|| format!("function {index}")),
            )
        })
        .collect();
    functions.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let listed: Vec<_> = functions
        .iter()
        .take(LISTED)
        .map(|(size, name)| json!({"name": name, "bytes": size}))
        .collect();
    let mut modules: BTreeMap<String, usize> = BTreeMap::new();
    for (size, name) in &functions {
        *modules.entry(module_of(name)).or_default() += size;
    }
    let mut modules: Vec<(String, usize)> = modules.into_iter().collect();
    modules.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let modules: Vec<_> = modules
        .iter()
        .take(LISTED)
        .map(|(name, size)| json!({"name": name, "bytes": size}))
        .collect();
    Ok(json!({
        "code": code, "data": data, "count": functions.len(), "functions": listed, "modules": modules,
    }))
}

/// The crate and module in a function's name: `a::b` of `a::b::c::d`, of `<a::b::C as e::F>::g`.
fn module_of(name: &str) -> String {
    let path = name
        .trim_start_matches(['<', '&', '[', '('])
        .trim_start_matches("impl ")
        .trim_start_matches("dyn ");
    let end = path.find([' ', '<', '>', '(']).unwrap_or(path.len());
    // The newer mangling tells a crate's hash: `core[c5930c85a12de822]::fmt`.
    let segments: Vec<&str> = path[..end]
        .split("::")
        .map(|part| part.split('[').next().unwrap_or(part))
        .collect();
    // Of our own crates one level more: that is where something can be done.
    let levels = if path.starts_with("peerjs_mesh") {
        3
    } else {
        2
    };
    segments
        .into_iter()
        .filter(|part| !part.is_empty())
        .take(levels)
        .collect::<Vec<_>>()
        .join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with a function type, a name section in the middle and an empty code section.
    fn module() -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        bytes.extend([1, 4, 1, 0x60, 0, 0]);
        bytes.extend([0, 6, 4, b'n', b'a', b'm', b'e', 0]);
        bytes.extend([10, 1, 0]);
        bytes
    }

    #[test]
    fn stripping_takes_custom_sections_and_leaves_the_others() {
        let mut expected = b"\0asm\x01\0\0\0".to_vec();
        expected.extend([1, 4, 1, 0x60, 0, 0, 10, 1, 0]);
        assert_eq!(strip(&module()).unwrap(), expected);
    }

    #[test]
    fn a_module_that_is_cut_off_is_an_error() {
        let whole = module();
        assert!(strip(&whole[..whole.len() - 1]).is_err());
        assert!(strip(&whole[..5]).is_err());
    }

    #[test]
    fn a_function_belongs_to_the_module_in_its_name() {
        assert_eq!(module_of("a::b::c::d::h0123"), "a::b");
        assert_eq!(module_of("<a::b::C as e::F>::g"), "a::b");
        assert_eq!(
            module_of("a::b::links::<impl a::b::Member>::on_frame"),
            "a::b"
        );
        assert_eq!(
            module_of("<core[c5930c85a12de822]::fmt::Formatter>::pad"),
            "core::fmt"
        );
        assert_eq!(module_of("machine_new"), "machine_new");
    }

    #[test]
    fn sizes_over_one_byte_are_read() {
        assert_eq!(leb128(&[0xe5, 0x8e, 0x26]), Some((624_485, 3)));
        assert_eq!(leb128(&[0x80]), None);
    }
}
