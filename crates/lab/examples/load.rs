//! What the switch costs: `cargo run -p peerjs-mesh-lab --example load`, as root.
//!
//! Two nodes, 50 ± 10 ms apart, and 20 MB/s from one to the other for five seconds: once as TCP over
//! a link of that rate, once as datagrams of 1200 bytes at an even pace, as WebRTC sends them.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    load::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod load {
    use peerjs_mesh_lab::{Lab, LabConfig, LinkSettings, Node};
    use std::error::Error;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::thread;
    use std::time::{Duration, Instant};

    type Result<T> = std::result::Result<T, Box<dyn Error>>;

    const SECONDS: u64 = 5;
    const RATE: u64 = 20_000_000;
    const DATAGRAM: usize = 1200;

    pub(crate) fn main() -> Result<()> {
        let link = LinkSettings {
            delay: Duration::from_millis(50),
            jitter: Duration::from_millis(10),
            ..LinkSettings::default()
        };
        measure("datagrams", link, datagrams)?;
        let rate = Some(RATE);
        measure("TCP", LinkSettings { rate, ..link }, stream)
    }

    fn measure(name: &str, link: LinkSettings, send: fn(&Lab) -> Result<()>) -> Result<()> {
        let lab = Lab::start(&LabConfig {
            nodes: 2,
            seed: 1,
            link,
        })?;
        let start = Instant::now();
        send(&lab)?;
        let took = start.elapsed().as_secs_f64();
        let (stats, pair) = (
            lab.pump_stats(),
            lab.with_switch(|switch| switch.stats(0, 1)),
        );
        println!(
            "{name}: {:.1} MB/s in {} packets, {:.1} % of a core; {stats:?}",
            pair.sent_bytes as f64 / took / 1e6,
            pair.sent,
            stats.cpu_ms as f64 / took / 10.0,
        );
        lab.stop()?;
        Ok(())
    }

    fn inside<T: Send + 'static>(
        node: &Node,
        make: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let thread = node.spawn(make)?;
        Ok(thread.join().map_err(|_| "a panic")???)
    }

    fn datagrams(lab: &Lab) -> Result<()> {
        let far = inside(lab.node(1)?, || UdpSocket::bind("10.50.0.2:4000"))?;
        let near = inside(lab.node(0)?, || UdpSocket::bind("10.50.0.1:0"))?;
        far.set_read_timeout(Some(Duration::from_millis(500)))?;
        let reader = thread::spawn(move || {
            let mut datagram = [0; DATAGRAM];
            while far.recv(&mut datagram).is_ok() {}
        });
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed().as_secs() < SECONDS {
            let due = (start.elapsed().as_secs_f64() * RATE as f64) as u64;
            while sent < due {
                near.send_to(&[7; DATAGRAM], "10.50.0.2:4000")?;
                sent += DATAGRAM as u64;
            }
            thread::sleep(Duration::from_micros(200));
        }
        reader.join().map_err(|_| "a panic")?;
        Ok(())
    }

    fn stream(lab: &Lab) -> Result<()> {
        let listener = inside(lab.node(1)?, || TcpListener::bind("10.50.0.2:4000"))?;
        let mut near = inside(lab.node(0)?, || TcpStream::connect("10.50.0.2:4000"))?;
        let (mut far, _) = listener.accept()?;
        let reader = thread::spawn(move || {
            let mut block = vec![0; 256 << 10];
            while far.read(&mut block).is_ok_and(|bytes| bytes > 0) {}
        });
        let start = Instant::now();
        while start.elapsed().as_secs() < SECONDS {
            near.write_all(&[7; 64 << 10])?;
        }
        drop(near);
        reader.join().map_err(|_| "a panic")?;
        Ok(())
    }
}
