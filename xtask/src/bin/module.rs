//! The part of the browser build that needs crates which most commands do without: a program of its own.
//! `strip MODULE RESULT FUNCTIONS` takes names and notes off, and writes the functions' sizes as JSON; `pack MODULE RESULT`
//! packs it for `index.js`.

use std::collections::BTreeMap;
use std::error::Error;

use serde_json::json;
use wasmparser::{
    BinaryReader, ExportSectionReader, ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef,
};

/// The section of what a module exports.
const EXPORTS: u8 = 7;
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

/// The module without custom sections: names, producers, features are for tools, not for browsers. What is exported keeps
/// its order and not its name: `glue.ts` and `unpack.ts` go by the order, which is that of the names, memory first.
fn strip(module: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut result = module.get(..8).ok_or("the module has no header")?.to_vec();
    let mut rest = &module[8..];
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, length) = leb128(after_id).ok_or("a section has no size")?;
        let section = rest
            .get(..1 + length + size)
            .ok_or("a section is cut off")?;
        if id == EXPORTS {
            let exports = exports(&section[1 + length..])?;
            result.push(EXPORTS);
            push_leb128(&mut result, exports.len());
            result.extend(exports);
        } else if id != 0 {
            result.extend_from_slice(section);
        }
        rest = &rest[section.len()..];
    }
    Ok(result)
}

/// The section of exports, named `a`, `b` and so on, without the addresses that the linker exports of its own accord.
fn exports(section: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut kept = Vec::new();
    let mut before = "";
    for export in ExportSectionReader::new(BinaryReader::new(section, 0))? {
        let export = export?;
        if export.kind == ExternalKind::Func {
            if export.name < before {
                return Err(format!("{} is exported after {before}", export.name).into());
            }
            before = export.name;
        }
        if export.kind != ExternalKind::Global {
            kept.push((export.kind, export.index));
        }
    }
    let mut result = Vec::new();
    push_leb128(&mut result, kept.len());
    for (name, (kind, index)) in (b'a'..=b'z').zip(&kept) {
        let kind = match kind {
            ExternalKind::Func => 0,
            ExternalKind::Memory => 2,
            other => return Err(format!("nobody expects an export that is a {other:?}").into()),
        };
        result.extend([1, name, kind]);
        push_leb128(&mut result, *index as usize);
    }
    match kept.len() {
        0..=26 => Ok(result),
        more => Err(format!("{more} exports, and 26 letters").into()),
    }
}

/// Appends a number as unsigned LEB128.
fn push_leb128(result: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        result.push(value as u8 | 0x80);
        value >>= 7;
    }
    result.push(value as u8);
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
    fn what_is_exported_keeps_its_order_and_not_its_name() {
        let mut named = vec![3];
        named.extend([6, b'm', b'e', b'm', b'o', b'r', b'y', 2, 0]);
        named.extend([4, b's', b'e', b'n', b'd', 0, 0xc8, 1]);
        named.extend([
            10, b'_', b'_', b'd', b'a', b't', b'a', b'_', b'e', b'n', b'd', 3, 1,
        ]);
        let lettered = [2, 1, b'a', 2, 0, 1, b'b', 0, 0xc8, 1];
        assert_eq!(exports(&named).unwrap(), lettered);
        let table = [1, 1, b't', 1, 0];
        assert!(exports(&table).is_err());
        let out_of_order = [2, 1, b'b', 0, 0, 1, b'a', 0, 1];
        assert!(exports(&out_of_order).is_err());
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
