//! What links and members cost on this machine: time to open, memory and processor time when idle (Linux).
//!
//! `cargo run --release -p peerjs-mesh --example measure`

use peerjs_mesh::native::link::{Links, Report};
use peerjs_mesh::{Event, Mesh, Options};
use peerjs_mesh_core::LinkId;
use peerjs_mesh_server::{ServeOptions, Server};
use std::error::Error;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

const WINDOW: u32 = 128 << 10;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut world = World::new(2)?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        let link = world.open(0, 1).await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        world.ends[0].close(Instant::now(), link);
        world.run_for(Duration::from_millis(50)).await;
    }
    times.sort_by(f64::total_cmp);
    println!(
        "link open, one after another: p50 {:.1} ms, p98 {:.1} ms",
        times[25], times[48]
    );

    let mut world = World::new(201)?;
    let before = resident_kib()?;
    for remote in 1..=200 {
        world.open(remote, 0).await?;
    }
    let after = resident_kib()?;
    println!(
        "memory: {:.0} KiB for each of 400 ends",
        (after - before) / 400.0
    );
    let (began, used) = (Instant::now(), cpu_seconds()?);
    let idle: Vec<_> = world
        .ends
        .into_iter()
        .map(|end| tokio::spawn(idle(end)))
        .collect();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let share = (cpu_seconds()? - used) / began.elapsed().as_secs_f64();
    println!(
        "idle: {:.2} % of a core for 400 ends, no members behind them",
        share * 100.0
    );
    idle.iter().for_each(tokio::task::JoinHandle::abort);

    let server = Server::bind(ServeOptions {
        host: "127.0.0.1".to_owned(),
        port: 0,
        ..ServeOptions::default()
    })
    .await?;
    let mut options = Options::new(server.url());
    options.mesh_limit = None;
    tokio::spawn(server.run(std::future::pending()));
    let before = resident_kib()?;
    let began = Instant::now();
    let mut members = Vec::new();
    for _ in 0..20 {
        members.push(Mesh::join("measured", options.clone())?);
    }
    for mesh in &members {
        while mesh.peers().len() < 20 {
            if let Some(Event::Error(error)) = mesh.next_event().await {
                return Err(error.into());
            }
        }
    }
    println!(
        "20 members list each other after {:.0} ms",
        began.elapsed().as_secs_f64() * 1000.0
    );
    println!(
        "memory: {:.0} KiB a member",
        (resident_kib()? - before) / 20.0
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (began, used) = (Instant::now(), cpu_seconds()?);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let share = (cpu_seconds()? - used) / began.elapsed().as_secs_f64();
    println!(
        "idle: {:.2} % of a core for 20 members and their server",
        share * 100.0
    );
    drop(members);

    let pair = [
        Mesh::join("pair", options.clone())?,
        Mesh::join("pair", options)?,
    ];
    for mesh in &pair {
        while mesh.peers().len() < 2 {
            mesh.next_event().await;
        }
    }
    for (count, bytes) in [(10_000, 100), (500, 64 << 10), (8, 4 << 20)] {
        let seconds = throughput(&pair[0], &pair[1], count, bytes).await?;
        println!(
            "{count} messages of {bytes} B: {:.0} ms, {:.1} MB/s",
            seconds * 1000.0,
            f64::from(count) * bytes as f64 / seconds / 1e6
        );
    }
    Ok(())
}

/// Seconds until all messages have arrived.
async fn throughput(
    from: &Mesh,
    to: &Mesh,
    count: u32,
    bytes: usize,
) -> Result<f64, peerjs_mesh::Error> {
    let began = Instant::now();
    let sending = async {
        for _ in 0..count {
            from.send_bytes(vec![7; bytes].into()).await?;
        }
        Ok(())
    };
    let hearing = async {
        let mut heard = 0;
        while heard < count {
            match to.next_event().await {
                Some(Event::Message(_)) => heard += 1,
                Some(_) => {}
                None => break,
            }
        }
    };
    let (sent, ()) = tokio::join!(sending, hearing);
    sent.map(|()| began.elapsed().as_secs_f64())
}

/// Keeps an end's links alive.
async fn idle(mut end: Links) {
    loop {
        let now = Instant::now();
        while end.poll(now).is_some() {}
        let wake = end.timeout().unwrap_or(now + Duration::from_secs(60));
        tokio::select! {
            () = poll_fn(|cx| end.poll_ready(cx)) => end.receive(Instant::now()),
            () = tokio::time::sleep_until(wake.into()) => {}
        }
    }
}

struct World {
    ends: Vec<Links>,
    next: u32,
}

impl World {
    fn new(ends: usize) -> Result<World, String> {
        let ends = (0..ends)
            .map(|_| Links::new(WINDOW))
            .collect::<Result<_, _>>()?;
        Ok(World { ends, next: 0 })
    }

    /// Opens a link; gives the dialler's name for it.
    async fn open(&mut self, from: usize, to: usize) -> Result<LinkId, Box<dyn Error>> {
        let (dialling, answering) = (LinkId(self.next), LinkId(self.next + 1));
        self.next += 2;
        self.ends[from].dial(Instant::now(), dialling, "dc_measure".to_owned());
        let mut open = 0;
        while open < 2 {
            let now = Instant::now();
            for end in [from, to] {
                while let Some(report) = self.ends[end].poll(now) {
                    match report {
                        Report::Described { link, sdp } if link == dialling => {
                            self.ends[to].answer(now, answering, &sdp, true);
                        }
                        Report::Described { sdp, .. } => {
                            self.ends[from].accept(now, dialling, &sdp, true);
                        }
                        Report::Opened { .. } => open += 1,
                        Report::Closed { link, .. } if link >= dialling => {
                            return Err("it failed".into());
                        }
                        _ => {}
                    }
                }
            }
            if open < 2 {
                self.wait(now + Duration::from_secs(1)).await;
            }
        }
        Ok(dialling)
    }

    async fn run_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            let now = Instant::now();
            for end in &mut self.ends {
                while end.poll(now).is_some() {}
            }
            self.wait(until).await;
        }
    }

    async fn wait(&mut self, until: Instant) {
        let wake = self.ends.iter().filter_map(Links::timeout).min();
        let wake = wake.map_or(until, |at| at.min(until));
        let ends = &mut self.ends;
        let mut ready = Vec::new();
        tokio::select! {
            () = poll_fn(|cx| {
                for (index, end) in ends.iter_mut().enumerate() {
                    if end.poll_ready(cx).is_ready() {
                        ready.push(index);
                    }
                }
                if ready.is_empty() { Poll::Pending } else { Poll::Ready(()) }
            }) => {}
            () = tokio::time::sleep_until(wake.into()) => {}
        }
        for index in ready {
            self.ends[index].receive(Instant::now());
        }
    }
}

fn resident_kib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kib.ok_or("no VmRSS")?.parse()?)
}

/// User and system time of this process.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    Ok(ticks / 100.0)
}
