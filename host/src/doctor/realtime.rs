//! Whether audio may go first: priorities, memory that stays, a CPU that does not slow down.
use super::{Area, Finding};

/// Rights and settings for live sound.
pub fn rights() -> Vec<Finding> {
    let mut findings = vec![scheduling()];
    #[cfg(target_os = "linux")]
    findings.extend([linux::memory(), linux::governor()]);
    findings
}

/// What gives a user of Linux the right to real-time priorities.
fn limits(line: &str) -> String {
    format!(
        "echo '{line}' | sudo tee -a /etc/security/limits.d/95-audio.conf && sudo usermod -aG audio $USER, and log in again"
    )
}

/// A try, in a thread that ends with it.
#[cfg(unix)]
fn scheduling() -> Finding {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    /// Below what the kernel's own threads take, above all that is not audio.
    const PRIORITY: u8 = 70;
    let attempt = || {
        let priority = ThreadPriorityValue::try_from(PRIORITY).map(ThreadPriority::Crossplatform);
        let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let priority = priority.map_err(|why| why.to_string())?;
        set_thread_priority_and_policy(thread_native_id(), priority, policy).map_err(|why| why.to_string())
    };
    let tried = std::thread::spawn(attempt).join().unwrap_or_else(|_| Err("the thread died".into()));
    #[cfg(target_os = "linux")]
    let most = linux::limit(rustix::process::Resource::Rtprio);
    #[cfg(not(target_os = "linux"))]
    let most = "not limited";
    match tried {
        Ok(()) => Finding::fine(Area::Realtime, "SCHED_FIFO", format!("can be set, priority {PRIORITY}")),
        Err(why) => Finding::lack(
            Area::Realtime,
            "SCHED_FIFO",
            format!("refused ({why}); most that RLIMIT_RTPRIO allows: {most}"),
        )
        .remedy(limits("@audio - rtprio 95"))
        .remedy(format!("or for this program alone: sudo setcap cap_sys_nice+ep {}", own_path())),
    }
}

#[cfg(not(unix))]
fn scheduling() -> Finding {
    Finding::fine(Area::Realtime, "priority", "threads can be put into the class \"Pro Audio\"")
}

#[cfg(unix)]
fn own_path() -> String {
    std::env::current_exe().map_or("aw".into(), |path| path.display().to_string())
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Area, Finding, limits};
    use rustix::process::{Resource, getrlimit};

    pub fn limit(resource: Resource) -> String {
        getrlimit(resource).current.map_or("unlimited".into(), |most| most.to_string())
    }

    pub fn memory() -> Finding {
        match crate::control::too_little_memory() {
            None => Finding::fine(Area::Realtime, "locked memory", "may be locked, all of it"),
            Some(most) => Finding::lack(
                Area::Realtime,
                "locked memory",
                format!("{} MiB, which is too little; memory may be swapped out while it plays", most >> 20),
            )
            .remedy(limits("@audio - memlock unlimited")),
        }
    }

    /// What decides how fast the cores run.
    pub fn governor() -> Finding {
        let entries = std::fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().filter_map(Result::ok);
        let read = |folder: std::path::PathBuf| std::fs::read_to_string(folder.join("cpufreq/scaling_governor")).ok();
        let mut names: Vec<String> =
            entries.filter_map(|entry| read(entry.path())).map(|text| text.trim().into()).collect();
        names.sort();
        names.dedup();
        match names.as_slice() {
            [] => Finding::fine(Area::Realtime, "CPU governor", "none: the machine or its host decides"),
            [one] if one == "performance" => Finding::fine(Area::Realtime, "CPU governor", "performance"),
            some => Finding::lack(
                Area::Realtime,
                "CPU governor",
                format!("{}: cores slow down between blocks", some.join(", ")),
            )
            .remedy("sudo cpupower frequency-set -g performance"),
        }
    }
}
