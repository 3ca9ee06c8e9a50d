//! How much memory processes take at most: the kernel's high-water mark of the resident set, read from /proc.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often children are looked for. The mark of each is its highest ever, so that only what it takes in its last moments could be missed.
const LOOK: Duration = Duration::from_millis(3);

/// The high-water mark of a living process, in megabytes.
pub fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// What this process has in memory now, in megabytes.
pub fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: f64 = line.trim().strip_suffix("kB").unwrap().trim().parse().unwrap();
    kilobytes / 1024.0
}

/// From now on the high-water mark of this process is a new one.
pub fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// Looks at the children of a process until it is asked.
pub struct Children {
    over: Arc<AtomicBool>,
    highest: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Children {
    /// Begins to look.
    pub fn of(process: u32) -> Children {
        let (over, highest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (seen_over, seen_highest) = (Arc::clone(&over), Arc::clone(&highest));
        let thread = std::thread::spawn(move || {
            while !seen_over.load(Ordering::Relaxed) {
                for peak in children(process).into_iter().filter_map(peak) {
                    seen_highest.fetch_max((peak * 1024.0) as u64, Ordering::Relaxed);
                }
                std::thread::sleep(LOOK);
            }
        });
        Children { over, highest, thread }
    }

    /// The highest mark of any child, in megabytes.
    pub fn peak(self) -> f64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.highest.load(Ordering::Relaxed) as f64 / 1024.0
    }
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|number| number.parse().ok()).collect::<Vec<_>>())
        .collect()
}
