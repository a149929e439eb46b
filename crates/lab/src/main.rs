//! `peerjs-mesh-lab`: a userspace network for tests with real programs. See `e2e/lab/README.md`.

#[cfg(target_os = "linux")]
mod cli;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("peerjs-mesh-lab needs Linux: network namespaces and tun devices");
    std::process::ExitCode::from(1)
}
