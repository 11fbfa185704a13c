//! Why it does not fit, or cannot be told: what was late, and which node weighs most in it.
use super::super::band::Band;
use super::super::memory::{Account, Heap};
use super::super::profile::Profile;
use super::super::tally::Tally;
use super::super::verdict::Case as Against;
use super::{Node, Task};

/// What was allocated or freed while it rendered.
pub fn allocates(against: &mut Against, profile: &Profile, nodes: &[Node]) {
    for node in nodes.iter().filter(|node| node.allocations > 0 && !profile.allocates) {
        let times = node.allocations;
        against.against.push(format!(
            "`{}` allocated or freed memory {times} times after it was made: that is in no account, and {} has none to give",
            node.name, profile.name
        ));
    }
}

/// What was late, and which node weighs most in it.
pub fn in_time(against: &mut Against, tasks: &[Task], nodes: &[Node], tallies: [&Tally; 3]) {
    for (at, task) in tasks.iter().enumerate().filter(|(_, task)| task.deadline_ms.is_some()) {
        let [low, _, high] = task.missed;
        let tally = if low > 0 { tallies[0] } else { tallies[2] };
        let is_audio = tally.tasks[at].of_graph == Some(None);
        let jobs = tally.tasks[at].jobs() + if is_audio { tally.overruns } else { 0 };
        let one = if is_audio { "block" } else { "firing" };
        let what = |count: u64| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
        let done = if jobs == 1 { "1 job".to_string() } else { format!("{jobs} jobs") };
        let own = nodes.iter().filter(|node| node.task == task.name);
        let heaviest = own.max_by(|a, b| peak(a).total_cmp(&peak(b)));
        let who = heaviest.map_or(String::new(), |node| {
            let percent = node.percent.map_or(0.0, |percent| percent.typical);
            format!(
                "; `{}` weighs most, {percent:.1} % of a core on average, up to {:.0} cycles in a block",
                node.name,
                peak(node)
            )
        });
        let deadline = task.deadline_ms.unwrap_or(0.0);
        let longest = |end: fn(&Band) -> f64| task.longest_ms.as_ref().map_or(0.0, end);
        if low > 0 {
            against.against.push(format!(
                "{}: {} late even where all costs are low ({done}, up to {:.3} ms of {deadline:.3} ms){who}",
                task.name,
                what(low),
                longest(|band| band.low)
            ));
        } else if high > 0 {
            against.doubts.push(format!(
                "{}: {} late where all costs are high ({done}, up to {:.3} ms of {deadline:.3} ms), none where they \
                 are low{who}",
                task.name,
                what(high),
                longest(|band| band.high)
            ));
        }
    }
}

fn peak(node: &Node) -> f64 {
    node.cycles.map_or(0.0, |[_, _, peak]| peak)
}

/// What to say where nothing speaks against it.
pub fn all_is_well(tasks: &[Task], account: &Account) -> String {
    let tightest = tasks.iter().filter_map(|task| {
        let (longest, deadline) = (task.longest_ms?.high, task.deadline_ms?);
        Some((longest / deadline, task, longest, deadline))
    });
    let tightest = tightest.max_by(|a, b| a.0.total_cmp(&b.0));
    let time = tightest.map_or(String::new(), |(_, task, longest, deadline)| {
        format!("{} takes at most {longest:.3} ms of {deadline:.3} ms, even where all costs are high", task.name)
    });
    let fullest = account.heaps.iter().filter(|heap| heap.bytes > 0);
    let share = |heap: &Heap| 100.0 * heap.used as f64 / heap.bytes as f64;
    let fullest = fullest.max_by(|a, b| share(a).total_cmp(&share(b)));
    match fullest {
        Some(heap) => format!("{time}; {:.1} % of {} is taken", share(heap), heap.name),
        None => time,
    }
}
